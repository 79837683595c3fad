"""What the tests of lanes do over and over: name a lane, ask for turns, end calls."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from cloudhub.core.database import run_transaction
from cloudhub.core.identifiers import new_id
from cloudhub.lanes.find import LaneName, lanes_named, make_lanes
from cloudhub.lanes.limits import Call
from cloudhub.lanes.models import Lane, LaneCall, LaneWaiter
from cloudhub.lanes.turn import Wait, Wish, end_call, take_turn

NAME = LaneName("google-gemini", "0123456789abcdef", "gemini-2.5-flash-image")
OTHER_MODEL = LaneName("google-gemini", "0123456789abcdef", "gemini-3-pro-image")


def limit_to(*limits: dict[str, Any], name: LaneName = NAME, whole_key: bool = False) -> Lane:
    """Set the limits of the model's lane, or of the key's."""
    make_lanes(name)
    key_lane, lane = lanes_named(name)
    lane = key_lane if whole_key else lane
    Lane.objects.filter(id=lane.pk).update(limits=list(limits))
    return lane


def requests(count: int, seconds: int) -> dict[str, Any]:
    return {"kind": "requests", "count": count, "seconds": seconds}


def ask(
    user: int = 1, *, images: int = 1, micros: int = 0, attempt: UUID | None = None, name: LaneName = NAME,
    sends: bool = True,
) -> bool | Wait:  # fmt: skip
    """Ask for a turn as `right_to_send` does; without `attempt` in passing, leaving the line again."""
    make_lanes(name)
    wish = Wish(attempt or new_id(), user, Call(images, micros))
    answer = run_transaction(lambda: take_turn(name, wish, lambda: sends, trial_seconds=60))
    if attempt is None:
        LaneWaiter.objects.filter(attempt_id=wish.attempt_id).delete()
    return answer


def let_through(count: int, user: int = 1, **options: Any) -> list[UUID]:
    """Take `count` turns that must all be granted."""
    attempts = [new_id() for _ in range(count)]
    assert [ask(user, attempt=attempt, **options) for attempt in attempts] == [True] * count
    return attempts


def end(attempt: UUID) -> None:
    run_transaction(lambda: end_call(attempt))


def age_calls(seconds: float) -> None:
    """Let every call so far have been made that much earlier."""
    for call in LaneCall.objects.all():
        LaneCall.objects.filter(attempt_id=call.attempt_id).update(at=call.at - timedelta(seconds=seconds))


def seconds_to(wait: bool | Wait, now: datetime | None = None) -> float:
    assert isinstance(wait, Wait)
    return (wait.until - (now or timezone.now())).total_seconds()
