"""What real calls came to in the last day, and how long they took: counts from attempts, nobody is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Count, F, Q, Window
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import RowNumber

from cloudhub.core.identifiers import first_id_at
from cloudhub.generations.models import Attempt
from providers.catalogue import find_provider

LOOK_BACK = timedelta(hours=24)
MOST_TIMED = 1000
State = Attempt.State
BY_HAND = "unknown_outcome"
CODE_WORDS: dict[str, str] = {
    "no_key": "without a key",
    "key_invalid": "key refused",
    "org_unverified": "organisation not verified",
    "billing_disabled": "no billing or credit",
    "permission_region": "not allowed for the account or region",
    "model_retired": "model gone",
    "capability": "asked for what the model lacks",
    "budget_exceeded": "over a budget",
    "rate_minute": "too fast for the vendor",
    "rate_day": "day's limit used up",
    "refused_prompt": "prompt refused",
    "refused_output": "picture withheld by the filter",
    "no_image_text_answer": "answered in words",
    "partial": "some pictures missing",
    "invalid_output": "unreadable picture",
    "provider_5xx": "vendor failed",
    "connect_failed_not_sent": "vendor not reached",
    "unknown_outcome": "no readable answer",
    "save_failed_paid": "paid, not stored yet",
    "cancelled_before_send": "cancelled before it was sent",
    "cancelled_after_send": "cancelled",
    "interrupted": "hub stopped",
}


@dataclass(frozen=True)
class Outcome:
    """How many calls ended, or stand, one way. `code` is empty for a success and for what is under way."""

    state: str
    code: str
    calls: int

    @property
    def is_success(self) -> bool:
        return self.state == State.SETTLED and not self.code

    @property
    def is_open(self) -> bool:
        return self.state in (State.HELD, State.SENT)

    @property
    def words(self) -> str:
        if self.is_success:
            return "succeeded"
        if self.is_open:
            return "under way"
        if self.state == State.UNKNOWN:
            return "unknown outcome"
        if self.code == BY_HAND or self.state == State.WRITTEN_OFF:
            return f"{State(self.state).label.lower()} by an owner"
        return CODE_WORDS.get(self.code, "not billed")


@dataclass(frozen=True)
class Latency:
    """Seconds from sending to the end of the newest successful calls, in the middle and at the slow end."""

    p50: float
    p95: float
    calls: int


@dataclass(frozen=True)
class Traffic:
    """A vendor's calls of the last day, successes first; `latency` is None when none succeeded."""

    outcomes: tuple[Outcome, ...] = ()
    latency: Latency | None = None

    @property
    def calls(self) -> int:
        return sum(outcome.calls for outcome in self.outcomes)

    @property
    def succeeded(self) -> int:
        return sum(outcome.calls for outcome in self.outcomes if outcome.is_success)


def traffic_by_vendor(now: datetime) -> dict[str, Traffic]:
    """The traffic of every vendor that was called, whoever called, in two queries. It tells counts, nobody's work."""
    since = now - LOOK_BACK
    latencies = _latencies(since)
    return {
        provider: Traffic(tuple(outcomes), latencies.get(provider)) for provider, outcomes in _outcomes(since).items()
    }


def _outcomes(since: datetime) -> dict[str, list[Outcome]]:
    # What a vendor says to the free work before a call is its word too, though the call was never sent.
    unsent = Q(sent_at=None, hold_id__gte=first_id_at(since), state=State.RELEASED, error__stage="preparing")
    told = Attempt.objects.filter(Q(sent_at__gte=since) | unsent).annotate(code=KeyTextTransform("code", "error"))
    counted = told.values_list("hold__provider", "state", "code").annotate(calls=Count("hold_id")).order_by()
    found: dict[str, list[Outcome]] = {}
    for provider, state, code, calls in counted:
        found.setdefault(provider, []).append(Outcome(state, code or "", calls))
    return {provider: sorted(outcomes, key=_importance) for provider, outcomes in found.items()}


def _importance(outcome: Outcome) -> tuple[bool, bool, int, str, str]:
    return not outcome.is_success, outcome.is_open, -outcome.calls, outcome.code, outcome.state


def _latencies(since: datetime) -> Mapping[str, Latency]:
    """From the newest calls of each vendor; an answer without an error, so that no person's decision is among them."""
    newest_first = Window(RowNumber(), partition_by=F("hold__provider"), order_by=F("sent_at").desc())
    ended = Attempt.objects.filter(sent_at__gte=since, state=State.SETTLED, error__isnull=True)
    rows = ended.annotate(place=newest_first).filter(place__lte=MOST_TIMED)
    seconds: dict[str, list[float]] = {}
    for provider, sent_at, ended_at in rows.values_list("hold__provider", "sent_at", "ended_at"):
        if sent_at and ended_at:
            seconds.setdefault(provider, []).append((ended_at - sent_at).total_seconds())
    return {provider: found for provider, taken in seconds.items() if (found := _latency(provider, taken))}


def _latency(provider: str, seconds: Sequence[float]) -> Latency | None:
    """What took longer than the vendor's longest time-out waited for the hub to start again, not for the vendor."""
    vendor = find_provider(provider)
    taken = sorted(one for one in seconds if vendor is None or one <= vendor.longest_wait_seconds)
    if not taken:
        return None
    return Latency(percentile(taken, 50), percentile(taken, 95), len(taken))


def percentile(taken: Sequence[float], percent: int) -> float:
    """The smallest of the sorted values that so many percent do not exceed (nearest rank)."""
    return taken[max(0, ceil(len(taken) * percent / 100) - 1)]
