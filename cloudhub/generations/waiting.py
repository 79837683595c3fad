"""Why a generation has not been sent yet, and for how long: what its lane says, for pages and APIs."""

from collections.abc import Iterable
from uuid import UUID

from cloudhub.catalog.find import provider_of
from cloudhub.core.errors import Conflict
from cloudhub.generations.models import Attempt, Generation
from cloudhub.lanes.find import lane_name
from cloudhub.lanes.opening import opening_of
from cloudhub.lanes.turn import Wait


def lane_waits(generations: Iterable[Generation]) -> dict[UUID, Wait]:
    """For each generation with calls that wait for their lane, until when and why; one look a model."""
    unfinished = [generation for generation in generations if not generation.is_finished]
    if not unfinished:
        return {}
    waiting = Attempt.objects.filter(generation__in=unfinished, state=Attempt.State.HELD)
    held = set(waiting.values_list("generation_id", flat=True))
    by_model: dict[int, Wait | None] = {}
    found: dict[UUID, Wait] = {}
    for generation in unfinished:
        if generation.id not in held:
            continue
        if generation.model_id not in by_model:
            by_model[generation.model_id] = _wait_of(generation)
        wait = by_model[generation.model_id]
        if wait is not None:
            found[generation.id] = wait
    return found


def _wait_of(generation: Generation) -> Wait | None:
    model = generation.model
    try:
        return opening_of(lane_name(provider_of(model), model.cloud_model_id)).wait
    except Conflict:
        return None
