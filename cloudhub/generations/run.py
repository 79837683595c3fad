"""Submit a wish the way a door needs it: queued, or started at once and waited for."""

from collections.abc import Mapping
from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.core.database import release_connection
from cloudhub.core.errors import Conflict
from cloudhub.generations.engine import WaitingPlace, engine
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
        submission = submit_generation(
            actor=actor, model=model, fields=fields, route=route, worker_id=engine.worker_id, **options
        )
        if not submission.replayed and not submission.generation.is_finished:
            engine.start_generation(submission.generation.id)
        release_connection()
        generation = engine.await_generation(submission.generation.id, seconds)
    return Submission(generation, submission.replayed)


def refuse_in_progress(submission: Submission) -> None:
    """For doors that must answer with the picture: raises `Conflict` (idempotency_in_progress) when it is not done."""
    if not submission.generation.is_finished:
        raise Conflict(
            "The first request with this key is still being carried out. Ask again in a few seconds.",
            code="idempotency_in_progress",
        )
