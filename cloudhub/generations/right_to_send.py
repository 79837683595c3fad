"""The right to send: an attempt's change from held to sent, once, and only when it is its lane's turn."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from cloudhub.core.database import run_transaction
from cloudhub.generations.errors import describe
from cloudhub.generations.models import Attempt
from cloudhub.generations.settle import release_attempt
from cloudhub.generations.work import Work
from cloudhub.lanes.find import LaneName, make_lanes
from cloudhub.lanes.turn import Wait, look_ahead, take_turn
from cloudhub.vault.use import KeyWithdrawn, count_use
from providers.base import Key, Provider

State = Attempt.State


@dataclass(frozen=True)
class Later:
    """An attempt to go on with after `seconds`: its lane is full, or the vendor was busy."""

    attempt_id: UUID
    seconds: float


def take_right_to_send(work: Work) -> bool | Wait:
    """Take it, durably and once, and count the call in its lane in the same transaction.

    False when the attempt was swept or cancelled meanwhile, a `Wait` when it is not its turn.
    """
    try:
        if work.lane is None:
            return mark_sent(work.attempt_id, work.key)
        return _take_turn(work, work.lane)
    except KeyWithdrawn:
        return Wait(timezone.now(), "The key was replaced just now; another one is taken.", "rate_minute")


def _take_turn(work: Work, lane: LaneName) -> bool | Wait:
    make_lanes(lane)
    trial_seconds = work.provider.longest_wait_seconds
    return run_transaction(
        lambda: take_turn(lane, work.turn, lambda: _mark(work.attempt_id, work.key), trial_seconds=trial_seconds)
    )


def mark_sent(attempt_id: UUID, key: Key | None = None) -> bool:
    """The change alone. False when the attempt was swept or cancelled meanwhile. Raises `KeyWithdrawn`."""
    return run_transaction(lambda: _mark(attempt_id, key))


def _mark(attempt_id: UUID, key: Key | None) -> bool:
    """The attempt remembers its key, which counts the call; both or neither."""
    held = Attempt.objects.filter(hold_id=attempt_id, state=State.HELD)
    stored_id = key.stored_id if key else ""
    if not held.update(state=State.SENT, sent_at=timezone.now(), provider_key_id=stored_id or None):
        return False
    if key is not None:
        count_use(key)
    return True


def look_before_preparing(work: Work) -> Wait | None:
    """Whether it is worth doing a vendor's free work now; asked only for vendors that have any."""
    if work.lane is None or type(work.provider).prepare is Provider.prepare:
        return None
    make_lanes(work.lane)
    return look_ahead(work.lane, work.turn)


def wait_for_turn(work: Work, wait: Wait) -> Later | None:
    """When to ask again; None for a caller who stands at the door and should rather know: then it is released."""
    now = timezone.now()
    seconds = (wait.until - now).total_seconds()
    is_hopeless = wait.code != "rate_minute" or seconds > work.seconds_left
    if work.is_awaited and is_hopeless:
        message = f"{wait.reason} Not before {wait.until:%H:%M:%S} UTC; nothing was sent or billed."
        release_attempt(work.attempt_id, describe(wait.code, message, billed="no", retry="after"))
        return None
    return Later(work.attempt_id, max(0.0, (wait.ask_again_at(now) - now).total_seconds()))
