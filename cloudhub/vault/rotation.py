"""Encrypt every stored key anew with the newest of the hub's keys, while the hub works."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.core.database import run_transaction
from cloudhub.vault.envelope import CannotDecrypt, newest_id, seal, unseal
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.sealing import place_of

BATCH = 100


@dataclass(frozen=True)
class Progress:
    """How far it has come: `done` were encrypted anew, `failed` cannot be decrypted, of `found` at the beginning."""

    found: int
    done: int
    failed: int


def keys_to_rotate() -> int:
    """How many stored keys still need an encryption key that is not the newest."""
    return _older().count()


def rotate_encryption_keys(batch: int = BATCH) -> Iterator[Progress]:
    """Do it in batches, and tell after each. May be stopped and begun again at any time, and run twice at once.

    A key that changed meanwhile is left as it is now: whoever changed it encrypted it with the newest key. Raises
    `NoEncryptionKey` or `BadEncryptionKeys`.
    """
    newest_id()
    found, done, failed, last = keys_to_rotate(), 0, 0, None
    while True:
        rows = _older().order_by("id")
        rows = rows.filter(id__gt=last) if last else rows
        some = list(rows[:batch])
        if not some:
            return
        for stored in some:
            try:
                done += _rotate(stored)
            except CannotDecrypt:
                failed += _is_unchanged(stored)
        last = some[-1].pk
        yield Progress(found, done, failed)


def record_rotation(actor: Actor | None, keys: int, factors: int) -> None:
    """Tell the audit trail how many stored keys and second factors were encrypted anew with the newest encryption key,
    which the line names. None as `actor` is the hub itself. Raises as `rotate_encryption_keys`."""
    newest = newest_id()
    details = {"provider_keys": keys, "second_factors": factors}
    run_transaction(
        lambda: record(actor, "encryption_key.rotated", target_kind="encryption_key", target_id=newest, of_no_team=True,
                       details=details)
    )  # fmt: skip


def _older() -> QuerySet[ProviderKey]:
    return ProviderKey.objects.exclude(ciphertext="").exclude(encryption_key_id=newest_id())


def _rotate(stored: ProviderKey) -> bool:
    """Whether this row was encrypted anew here: only when nobody touched it since it was read."""
    place = place_of(stored)
    sealed, key_id = seal(unseal(stored.ciphertext, place), place)
    unchanged = ProviderKey.objects.filter(id=stored.pk, ciphertext=stored.ciphertext)
    changes = {"ciphertext": sealed, "encryption_key_id": key_id}
    return bool(run_transaction(lambda: unchanged.update(**changes)))


def _is_unchanged(stored: ProviderKey) -> bool:
    """A key that was revoked or rotated between reading and opening it is no failure."""
    return ProviderKey.objects.filter(id=stored.pk, ciphertext=stored.ciphertext).exists()
