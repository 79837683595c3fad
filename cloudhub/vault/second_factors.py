"""The secrets of second factors at rest: what apps make codes from, and recovery codes, sealed as vendors' keys are."""

from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator

from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Unavailable
from cloudhub.vault.envelope import VERSION, CannotDecrypt, encryption_keys, newest_id, seal, unseal

# django-allauth seals a text before its row is there, so that it can be bound to the table alone.
PLACE = {"table": "mfa_authenticator", "field": "data"}
BATCH = 100


@dataclass(frozen=True)
class Resealed:
    """`done` rows were sealed with the newest key, `failed` hold a text that does not open."""

    done: int
    failed: int


def seal_text(text: str) -> str:
    """The text to store; as it is on a hub without encryption keys, until `reseal_second_factors` finds it."""
    return seal(text.encode(), PLACE)[0] if encryption_keys() else text


def open_text(stored: str) -> str:
    """The secret of a stored text. Raises `Unavailable` when it does not open: no other code may pass for it."""
    if not _is_sealed(stored):
        return stored
    try:
        return unseal(stored, PLACE).decode()
    except CannotDecrypt as error:
        raise Unavailable(
            "Second factors cannot be read: the hub's encryption key is missing. An owner has to put it back into "
            "CLOUDHUB_ENCRYPTION_KEYS.",
            code=error.code,
        ) from error


def reseal_second_factors() -> Resealed:
    """Seal with the newest key whatever is not. May be repeated; a row that changed meanwhile is left for next time.

    Raises `NoEncryptionKey` or `BadEncryptionKeys`.
    """
    newest, done, failed = newest_id(), 0, 0
    for factor in Authenticator.objects.order_by("id").iterator(BATCH):
        try:
            fresh = _resealed(factor.data, newest)
        except Unavailable:
            failed += 1
            continue
        if fresh != factor.data:
            unchanged = Authenticator.objects.filter(pk=factor.pk, data=factor.data)
            done += run_transaction(lambda rows=unchanged, data=fresh: rows.update(data=data))  # type: ignore[misc]
    return Resealed(done, failed)


def _resealed(data: dict[str, Any], newest: str) -> dict[str, Any]:
    """The row's data with each secret under the newest key; the rest, such as a passkey's public key, as it is."""
    fresh = dict(data)
    for name in ("secret", "seed"):
        if isinstance(data.get(name), str):
            fresh[name] = _fresh(data[name], newest)
    if isinstance(data.get("migrated_codes"), list):
        fresh["migrated_codes"] = [_fresh(code, newest) for code in data["migrated_codes"]]
    return fresh


def _fresh(stored: str, newest: str) -> str:
    is_newest = _is_sealed(stored) and stored.split(".")[1] == newest
    return stored if is_newest else seal_text(open_text(stored))


def _is_sealed(stored: str) -> bool:
    return stored.startswith(f"{VERSION}.")
