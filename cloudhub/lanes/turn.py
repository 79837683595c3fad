"""Let calls through a lane: exactly as many as its limits allow, whoever asks and wherever, in fair turns."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils import timezone

from cloudhub.core.database import run_transaction
from cloudhub.lanes.find import LaneName, lanes_named
from cloudhub.lanes.limits import Call, Room, in_words, room_in
from cloudhub.lanes.models import Lane, LaneCall, LaneWaiter

WaitCode = Literal["rate_minute", "rate_day", "provider_5xx"]
# Whoever has not asked again this long after it was due works for a process that is gone.
GONE_AFTER = timedelta(seconds=5)
SHORTEST_WAIT = timedelta(milliseconds=50)
OUT_OF_TURN = timedelta(milliseconds=500)
FAIR_OVER = timedelta(minutes=10)
SOON = timedelta(milliseconds=50)
TRIAL_POLL = timedelta(seconds=2)
LONGEST_POLL = timedelta(seconds=10)
# A little longer than the longest window that a limit may have.
KEPT_FOR = timedelta(days=32)


@dataclass(frozen=True)
class Wish:
    """Who asks for a turn and what the call would use."""

    attempt_id: UUID
    user_id: int
    call: Call


@dataclass(frozen=True)
class Wait:
    """No turn before `until`. `reason` is a sentence for people, `code` what it amounts to."""

    until: datetime
    reason: str
    code: WaitCode

    def ask_again_at(self, now: datetime) -> datetime:
        """When to ask again: in time, and often enough to notice that an owner opened the lane early."""
        return min(self.until, now + LONGEST_POLL)


def take_turn(name: LaneName, wish: Wish, send: Callable[[], bool], *, trial_seconds: int) -> Wait | bool:
    """Let one call through, in the caller's transaction: the lanes are locked, `send` takes the right to send, and the
    call counts from that moment. False when `send` says that it is not to be sent any more.

    `trial_seconds` is how long a trial after an open circuit may take before another one is made.
    """
    key_lane, lane = lanes_named(name, for_update=True)
    now = timezone.now()
    wait = why_closed(key_lane, lane, now) or _why_not_this_one(key_lane, lane, wish, now)
    if wait is not None:
        _stand_in_line(key_lane, lane, wish, wait, now)
        return wait
    LaneWaiter.objects.filter(attempt_id=wish.attempt_id).delete()
    if not send():
        return False
    if key_lane.opened_until is not None:
        Lane.objects.filter(id=key_lane.pk).update(trial_until=now + timedelta(seconds=trial_seconds))
    LaneCall.objects.create(
        attempt_id=wish.attempt_id, lane=lane, key_lane=key_lane, user_id=wish.user_id, at=now,
        images=wish.call.images, micros=wish.call.micros,
    )  # fmt: skip
    return True


def look_ahead(name: LaneName, wish: Wish) -> Wait | None:
    """Whether there is a turn for a call that first needs free work, such as uploads; it takes its place in line."""
    key_lane, lane = lanes_named(name)
    now = timezone.now()
    wait = why_closed(key_lane, lane, now) or _why_not_this_one(key_lane, lane, wish, now)
    if wait is not None:
        run_transaction(lambda: _stand_in_line(key_lane, lane, wish, wait, now))
    return wait


def _stand_in_line(key_lane: Lane, lane: Lane, wish: Wish, wait: Wait, now: datetime) -> None:
    due_at = wait.ask_again_at(now)
    place = {"lane": lane, "key_lane": key_lane, "user_id": wish.user_id, "since": now, "due_at": due_at}
    LaneWaiter.objects.update_or_create(
        attempt_id=wish.attempt_id, defaults={"due_at": due_at}, create_defaults=place
    )  # fmt: skip


def why_closed(key_lane: Lane, lane: Lane, now: datetime) -> Wait | None:
    """Why nobody may go now: the circuit is open, a trial is under way, or the vendor named a time."""
    if key_lane.opened_until is not None and key_lane.opened_until > now:
        sentence = f"The vendor failed {key_lane.failures} times in a row; it is tried again then."
        return Wait(key_lane.opened_until, f"{sentence} {key_lane.last_failure}".strip(), "provider_5xx")
    if key_lane.opened_until is not None and key_lane.trial_until is not None and key_lane.trial_until > now:
        until = min(now + TRIAL_POLL, key_lane.trial_until)
        return Wait(until, "After failures of the vendor one call is tried first.", "provider_5xx")
    paused = [found for found in (key_lane, lane) if found.paused_until is not None and found.paused_until > now]
    longest = max(paused, key=lambda found: found.paused_until or now, default=None)
    if longest is None or longest.paused_until is None:
        return None
    code: WaitCode = "rate_day" if longest.pause_code == "rate_day" else "rate_minute"
    return Wait(longest.paused_until, longest.pause_reason, code)


def _why_not_this_one(key_lane: Lane, lane: Lane, wish: Wish, now: datetime) -> Wait | None:
    for calls, waiters, found in (
        (LaneCall.objects.filter(lane=lane), LaneWaiter.objects.filter(lane=lane), lane),
        (LaneCall.objects.filter(key_lane=key_lane), LaneWaiter.objects.filter(key_lane=key_lane), key_lane),
    ):
        room = room_in(found, calls, wish.call, now)
        wait = wait_for_room(room, now)
        if wait is None and room.free is not None and _others_first(calls, waiters, wish, now) >= room.free:
            wait = Wait(now + OUT_OF_TURN, "Others are first: turns go round between people.", "rate_minute")
        if wait is not None:
            return wait
    return None


def wait_for_room(room: Room, now: datetime) -> Wait | None:
    """What a full limit says, None when there is room."""
    if room.free is None or room.free > 0 or room.opens_at is None or room.limit is None:
        return None
    code: WaitCode = "rate_day" if room.limit.seconds >= 12 * 3600 else "rate_minute"
    return Wait(max(room.opens_at, now + SHORTEST_WAIT), f"The lane takes {in_words(room.limit)}.", code)


def _others_first(calls: QuerySet[LaneCall], waiters: QuerySet[LaneWaiter], wish: Wish, now: datetime) -> int:
    """How many of those who wait have their turn before this one: whose user had fewer turns lately, then by age."""
    waiting = list(waiters.filter(due_at__gt=now - GONE_AFTER).values_list("attempt_id", "user_id", "since"))
    if not any(attempt_id != wish.attempt_id for attempt_id, _, _ in waiting):
        return 0
    if all(attempt_id != wish.attempt_id for attempt_id, _, _ in waiting):
        waiting.append((wish.attempt_id, wish.user_id, now))
    recent = calls.filter(at__gt=now - FAIR_OVER).values_list("user_id").annotate(Count("attempt_id"))
    turns = Counter(dict(recent))
    order = []
    for attempt_id, user_id, since in sorted(waiting, key=lambda waiter: (waiter[2], waiter[0])):
        order.append((turns[user_id], since, attempt_id))
        turns[user_id] += 1
    return [attempt_id for _, _, attempt_id in sorted(order)].index(wish.attempt_id)


def note_departure(attempt_id: UUID, left_at: datetime) -> None:
    """Count a call from when its first byte left, where that was noticeably after its turn."""
    late = LaneCall.objects.filter(attempt_id=attempt_id, at__lt=left_at - SOON)
    if late.exists():
        run_transaction(lambda: late.update(at=left_at))


def end_call(attempt_id: UUID) -> None:
    """A call that was let through has ended and makes room. Part of the transaction that ends the attempt."""
    LaneCall.objects.filter(attempt_id=attempt_id, ended_at=None).update(ended_at=timezone.now())


def forget_old(now: datetime | None = None) -> int:
    """Delete calls that no limit looks back to, at most a thousand at a time, and the waiters of processes that are
    gone. Returns how many calls were deleted."""
    now = now or timezone.now()
    LaneWaiter.objects.filter(due_at__lt=now - timedelta(hours=1)).delete()
    ids = LaneCall.objects.filter(at__lt=now - KEPT_FOR).exclude(ended_at=None).values_list("attempt_id", flat=True)
    return LaneCall.objects.filter(attempt_id__in=list(ids[:1000])).delete()[0]
