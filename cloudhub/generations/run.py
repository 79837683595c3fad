"""Submit a wish the way a door needs it: queued, or started at once and waited for."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.core.database import release_connection
from cloudhub.core.errors import Conflict
from cloudhub.generations.engine import WaitingPlace, engine
from cloudhub.generations.models import Generation
from cloudhub.generations.submit import Submission, submit_generation

LONGEST_WAIT = 600


def submit_and_wait(
    *, actor: Actor, model: object, fields: Mapping[str, Any], route: str, seconds: float, **options: Any
) -> Submission:
    """Submit, start at once in this process and wait at most `seconds`; the work goes on when the waiting ends.

    Raises as `submit_generation`, and `Unavailable` before anything is held when too many requests wait or the hub
    is stopping.
    """
    with WaitingPlace():
        submission = _submit_and_start(actor=actor, model=model, fields=fields, route=route, **options)
        release_connection()
        generation = engine.await_generation(submission.generation.id, seconds)
    return Submission(generation, submission.replayed)


class Follower:
    """Somebody who looks on while a wish is carried out, and holds a place among those who wait until `close`.

    Made by submitting the wish; raises as `submit_and_wait`. The work goes on when the looking on ends.
    """

    def __init__(self, *, seconds: float, **wish: Any) -> None:
        self._last = time.monotonic() + seconds
        self._place = ExitStack()
        self._place.enter_context(WaitingPlace())
        try:
            self.submission = _submit_and_start(**wish)
        except BaseException:
            self.close()
            raise

    def look(self) -> Generation:
        """The generation as it stands now."""
        return Generation.objects.select_related("model").get(id=self.submission.generation.id)

    def pause(self, seconds: float) -> bool:
        """Sleep without a database connection until something may have changed, at most `seconds`. False when the
        time is over or the hub has stopped."""
        left = self._last - time.monotonic()
        return left > 0 and engine.pause(min(left, seconds))

    def close(self) -> None:
        """Give the place back; may be repeated."""
        self._place.close()


def _submit_and_start(**wish: Any) -> Submission:
    submission = submit_generation(worker_id=engine.worker_id, **wish)
    if not submission.replayed and not submission.generation.is_finished:
        engine.start_generation(submission.generation.id)
    return submission


def refuse_in_progress(submission: Submission) -> None:
    """For doors that must answer with the picture: raises `Conflict` (idempotency_in_progress) when it is not done."""
    if not submission.generation.is_finished:
        raise Conflict(
            "The first request with this key is still being carried out. Ask again in a few seconds.",
            code="idempotency_in_progress",
        )
