"""Check a vendor's key without spending."""

import logging
from dataclasses import dataclass, replace
from typing import Literal

from cloudhub.core.database import release_connection
from cloudhub.core.redaction import know_secret, redact
from cloudhub.vault.keys import key_for
from providers.base import Busy, Key, Provider, ProviderError, Rejected

logger = logging.getLogger(__name__)
Verdict = Literal["valid", "refused", "unreachable"]


@dataclass(frozen=True)
class CheckResult:
    """What the vendor said of a key, in words. `code` and `remedy` are empty for a key that works; "unreachable" says
    nothing of the key."""

    verdict: Verdict
    sentence: str
    code: str = ""
    remedy: str = ""

    @property
    def is_valid(self) -> bool:
        return self.verdict == "valid"


def check_key(provider: Provider, key: Key | None = None) -> str:
    """What the vendor says of a key, by default the hub's, as a sentence. Raises `ProviderError` with the remedy."""
    key = key or key_for(provider)
    release_connection()
    return provider.validate_credentials(key)


def ask_about(provider: Provider, key: Key) -> CheckResult:
    """What the vendor says of a key. Raises nothing: what keeps it from answering is a result too."""
    for secret in key.secrets:
        # Also one that has just been typed and is stored nowhere.
        know_secret(secret)
    try:
        return CheckResult("valid", redact(check_key(provider, key)))
    except ProviderError as error:
        verdict: Verdict = "unreachable" if isinstance(error, Busy) else "refused"
        return CheckResult(verdict, redact(error.message), error.code, redact(error.remedy))
    except Exception:  # noqa: BLE001 - told as a result, and in the log
        logger.exception("The key of %s could not be checked.", provider.id)
        sentence = "The hub could not carry the check out; its log says why."
        return CheckResult("unreachable", sentence, "provider_5xx")


def check_wrong_key(provider: Provider) -> str:
    """What the vendor says of a key that cannot be right, as a sentence. Raises `Rejected` when it takes that too."""
    key = key_for(provider)
    wrong = {
        name: value if name in key.public else f"invalid-{name.lower()}-0000" for name, value in key.values.items()
    }
    try:
        provider.validate_credentials(replace(key, values=wrong))
    except Rejected as error:
        return error.message
    raise Rejected("capability", f"{provider.label} took a key that cannot be right; its check proves nothing.")
