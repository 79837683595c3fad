"""Jobs whose outcome is unknown are asked about again, less and less often, as long as their vendor keeps results."""

import logging
import threading
import time
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from cloudhub.core.database import release_connection
from cloudhub.core.errors import Conflict
from cloudhub.generations.asking import ask_vendor
from cloudhub.generations.finish import file_answer
from cloudhub.generations.models import Attempt
from cloudhub.generations.settle import settle_without_pictures
from cloudhub.generations.tell_lane import tell_ending
from cloudhub.generations.work import read_work
from providers.base import CloudGenerationResponse, ProviderError, Rejected
from providers.catalogue import find_provider
from providers.pictures import UnreadablePicture

logger = logging.getLogger(__name__)
# The pause grows by a quarter from question to question: some three dozen in a day.
SHARE_OF_AGE = 1 / 4
SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
ROUND_SECONDS = 60.0
# When each job was last asked about by this process; a restart asks once more, which is free.
_asked_at: dict[UUID, datetime] = {}


def ask_for_late_answers(stopping: threading.Event) -> None:
    """Ask about every unknown outcome that is due, the one asked longest ago first, for about a minute at most."""
    now, last = timezone.now(), time.monotonic() + ROUND_SECONDS
    open_jobs = _open_jobs(now)
    for attempt_id in set(_asked_at) - set(open_jobs):
        _asked_at.pop(attempt_id, None)
    due = [attempt_id for attempt_id, sent_at in open_jobs.items() if _is_due(attempt_id, sent_at, now)]
    for attempt_id in sorted(due, key=lambda found: _asked_at.get(found, open_jobs[found])):
        if stopping.is_set() or time.monotonic() > last:
            return
        _asked_at[attempt_id] = timezone.now()
        try:
            ask_again(attempt_id)
        except Exception:
            logger.exception("The vendor could not be asked about attempt %s; it is tried again.", attempt_id)
        release_connection()


def ask_again(attempt_id: UUID) -> bool:
    """Ask once how the job of an unknown outcome stands, and book what the vendor says as any late answer.

    True when that ended it. Nothing changes while the vendor does not tell, or when it was decided meanwhile.
    """
    attempts = Attempt.objects.select_related("generation__model", "hold").exclude(remote_id="")
    attempt = attempts.filter(hold_id=attempt_id, state=Attempt.State.UNKNOWN).first()
    if attempt is None:
        return False
    try:
        work = read_work(attempt)
        step = ask_vendor(work, attempt.remote_id)
        if not isinstance(step, CloudGenerationResponse) or not file_answer(work, step):
            return False
    except Rejected as error:
        # Without its key nobody was asked; else this is the job's own end.
        if error.code == "no_key" or not settle_without_pictures(attempt_id, error):
            return False
    except (ProviderError, Conflict, UnreadablePicture) as error:
        logger.info("Nothing new of attempt %s: %s", attempt_id, error)
        return False
    else:
        tell_ending(work, None)
    return True


def _open_jobs(now: datetime) -> dict[UUID, datetime]:
    """When each unknown outcome was sent whose job the vendor may still tell of."""
    unknown = Attempt.objects.filter(state=Attempt.State.UNKNOWN, sent_at__isnull=False).exclude(remote_id="")
    rows = unknown.values_list("hold_id", "hold__provider", "sent_at")
    return {
        attempt_id: sent_at
        for attempt_id, provider, sent_at in rows
        if sent_at and now < _kept_until(provider, sent_at)
    }


def _kept_until(provider_id: str, sent_at: datetime) -> datetime:
    """Results are kept from when they are ready, which may be as late as the vendor's longest time-out."""
    vendor = find_provider(provider_id)
    if vendor is None or vendor.result_seconds is None:
        return sent_at
    return sent_at + timedelta(seconds=vendor.longest_wait_seconds + vendor.result_seconds)


def _is_due(attempt_id: UUID, sent_at: datetime, now: datetime) -> bool:
    last = _asked_at.get(attempt_id)
    if last is None:
        return True
    return now - last >= min(LONGEST_PAUSE, max(SHORTEST_PAUSE, (last - sent_at) * SHARE_OF_AGE))
