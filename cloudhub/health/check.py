"""Check vendors' keys without spending: on demand, or when it is time again. Never inside a transaction."""

import logging
import random
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.pace import CHECKS, keep_pace
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.core.errors import Conflict, NotFound
from cloudhub.core.redaction import redact
from cloudhub.health.models import KeyCheck
from cloudhub.vault.check import check_key
from cloudhub.vault.keys import fingerprint, key_for
from providers.base import Busy, Provider, ProviderError
from providers.catalogue import find_provider

logger = logging.getLogger(__name__)
CHECK_EVERY = timedelta(hours=6)
# A vendor is asked at most this often, however often the button is pressed.
CHECK_AGAIN_AFTER = timedelta(seconds=15)
JITTER = 0.1
LONGEST_TEXT = 500


def find_vendor(provider_id: object) -> Provider:
    """An installed vendor by its id. Raises `NotFound`."""
    vendor = find_provider(provider_id) if isinstance(provider_id, str) else None
    if vendor is None:
        raise NotFound("There is no such vendor.")
    return vendor


def check_now(actor: Actor, provider_id: object) -> KeyCheck:
    """Ask the vendor about its key and give back the result, or the last one when that is a few seconds old.

    Raises `Forbidden`, `NotFound`, `TooMany`, or `Conflict` (no_key) saying where to put one.
    """
    actor.require("manage")
    vendor = find_vendor(provider_id)
    keep_pace(actor, CHECKS)
    row = _row(vendor)
    now = timezone.now()
    if _claim(row, Q(began_at=None) | Q(began_at__lt=now - CHECK_AGAIN_AFTER), now):
        _ask(vendor, row, now)
    row.refresh_from_db()
    return row


def check_when_due(provider: Provider) -> bool:
    """Ask the vendor when nobody has for six hours. False when it is not time yet, or another process does it."""
    row = _row(provider)
    now = timezone.now()
    if row.next_at > now or not _claim(row, Q(next_at__lte=now), now):
        return False
    _ask(provider, row, now)
    return True


def _row(provider: Provider) -> KeyCheck:
    try:
        key_print = fingerprint(key_for(provider))
    except ProviderError as error:
        raise Conflict(f"{error.message} {error.remedy}", code=error.code) from error
    known = KeyCheck.objects.filter(provider=provider.id, key_print=key_print)
    found = known.first()
    if found is None:
        new = KeyCheck(provider=provider.id, key_print=key_print)
        run_transaction(lambda: KeyCheck.objects.bulk_create([new], ignore_conflicts=True))
        found = known.get()
    return found


def _claim(row: KeyCheck, condition: Q, now: datetime) -> bool:
    """Win the right to ask, and put the next check off: six hours and a little, so that not all are asked together."""
    later = now + CHECK_EVERY * random.uniform(1, 1 + JITTER)  # noqa: S311 - jitter, not a secret
    rows = KeyCheck.objects.filter(condition, id=row.pk)
    return bool(run_transaction(lambda: rows.update(began_at=now, next_at=later)))


def _ask(provider: Provider, row: KeyCheck, began_at: datetime) -> None:
    release_connection()
    found = _verdict(provider)
    # A slower answer of an earlier check does not cover a later one.
    rows = KeyCheck.objects.filter(id=row.pk, began_at=began_at)
    run_transaction(lambda: rows.update(checked_at=timezone.now(), **found))


def _verdict(provider: Provider) -> dict[str, str]:
    try:
        sentence = check_key(provider)
    except ProviderError as error:
        state = KeyCheck.State.UNREACHABLE if isinstance(error, Busy) else KeyCheck.State.REFUSED
        return {"state": state, "code": error.code, "sentence": redact(error.message)[:LONGEST_TEXT],
                "remedy": redact(error.remedy)[:LONGEST_TEXT]}  # fmt: skip
    except Exception:
        logger.exception("The key of %s could not be checked.", provider.id)
        return {"state": KeyCheck.State.UNREACHABLE, "code": "provider_5xx",
                "sentence": "The hub could not carry the check out; its log says why.", "remedy": ""}  # fmt: skip
    return {"state": KeyCheck.State.VALID, "code": "", "sentence": redact(sentence)[:LONGEST_TEXT], "remedy": ""}
