"""Check vendors' keys without spending: on demand, or when it is time again. Never inside a transaction."""

import random
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.pace import CHECKS, keep_pace
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.core.errors import Conflict, NotFound
from cloudhub.core.identifiers import read_id
from cloudhub.health.models import KeyCheck
from cloudhub.lanes.circuit import note_key_works
from cloudhub.vault import stored as stored_keys
from cloudhub.vault.check import CheckResult, ask_about
from cloudhub.vault.keys import every_key, fingerprint, first_of, key_for
from cloudhub.vault.models import ProviderKey
from providers.base import Key, Provider, ProviderError
from providers.catalogue import find_provider

CHECK_EVERY = timedelta(hours=6)
# A vendor is asked at most this often, however often the button is pressed.
CHECK_AGAIN_AFTER = timedelta(seconds=15)
JITTER = 0.1
STATES = {
    "valid": KeyCheck.State.VALID, "refused": KeyCheck.State.REFUSED, "unreachable": KeyCheck.State.UNREACHABLE,
}  # fmt: skip
LONGEST_TEXT = 500


def find_vendor(provider_id: object) -> Provider:
    """An installed vendor by its id. Raises `NotFound`."""
    vendor = find_provider(provider_id) if isinstance(provider_id, str) else None
    if vendor is None:
        raise NotFound("There is no such vendor.")
    return vendor


def check_now(actor: Actor, provider_id: object) -> KeyCheck:
    """Ask the vendor about the key that the actor's team uses, and give back the result, or the last one when that is
    a few seconds old.

    Raises `Forbidden`, `NotFound`, `TooMany`, or `Conflict` (no_key) saying where to put one.
    """
    actor.require("manage")
    vendor = find_vendor(provider_id)
    keep_pace(actor, CHECKS)
    try:
        key = key_for(vendor, actor.team.pk)
    except ProviderError as error:
        raise Conflict(f"{error.message} {error.remedy}", code=error.code) from error
    row = _row(vendor.id, fingerprint(key))
    now = timezone.now()
    if _claim(row, Q(began_at=None) | Q(began_at__lt=now - CHECK_AGAIN_AFTER), now):
        _ask(vendor, key, row, now)
    row.refresh_from_db()
    return row


def check_stored_key(actor: Actor, key_id: object) -> CheckResult:
    """Test a stored key as `vault.stored.test_key` does, and remember what the vendor said of it: a key that it takes
    is used again. Raises as that one."""
    result = stored_keys.test_key(actor, key_id)
    now = timezone.now()
    for stored in ProviderKey.objects.filter(id__in=[read_id(key_id)]):
        row = _row(stored.provider, stored.key_print)
        _claim(row, Q(), now)
        _store(row, result, now)
    return result


def check_when_due(provider: Provider, key: Key | None = None) -> bool:
    """Ask the vendor about a key, by default the first that the hub has, when nobody has for six hours.

    False when it is not time yet, or another process does it. Raises `Rejected` without a key.
    """
    key = key or first_of(every_key(provider), provider)
    row = _row(provider.id, fingerprint(key))
    now = timezone.now()
    if row.next_at > now or not _claim(row, Q(next_at__lte=now), now):
        return False
    _ask(provider, key, row, now)
    return True


def _row(provider_id: str, key_print: str) -> KeyCheck:
    known = KeyCheck.objects.filter(provider=provider_id, key_print=key_print)
    found = known.first()
    if found is None:
        new = KeyCheck(provider=provider_id, key_print=key_print)
        run_transaction(lambda: KeyCheck.objects.bulk_create([new], ignore_conflicts=True))
        found = known.get()
    return found


def _claim(row: KeyCheck, condition: Q, now: datetime) -> bool:
    """Win the right to ask, and put the next check off: six hours and a little, so that not all are asked together."""
    later = now + CHECK_EVERY * random.uniform(1, 1 + JITTER)  # noqa: S311 - jitter, not a secret
    rows = KeyCheck.objects.filter(condition, id=row.pk)
    return bool(run_transaction(lambda: rows.update(began_at=now, next_at=later)))


def _ask(provider: Provider, key: Key, row: KeyCheck, began_at: datetime) -> None:
    release_connection()
    _store(row, ask_about(provider, key), began_at)


def _store(row: KeyCheck, result: CheckResult, began_at: datetime) -> None:
    """A slower answer of an earlier check does not cover a later one."""
    rows = KeyCheck.objects.filter(id=row.pk, began_at=began_at)
    found = {"state": STATES[result.verdict], "code": result.code, "sentence": result.sentence[:LONGEST_TEXT],
             "remedy": result.remedy[:LONGEST_TEXT]}  # fmt: skip
    run_transaction(lambda: rows.update(checked_at=timezone.now(), **found))
    if result.is_valid:
        note_key_works(row.provider, row.key_print)
