"""How fast a lane lets calls through: the owner's limits, else the vendor's, else what a refusal taught."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum

from cloudhub.core.errors import Invalid
from cloudhub.core.money import format_money
from cloudhub.lanes.models import Lane, LaneCall
from providers.base import Limit
from providers.catalogue import find_provider

KINDS = ("requests", "images", "parallel", "spend")
LONGEST_WINDOW = 31 * 24 * 3600
LARGEST_COUNT = 10**15
MOST_LIMITS = 8
# The vendor counts when a call arrives, we when it leaves: its window must not see one more than ours.
LEAST_MARGIN, MOST_MARGIN = timedelta(seconds=0.5), timedelta(seconds=5)
PARALLEL_POLL = timedelta(seconds=1)
LEARNED_OVER = timedelta(minutes=1)
LEARNED_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class Call:
    """What one call uses of the limits: pictures, and micro-units of money."""

    images: int
    micros: int

    def amount(self, kind: str) -> int:
        return {"images": self.images, "spend": self.micros}.get(kind, 1)


@dataclass(frozen=True)
class Room:
    """How many such calls fit now (None: any number), and when the next one does, with the limit that says so."""

    free: int | None
    opens_at: datetime | None = None
    limit: Limit | None = None


def limits_of(lane: Lane, now: datetime) -> tuple[Limit, ...]:
    """The limits in force: the owner's alone where there are any, else the vendor's and what its refusals taught."""
    if lane.limits is not None:
        return tuple(Limit(**limit) for limit in lane.limits)
    limits = published_limits(lane)
    if lane.refused_at is None or now > lane.refused_at + LEARNED_FOR:
        return limits
    told = (Limit(**lane.told),) if lane.told else ()
    if any(_explains(limit, lane, lane.refused_at) for limit in told):
        return (*limits, *told)
    return (*limits, *told, _learned(lane, lane.refused_at))


def _explains(told: Limit, lane: Lane, refused_at: datetime) -> bool:
    """Whether a limit that came with a refusal was reached by our calls: others may use the same key, or the vendor
    counts otherwise than it says. How many at once says nothing of how many in a time."""
    if told.kind == "requests":
        return _taken(lane, refused_at, timedelta(seconds=told.seconds)) >= told.count
    return bool(told.seconds)


def _learned(lane: Lane, refused_at: datetime) -> Limit:
    """So many calls the vendor took in the minute before it refused one. What is under way may be refused yet.

    Its own word for when to come again is no measure: many say a second and count over a minute. Where it took none,
    one call goes at a time.
    """
    taken = _taken(lane, refused_at, LEARNED_OVER)
    if not taken:
        return Limit(kind="parallel", count=1)
    return Limit(kind="requests", count=taken, seconds=round(LEARNED_OVER.total_seconds()))


def _taken(lane: Lane, refused_at: datetime, over: timedelta) -> int:
    """How many calls the vendor took in that time before it refused one."""
    before = LaneCall.objects.filter(lane=lane, at__gt=refused_at - over, at__lte=refused_at)
    return before.filter(was_refused=False).count()


def published_limits(lane: Lane) -> tuple[Limit, ...]:
    """What the vendor's pages say, for the key as a whole or for the model."""
    vendor = find_provider(lane.provider)
    if vendor is None:
        return ()
    if not lane.model:
        return vendor.limits
    entry = vendor.model(lane.model)
    return entry.limits if entry else ()


def room_in(lane: Lane, calls: QuerySet[LaneCall], call: Call, now: datetime) -> Room:
    """The tightest of the lane's limits for calls such as `call`. `calls` are those that the lane let through."""
    rooms = [_room_of_limit(limit, calls, call, now) for limit in limits_of(lane, now)]
    full = [room for room in rooms if not room.free]
    if full:
        return max(full, key=lambda room: room.opens_at or now)
    return min(rooms, key=lambda room: room.free or 0, default=Room(None))


def window_of(seconds: int) -> timedelta:
    """How far back a limit of so many seconds looks: a little further than the vendor does."""
    window = timedelta(seconds=seconds)
    return window + min(MOST_MARGIN, LEAST_MARGIN + window / 25)


