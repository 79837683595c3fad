"""Why a generation has not been sent yet, and for how long: what its lane says, for pages and APIs."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from cloudhub.catalog.find import provider_of
from cloudhub.core.errors import Conflict
from cloudhub.generations.models import Attempt, Generation
from cloudhub.lanes.find import lane_name
from cloudhub.lanes.opening import opening_of
from cloudhub.lanes.turn import Wait
from cloudhub.vault.keys import active_keys
from cloudhub.vault.models import ProviderKey


def lane_waits(generations: Iterable[Generation]) -> dict[UUID, Wait]:
    """For each generation with calls that wait for their lane, until when and why; one look a model and team."""
    unfinished = [generation for generation in generations if not generation.is_finished]
    if not unfinished:
        return {}
    waiting = Attempt.objects.filter(generation__in=unfinished, state=Attempt.State.HELD)
    held = set(waiting.values_list("generation_id", flat=True))
    by_model: dict[tuple[int, int], Wait | None] = {}
    rows = active_keys()
    found: dict[UUID, Wait] = {}
    for generation in unfinished:
        if generation.id not in held:
            continue
        lane = generation.model_id, generation.team_id
        if lane not in by_model:
            by_model[lane] = _wait_of(generation, rows)
        wait = by_model[lane]
        if wait is not None:
            found[generation.id] = wait
    return found


def _wait_of(generation: Generation, rows: Sequence[ProviderKey]) -> Wait | None:
    model = generation.model
    try:
        name = lane_name(
            provider_of(model), model.cloud_model_id, address=model.address, team_id=generation.team_id, rows=rows
        )
    except Conflict:
        return None
    return opening_of(name).wait
