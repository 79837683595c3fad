"""What a generation comes to, from the last try of each of its slots and the pictures that are there."""

from typing import Any

from django.utils import timezone

from cloudhub.generations.errors import describe
from cloudhub.generations.models import Attempt, Generation, Image

REFUSALS = {"refused_prompt", "refused_output"}


def conclude(generation: Generation) -> None:
    """Set the generation's state when no attempt is under way. Part of a transaction that locked its row."""
    tries = Attempt.objects.filter(generation=generation).order_by("slot", "try_number")
    # A busy vendor's answer to an earlier try says nothing of how the slot ended.
    last = list({attempt.slot: attempt for attempt in tries}.values())
    if any(attempt.state in (Attempt.State.HELD, Attempt.State.SENT) for attempt in last):
        return
    pictures = Image.objects.filter(generation=generation).count()
    ended = _final_state(generation, last, pictures)
    Generation.objects.filter(id=generation.id).update(
        state=ended, finished_at=timezone.now(), error=_final_error(generation, ended, last, pictures)
    )


def _final_state(generation: Generation, last: list[Attempt], pictures: int) -> str:
    ended = Generation.State
    if any(attempt.state == Attempt.State.UNKNOWN for attempt in last):
        return ended.UNKNOWN
    if pictures:
        return ended.SUCCEEDED if pictures >= generation.num_images else ended.PARTIAL
    errors = [attempt.error for attempt in last if attempt.error]
    if errors and {error["code"] for error in errors} <= REFUSALS:
        return ended.REFUSED
    if generation.cancel_requested_at is not None and all(error["billed"] == "no" for error in errors):
        return ended.CANCELLED
    return ended.FAILED


def _final_error(generation: Generation, ended: str, last: list[Attempt], pictures: int) -> dict[str, Any] | None:
    if ended == Generation.State.SUCCEEDED:
        return None
    waiting = [attempt.error for attempt in last if attempt.state == Attempt.State.UNKNOWN and attempt.error]
    errors = waiting or [attempt.error for attempt in last if attempt.error]
    # One error speaks for all: what was billed must not hide behind what was not.
    worst = next((error for error in errors if error["billed"] == "yes"), errors[-1] if errors else None)
    if ended == Generation.State.PARTIAL:
        message = f"{pictures} of {generation.num_images} pictures came. {worst['message'] if worst else ''}".strip()
        return describe("partial", message, billed="yes")
    return worst or describe("interrupted", "The work ended without an answer.")
