"""Check a vendor's key without spending."""

import logging
import traceback
from dataclasses import dataclass, replace
from typing import Literal

from cloudhub.core.database import release_connection
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
    try:
        return CheckResult("valid", check_key(provider, key))
    except ProviderError as error:
        verdict: Verdict = "unreachable" if isinstance(error, Busy) else "refused"
        return CheckResult(verdict, key.redact(error.message), error.code, key.redact(error.remedy))
    except Exception:  # noqa: BLE001 - told as a result, and in the log
        # The exception's own words may hold the key.
        words = key.redact(traceback.format_exc())
        logger.error("The key of %s could not be checked.\n%s", provider.id, words)  # noqa: TRY400
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