def _room_of_limit(limit: Limit, calls: QuerySet[LaneCall], call: Call, now: datetime) -> Room:
    wanted = max(1, call.amount(limit.kind))
    if limit.kind == "parallel":
        free = max(0, limit.count - calls.filter(ended_at=None).count())
        return Room(free, None if free else now + PARALLEL_POLL, limit)
    window = window_of(limit.seconds)
    recent = calls.filter(at__gt=now - window, was_refused=False)
    sums = recent.aggregate(requests=Count("attempt_id"), images=Sum("images"), spend=Sum("micros"))
    used = sums[limit.kind] or 0
    if used == 0:
        # A call that is larger than its whole limit passes alone: waiting would never make room for it.
        return Room(max(1, limit.count // wanted), None, limit)
    if used + wanted <= limit.count:
        return Room((limit.count - used) // wanted, None, limit)
    return Room(0, _when_enough_left(limit, recent, used + wanted - limit.count) + window, limit)


def _when_enough_left(limit: Limit, recent: QuerySet[LaneCall], excess: int) -> datetime:
    """When the call was made with whose leaving the window `excess` is gone, or the last one."""
    oldest_first = recent.order_by("at").values_list("at", "images", "micros")
    if limit.kind == "requests":
        excess = max(1, excess)
        rows = list(oldest_first[excess - 1 : excess]) or list(oldest_first.reverse()[:1])
        return rows[0][0]
    left, last = 0, None
    for at, images, micros in oldest_first:
        left += images if limit.kind == "images" else micros
        last = at
        if left >= excess:
            break
    assert last is not None  # noqa: S101 - `recent` is not empty here
    return last


def read_limits(given: Any) -> list[dict[str, Any]] | None:
    """The stored form of limits that an owner sets; None gives the word back to the vendor's pages.

    Each is {"kind", "count", "seconds"}; "spend" counts micro-units. Raises `Invalid` naming what is wrong.
    """
    if given is None:
        return None
    if not isinstance(given, list) or len(given) > MOST_LIMITS:
        raise Invalid.of({"limits": f"Limits are a list of at most {MOST_LIMITS}, or null for the vendor's own."})
    problems: dict[str, str] = {}
    limits = [_read_limit(limit, f"limits[{index}]", problems) for index, limit in enumerate(given)]
    if problems:
        raise Invalid.of(problems)
    return [{name: value for name, value in asdict(limit).items() if value != ""} for limit in limits if limit]


def _read_limit(given: Any, name: str, problems: dict[str, str]) -> Limit | None:
    if not isinstance(given, Mapping) or given.get("kind") not in KINDS:
        problems[name] = f"A limit has a kind ({', '.join(KINDS)}), a count and, but for parallel, seconds."
        return None
    count, seconds = given.get("count"), given.get("seconds", 0)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= LARGEST_COUNT:
        problems[f"{name}.count"] = f"Must be a whole number from 1 to {LARGEST_COUNT}."
    is_timed = given["kind"] != "parallel"
    least = 1 if is_timed else 0
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not least <= seconds <= LONGEST_WINDOW:
        problems[f"{name}.seconds"] = f"Must be a whole number from {least} to {LONGEST_WINDOW}."
    if any(field.startswith(name) for field in problems):
        return None
    return Limit(kind=given["kind"], count=count, seconds=seconds if is_timed else 0)  # type: ignore[arg-type]


def in_words(limit: Limit) -> str:
    """ "10 requests a minute", for people."""
    counts = {
        "requests": _counted(limit.count, "request"),
        "images": _counted(limit.count, "picture"),
        "parallel": f"{_counted(limit.count, 'call')} at once",
        "spend": format_money(limit.count, "USD"),
    }
    names = {1: "a second", 60: "a minute", 3600: "an hour", 86400: "a day"}
    span = "" if limit.kind == "parallel" else f" {names.get(limit.seconds, f'in {limit.seconds} seconds')}"
    return counts[limit.kind] + span


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
