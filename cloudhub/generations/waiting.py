"""Why a generation has not been sent yet, and for how long: what its lane says, for pages and APIs."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from cloudhub.catalog.find import provider_of
from cloudhub.core.errors import Conflict
from cloudhub.generations.models import Attempt, Generation
from cloudhub.lanes.find import lane_name
from cloudhub.lanes.limits import Call
from cloudhub.lanes.opening import opening_of
from cloudhub.lanes.turn import Wait
from cloudhub.vault.keys import active_keys
from cloudhub.vault.models import ProviderKey


def lane_waits(generations: Iterable[Generation]) -> dict[UUID, Wait]:
    """For each generation with calls that wait for their lane, until when and why; one look a model, team and size of
    the next call."""
    unfinished = [generation for generation in generations if not generation.is_finished]
    if not unfinished:
        return {}
    waiting = Attempt.objects.filter(generation__in=unfinished, state=Attempt.State.HELD)
    sizes = waiting.order_by("-slot").values_list("generation_id", "num_images", "hold__amount_micros")
    held = {generation_id: Call(images, micros) for generation_id, images, micros in sizes}
    by_lane: dict[tuple[int, int, Call], Wait | None] = {}
    rows = active_keys()
    found: dict[UUID, Wait] = {}
    for generation in unfinished:
        if generation.id not in held:
            continue
        call = held[generation.id]
        lane = generation.model_id, generation.team_id, call
        if lane not in by_lane:
            by_lane[lane] = _wait_of(generation, call, rows)
        wait = by_lane[lane]
        if wait is not None:
            found[generation.id] = wait
    return found


def _wait_of(generation: Generation, call: Call, rows: Sequence[ProviderKey]) -> Wait | None:
    model = generation.model
    try:
        name = lane_name(
            provider_of(model), model.cloud_model_id, address=model.address, team_id=generation.team_id, rows=rows
        )
    except Conflict:
        return None
    return opening_of(name, call).wait
