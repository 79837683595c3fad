"""How a lane looks from outside: how many calls could go now, when the next one could, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from cloudhub.lanes.find import LaneName, lanes_of
from cloudhub.lanes.limits import Call, room_in
from cloudhub.lanes.models import Lane, LaneCall
from cloudhub.lanes.turn import Wait, wait_for_room, why_closed


@dataclass(frozen=True)
class Opening:
    """`free` calls could go now (None: any number); with 0, `wait` says until when and why."""

    free: int | None
    wait: Wait | None = None

    def seconds(self, now: datetime | None = None) -> int:
        """Whole seconds until the lane opens, 0 when it is open."""
        if self.wait is None:
            return 0
        return max(1, round((self.wait.until - (now or timezone.now())).total_seconds()))


OPEN = Opening(None)


def opening_of(name: LaneName | None, call: Call = Call(1, 0)) -> Opening:  # noqa: B008 - frozen
    """What the lanes of a model allow just now; nothing is taken and nothing is locked."""
    if name is None:
        return OPEN
    now = timezone.now()
    key_lane, lane = _lanes(name)
    if key_lane is None or lane is None:
        return OPEN
    closed = why_closed(key_lane, lane, now)
    if closed is not None:
        return Opening(0, closed)
    rooms = (
        room_in(lane, LaneCall.objects.filter(lane=lane), call, now),
        room_in(key_lane, LaneCall.objects.filter(key_lane=key_lane), call, now),
    )
    free = min((room.free for room in rooms if room.free is not None), default=None)
    waits = [wait for wait in (wait_for_room(room, now) for room in rooms) if wait]
    return Opening(free, max(waits, key=lambda wait: wait.until, default=None))


def _lanes(name: LaneName) -> tuple[Lane | None, Lane | None]:
    by_model = {lane.model: lane for lane in lanes_of(name)}
    if len(by_model) == 2:
        return by_model[""], by_model[name.model]
    return None, None


def recent_turns(names: Iterable[LaneName], since: datetime) -> dict[int, int]:
    """How many calls each user had let through in any of the lanes since then."""
    turns: dict[int, int] = {}
    for name in set(names):
        _, lane = _lanes(name)
        if lane is not None:
            for user_id in LaneCall.objects.filter(lane=lane, at__gt=since).values_list("user_id", flat=True):
                turns[user_id] = turns.get(user_id, 0) + 1
    return turns
