"""Take queued generations for this process, each by one conditional update."""

import random
from uuid import UUID

from django.db.models import F

from cloudhub.core.database import run_transaction
from cloudhub.generations.models import Attempt, Generation

LOOK_AT = 50


def claim_generation(worker_id: UUID) -> UUID | None:
    """The id of a queued generation that now belongs to this worker, or None. Rivals that lose the row try the next."""
    queued = list(
        Generation.objects.filter(state=Generation.State.QUEUED).order_by("id").values_list("id", flat=True)[:LOOK_AT]
    )
    # The oldest few in any order, so that several workers do not all reach for the same row.
    head, tail = queued[:8], queued[8:]
    random.shuffle(head)
    for generation_id in [*head, *tail]:
        rows = Generation.objects.filter(id=generation_id, state=Generation.State.QUEUED)
        if run_transaction(
            lambda rows=rows: rows.update(  # type: ignore[misc]
                state=Generation.State.RUNNING, worker_id=worker_id, claims=F("claims") + 1
            )
        ):
            return generation_id
    return None


def open_steps(generation_id: UUID) -> list[tuple[UUID, bool]]:
    """The attempts of a claimed generation to go on with, in slot order: (id, whether the vendor has its job already).

    What was sent without a job id has no next step; only its answer or a sweep ends it.
    """
    attempts = Attempt.objects.filter(generation_id=generation_id, state__in=[Attempt.State.HELD, Attempt.State.SENT])
    attempts = attempts.exclude(state=Attempt.State.SENT, remote_id="").order_by("slot")
    return [(attempt.pk, attempt.state == Attempt.State.SENT) for attempt in attempts]
