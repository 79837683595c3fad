"""Stored keys that cannot be used: those that do not open, and those whose vendor's address has changed."""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.utils import timezone

from cloudhub.accounts.audit_trail import record
from cloudhub.core.database import run_transaction
from cloudhub.vault.binding import is_in_place
from cloudhub.vault.envelope import VARIABLE
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.sealing import can_open
from providers.base import Provider
from providers.catalogue import installed_providers

State = ProviderKey.State
WHAT_TO_DO = (
    f"Put the encryption key that they were stored under back into {VARIABLE}, behind the newest, and start the hub "
    "again; or revoke them under Keys and type them again."
)


def known_keys() -> QuerySet[ProviderKey]:
    """Every stored key that has not been revoked, in the order of their priority."""
    return ProviderKey.objects.exclude(state=State.REVOKED).select_related("team").order_by("priority", "id")


def unopened(rows: Iterable[ProviderKey]) -> list[ProviderKey]:
    """Those among the rows that should open and do not; a replaced key may have been forgotten."""
    return [stored for stored in rows if _should_open(stored) and not can_open(stored)]


def _should_open(stored: ProviderKey) -> bool:
    return stored.state == State.ACTIVE or (stored.state == State.RETIRED and bool(stored.ciphertext))


def in_words(count: int) -> str:
    """Such as "2 keys cannot be decrypted", for pages and the start of the hub."""
    return f"{count} key{'' if count == 1 else 's'} cannot be decrypted"


def drop_moved_keys() -> list[str]:
    """Forget the secrets of keys whose vendor has another address now; a sentence for people for each of them.

    Only processes that serve or perform do this: a single command that was started with another address must not. Where
    the address moves back, the key has to be typed again all the same.
    """
    vendors = installed_providers()
    sentences = []
    sealed = known_keys().filter(state__in=[State.ACTIVE, State.RETIRED]).exclude(ciphertext="")
    for stored in sealed:
        vendor = vendors.get(stored.provider)
        if vendor is not None and not is_in_place(stored, vendor) and _drop(stored, vendor):
            sentences.append(f"The key {stored} was dropped: {why_dropped(vendor)}")
    return sentences


def why_dropped(vendor: Provider) -> str:
    """For people, and for everybody who looks at the key later."""
    return f"{vendor.label} has another address now than when it was typed. Type it again under Keys."


def _drop(stored: ProviderKey, vendor: Provider) -> bool:
    alive = ProviderKey.objects.filter(id=stored.pk, state__in=[State.ACTIVE, State.RETIRED])
    gone = {"ciphertext": "", "encryption_key_id": "", "ended_at": timezone.now(), "ended_reason": why_dropped(vendor)}

    def work() -> bool:
        if not alive.update(state=State.DROPPED, **gone):
            return False
        record(
            None, "provider_key.dropped", target_kind="provider_key", target_id=stored.pk, target_name=str(stored),
            team=stored.team, details={"provider": stored.provider, "shared": stored.team_id is None},
        )  # fmt: skip
        return True

    return run_transaction(work)


def warnings_at_start() -> list[str]:
    """What is said when the hub starts, after keys of vendors that moved were dropped."""
    sentences = drop_moved_keys()
    count = len(unopened(known_keys()))
    return [*sentences, f"{in_words(count)}. {WHAT_TO_DO}"] if count else sentences


def lost_keys(rows: Sequence[ProviderKey]) -> list[ProviderKey]:
    """Dropped keys that nobody replaced or revoked."""
    return [stored for stored in rows if stored.state == State.DROPPED]
