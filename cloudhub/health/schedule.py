"""What the runner does on the side: keys checked for free, vendors asked for late answers, files and rows that nobody
needs cleared away.

Every process with a runner comes by each minute; a conditional update of a row decides which one does what is due.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.utils import timezone

from cloudhub.catalog.lifecycle_news import refresh_lifecycles
from cloudhub.catalog.models import CloudModel
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.generations.late import ask_for_late_answers
from cloudhub.generations.leftovers import clear_leftovers
from cloudhub.generations.retired_keys import forget_retired_keys
from cloudhub.health.check import check_when_due
from cloudhub.health.models import Chore
from cloudhub.lanes.turn import forget_old
from cloudhub.records.retention import carry_out
from cloudhub.vault.keys import every_key
from cloudhub.vault.standing import drop_moved_keys
from providers.base import Provider
from providers.catalogue import installed_providers

logger = logging.getLogger(__name__)
LATE_ANSWERS_EVERY = timedelta(minutes=1)
CLEAR_EVERY = timedelta(hours=6)
RETAIN_EVERY = timedelta(minutes=5)
MOST_ROUNDS = 1000


def do_chores(stopping: threading.Event) -> None:
    """Do what is due; one vendor's failure does not keep the others waiting."""
    for sentence in drop_moved_keys():
        logger.warning(sentence)
    for provider in vendors_in_use():
        if stopping.is_set():
            return
        try:
            visit(provider)
        except Exception:
            logger.exception("%s could not be looked at; it is tried again.", provider.label)
        release_connection()
    if take_chore("late answers", LATE_ANSWERS_EVERY):
        ask_for_late_answers(stopping)
    if take_chore("clear", CLEAR_EVERY):
        clear_old(stopping)
    if take_chore("retention", RETAIN_EVERY):
        carry_out(stopping)


def vendors_in_use() -> list[Provider]:
    """Vendors that have a key and a model that is switched on."""
    used = set(CloudModel.objects.filter(enabled=True).values_list("provider", flat=True))
    return [vendor for vendor in installed_providers().values() if vendor.id in used and every_key(vendor)]


def visit(provider: Provider) -> None:
    """What is asked of a vendor now and then, all of it free: its word on each of our keys and on its models' ends."""
    was_due = [check_when_due(provider, key) for key in every_key(provider)]
    if any(was_due):
        for sentence in refresh_lifecycles(provider):
            logger.warning(sentence)


def take_chore(name: str, every: timedelta, now: datetime | None = None) -> bool:
    """Whether this process is the one to do a chore now. The first time it is due at once."""
    now = now or timezone.now()
    known = Chore.objects.filter(name=name)
    if not known.exists():
        new = Chore(name=name, next_at=now)
        run_transaction(lambda: Chore.objects.bulk_create([new], ignore_conflicts=True))
    due = known.filter(next_at__lte=now)
    return due.exists() and bool(run_transaction(lambda: due.update(next_at=now + every)))


def clear_old(stopping: threading.Event) -> None:
    """Calls that no limit looks back to, in short steps; secrets of replaced keys and files that nobody needs."""
    for _ in range(MOST_ROUNDS):
        if stopping.is_set() or not forget_old():
            break
    forget_retired_keys()
    clear_leftovers()
