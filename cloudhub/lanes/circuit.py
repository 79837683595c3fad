"""What a lane learns from a call's ending: a pause, a limit, an open circuit, or that all is well."""

from dataclasses import asdict, replace
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from cloudhub.core.database import run_transaction
from cloudhub.core.redaction import redact
from cloudhub.lanes import limits
from cloudhub.lanes.choose import REFUSALS
from cloudhub.lanes.find import LaneName, lanes_named, lanes_of
from cloudhub.lanes.models import Lane, LaneCall
from providers.base import Busy, ProviderError, Rejected

# Failures of the vendor or of the way to it. A refused prompt is an answer of a vendor that works.
FAILURES = ("provider_5xx", "connect_failed_not_sent", "unknown_outcome", *REFUSALS)
FAILURES_TO_OPEN = 5
FIRST_OPENING = timedelta(seconds=30)
LONGEST_OPENING = timedelta(minutes=10)
PAUSE_WITHOUT_TIME = timedelta(seconds=15)
DAY_WITHOUT_TIME = timedelta(hours=1)
LONGEST_PAUSE = timedelta(days=2)
RATE_CODES = ("rate_minute", "rate_day")


def note_success(name: LaneName) -> None:
    """The vendor answered as it should: the circuit closes. Writes only when there is something to close."""
    unwell = lanes_of(replace(name, model=""))
    unwell = unwell.filter(Q(failures__gt=0) | Q(opened_until__isnull=False))
    if unwell.exists():
        run_transaction(lambda: unwell.update(failures=0, openings=0, opened_until=None, trial_until=None))


def note_key_works(provider_id: str, key_print: str) -> None:
    """A check says that a key works which calls were refused with: they go with it again."""
    refused = Lane.objects.filter(provider=provider_id, key_print=key_print, model="", failures__gt=0)
    refused = refused.filter(last_failure_code__in=REFUSALS)
    if refused.exists():
        run_transaction(lambda: refused.update(failures=0, openings=0, opened_until=None, trial_until=None))


def note_error(name: LaneName, attempt_id: UUID, error: ProviderError) -> None:
    """Pause the lane, count a failure of the vendor, or take a refusal for the sign of life that it is."""
    if isinstance(error, Busy) and error.retry_after is not None and error.code not in RATE_CODES:
        run_transaction(lambda: _wait_as_named(name, error))
    if error.code in RATE_CODES:
        run_transaction(lambda: _pause(name, attempt_id, error))
    elif error.code in FAILURES and not _is_of_the_model(error):
        run_transaction(lambda: _count_failure(name, error))
    else:
        note_success(name)


def _is_of_the_model(error: ProviderError) -> bool:
    """A vendor that answers how a model failed works itself: one broken model must not stop the others."""
    return isinstance(error, Rejected) and error.code == "provider_5xx"


def note_too_many_questions(name: LaneName, error: Busy) -> None:
    """The vendor limits questions after its jobs: no new ones are sent until it says. That tells nothing of how many
    calls it takes, so that no limit is learned."""
    run_transaction(lambda: _wait_as_named(name, error))


def _wait_as_named(name: LaneName, error: Busy) -> None:
    """A vendor that says when to come again is not asked before."""
    _, lane = lanes_named(name, for_update=True)
    _pause_until(lane, error)
    lane.save(update_fields=["paused_until", "pause_code", "pause_reason"])


def _pause_until(lane: Lane, error: ProviderError, at_least: timedelta = timedelta()) -> None:
    """Set the pause that the vendor names, in a lane that is locked and still to save; never a shorter one."""
    now = timezone.now()
    usual = DAY_WITHOUT_TIME if error.code == "rate_day" else PAUSE_WITHOUT_TIME
    seconds = error.retry_after if isinstance(error, Busy) and error.retry_after is not None else usual.total_seconds()
    # Bounded before it is a span of time, which has bounds of its own.
    named = timedelta(seconds=min(LONGEST_PAUSE.total_seconds(), max(0.0, seconds)))
    until = now + max(named, at_least)
    if lane.paused_until is None or lane.paused_until < until:
        code = error.code if error.code in RATE_CODES else "provider_5xx"
        lane.paused_until, lane.pause_code, lane.pause_reason = until, code, redact(error.message)[:500]


def _pause(name: LaneName, attempt_id: UUID, error: ProviderError) -> None:
    key_lane, lane = lanes_named(name, for_update=True)
    LaneCall.objects.filter(attempt_id=attempt_id).update(was_refused=True)
    # Refused in spite of what the last refusal taught: the vendor counts over longer than it says.
    is_again = error.code == "rate_minute" and _is_sent_since_refusal(lane, attempt_id)
    _pause_until(lane, error, limits.LEARNED_OVER if is_again else timedelta())
    if error.code == "rate_minute":
        told = error.limit if isinstance(error, Busy) else None
        lane.refused_at, lane.told = timezone.now(), asdict(told) if told else None
    lane.save(update_fields=["paused_until", "pause_code", "pause_reason", "refused_at", "told"])
    # A vendor that limits is alive; a trial that met a limit is over.
    Lane.objects.filter(id=key_lane.pk).update(failures=0, openings=0, opened_until=None, trial_until=None)


def _is_sent_since_refusal(lane: Lane, attempt_id: UUID) -> bool:
    if lane.refused_at is None or timezone.now() > lane.refused_at + limits.LEARNED_FOR:
        return False
    return LaneCall.objects.filter(attempt_id=attempt_id, at__gt=lane.refused_at).exists()


def _count_failure(name: LaneName, error: ProviderError) -> None:
    key_lane, _ = lanes_named(name, for_update=True)
    now = timezone.now()
    was_trial = key_lane.opened_until is not None
    told = {"last_failure": redact(error.message)[:500], "last_failure_code": error.code, "last_failure_at": now}
    changes: dict[str, object] = {"failures": F("failures") + 1, "trial_until": None, **told}
    if was_trial or key_lane.failures + 1 >= FAILURES_TO_OPEN:
        span = min(LONGEST_OPENING, FIRST_OPENING * 2 ** min(key_lane.openings, 10))
        changes |= {"opened_until": now + span, "openings": F("openings") + 1}
    # A failure of a call that was sent before the circuit opened says nothing of the trial to come.
    if was_trial and key_lane.opened_until is not None and key_lane.opened_until > now:
        changes = {**told}
    Lane.objects.filter(id=key_lane.pk).update(**changes)
