"""What a lane learns from a call's ending: a pause, a limit, an open circuit, or that all is well."""

from dataclasses import asdict, replace
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from cloudhub.core.database import run_transaction
from cloudhub.core.redaction import redact
from cloudhub.lanes.choose import REFUSALS
from cloudhub.lanes.find import LaneName, lanes_named, lanes_of
from cloudhub.lanes.models import Lane, LaneCall
from providers.base import Busy, ProviderError, Rejected

# Failures of the vendor or of the way to it. A refused prompt is an answer of a vendor that works.
FAILURES = ("provider_5xx", "connect_failed_not_sent", "unknown_outcome", "key_invalid", "billing_disabled")
FAILURES_TO_OPEN = 5
FIRST_OPENING = timedelta(seconds=30)
LONGEST_OPENING = timedelta(minutes=10)
PAUSE_WITHOUT_TIME = timedelta(seconds=15)
DAY_WITHOUT_TIME = timedelta(hours=1)
LONGEST_PAUSE = timedelta(days=2)
SHORTEST_QUOTA_PAUSE = 5.0


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
    if error.code in ("rate_minute", "rate_day"):
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

    def work() -> None:
        _, lane = lanes_named(name, for_update=True)
        _pause_until(lane, error)
        lane.save(update_fields=["paused_until", "pause_code", "pause_reason"])

    run_transaction(work)


def _pause_until(lane: Lane, error: ProviderError) -> None:
    """Set the pause that the vendor names, in a lane that is locked and still to save; never a shorter one."""
    now = timezone.now()
    seconds = error.retry_after if isinstance(error, Busy) else None
    usual = DAY_WITHOUT_TIME if error.code == "rate_day" else PAUSE_WITHOUT_TIME
    until = now + min(LONGEST_PAUSE, usual if seconds is None else timedelta(seconds=max(0.0, seconds)))
    if lane.paused_until is None or lane.paused_until < until:
        lane.paused_until, lane.pause_code, lane.pause_reason = until, error.code, redact(error.message)[:500]


def _pause(name: LaneName, attempt_id: UUID, error: ProviderError) -> None:
    key_lane, lane = lanes_named(name, for_update=True)
    now = timezone.now()
    LaneCall.objects.filter(attempt_id=attempt_id).update(was_refused=True)
    seconds = error.retry_after if isinstance(error, Busy) else None
    _pause_until(lane, error)
    # A pause of a second or two says that the vendor is busy, a longer one that a minute's quota is used up.
    told = error.limit if isinstance(error, Busy) else None
    if error.code == "rate_minute" and (told or seconds is None or seconds >= SHORTEST_QUOTA_PAUSE):
        lane.refused_at, lane.told = now, asdict(told) if told else None
    lane.save(update_fields=["paused_until", "pause_code", "pause_reason", "refused_at", "told"])
    # A vendor that limits is alive; a trial that met a limit is over.
    Lane.objects.filter(id=key_lane.pk).update(failures=0, openings=0, opened_until=None, trial_until=None)


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
