"""How much of its limits each lane has used just now, and how many calls wait for it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Count, Sum

from cloudhub.lanes.limits import LEARNED_FOR, in_words, limits_of, published_limits, window_of
from cloudhub.lanes.models import Lane, LaneCall, LaneWaiter
from cloudhub.lanes.turn import GONE_AFTER
from providers.base import Limit

Source = Literal["vendor", "owner", "learned"]
Used = Counter[tuple[int, str]]


@dataclass(frozen=True)
class LimitUse:
    """A limit in force, whose word it is, and how much of it is used: requests, pictures, micro-units or open calls."""

    limit: Limit
    source: Source
    used: int

    @property
    def words(self) -> str:
        return in_words(self.limit)

    @property
    def is_full(self) -> bool:
        return self.used >= self.limit.count


@dataclass(frozen=True)
class LaneUse:
    """`learned_until` is when a limit that a refusal taught is forgotten, None without one."""

    lane: Lane
    limits: tuple[LimitUse, ...]
    waiting: int
    learned_until: datetime | None


def uses_of(lanes: Iterable[Lane], now: datetime) -> list[LaneUse]:
    """Each lane as it stands, in the given order. As many queries as there are different windows, and two.

    A lane whose vendor refused a call within the last quarter of an hour costs one more.
    """
    limits = {lane: _by_source(lane, now) for lane in lanes}
    spans = {limit.seconds for found in limits.values() for _, limit in found if limit.kind != "parallel"}
    used = {span: _used_within(span, now) for span in spans} | {0: _open_calls()}
    waiting = _waiting(now)
    return [_use(lane, found, used, waiting[lane.pk]) for lane, found in limits.items()]


def _use(lane: Lane, limits: list[tuple[Source, Limit]], used: Mapping[int, Used], waiting: int) -> LaneUse:
    uses = tuple(
        LimitUse(limit, source, used[0 if limit.kind == "parallel" else limit.seconds][lane.pk, limit.kind])
        for source, limit in limits
    )
    is_learned = any(use.source == "learned" for use in uses)
    return LaneUse(lane, uses, waiting, lane.refused_at + LEARNED_FOR if is_learned and lane.refused_at else None)


def _by_source(lane: Lane, now: datetime) -> list[tuple[Source, Limit]]:
    stated = len(published_limits(lane) if lane.limits is None else lane.limits)
    source: Source = "vendor" if lane.limits is None else "owner"
    return [(source if place < stated else "learned", limit) for place, limit in enumerate(limits_of(lane, now))]


def _used_within(seconds: int, now: datetime) -> Used:
    """What every lane let through in a window, by lane and kind; a call counts in its model's and in its key's lane."""
    calls = LaneCall.objects.filter(at__gt=now - window_of(seconds), was_refused=False)
    rows = calls.values_list("lane_id", "key_lane_id").annotate(Count("attempt_id"), Sum("images"), Sum("micros"))
    used: Used = Counter()
    for lane_id, key_lane_id, requests, images, micros in rows:
        for lane in (lane_id, key_lane_id):
            used.update({(lane, "requests"): requests, (lane, "images"): images, (lane, "spend"): micros})
    return used


def _open_calls() -> Used:
    used: Used = Counter()
    rows = LaneCall.objects.filter(ended_at=None).values_list("lane_id", "key_lane_id").annotate(Count("attempt_id"))
    for lane_id, key_lane_id, count in rows:
        used.update({(lane_id, "parallel"): count, (key_lane_id, "parallel"): count})
    return used


def _waiting(now: datetime) -> Counter[int]:
    """Those whose process is gone are not counted."""
    waiting: Counter[int] = Counter()
    waiters = LaneWaiter.objects.filter(due_at__gt=now - GONE_AFTER).values_list("lane_id", "key_lane_id")
    for lane_id, key_lane_id, count in waiters.annotate(Count("attempt_id")):
        waiting.update({lane_id: count, key_lane_id: count})
    return waiting
