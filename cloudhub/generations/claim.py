"""Take queued generations for this process, each by one conditional update: those whose lane is open, in fair turns."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, F, Min
from django.utils import timezone

from cloudhub.catalog.find import provider_of
from cloudhub.catalog.models import CloudModel
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict
from cloudhub.generations.models import Attempt, Generation
from cloudhub.lanes.find import LaneName, lane_name
from cloudhub.lanes.opening import opening_of, recent_turns
from cloudhub.vault.keys import active_keys
from cloudhub.vault.models import ProviderKey

LOOK_AT = 8
FAIR_OVER = timedelta(minutes=1)
State = Generation.State


def claim_generation(worker_id: UUID) -> UUID | None:
    """The id of a queued generation that now belongs to this worker, or None. Rivals that lose the row try the next."""
    for user_id, model_id, team_id in _turns():
        queued = Generation.objects.filter(state=State.QUEUED, user_id=user_id, model_id=model_id, team_id=team_id)
        oldest = list(queued.order_by("created_at", "id").values_list("id", flat=True)[:LOOK_AT])
        # In any order, so that several workers do not all reach for the same row.
        random.shuffle(oldest)
        claimed = next((found for found in oldest if _claim(found, worker_id)), None)
        if claimed is not None:
            return claimed
    return None


def _claim(generation_id: UUID, worker_id: UUID) -> bool:
    rows = Generation.objects.filter(id=generation_id, state=State.QUEUED)
    return bool(run_transaction(lambda: rows.update(state=State.RUNNING, worker_id=worker_id, claims=F("claims") + 1)))


def _turns() -> Iterator[tuple[int, int, int]]:
    """(user, model, team) of what is queued and could go now: who had fewest turns lately first, then who waits
    longest."""
    queued = Generation.objects.filter(state=State.QUEUED)
    columns = queued.values_list("user_id", "model_id", "team_id")
    heads = list(columns.annotate(oldest=Min("created_at")).order_by("oldest"))
    if not heads:
        return
    models = {model.pk: model for model in CloudModel.objects.filter(id__in={head[1] for head in heads})}
    rows = active_keys()
    names = {(model_id, team_id): _lane_of(models[model_id], team_id, rows) for _, model_id, team_id, _ in heads}
    is_open = {lane: _has_room(lane, names) for lane in names}
    waiting = [head for head in heads if is_open[head[1], head[2]]]
    if len({head[0] for head in waiting}) > 1:
        running = Generation.objects.filter(state=State.RUNNING).values_list("user_id").annotate(Count("id"))
        turns = dict(running)
        lately = recent_turns([name for name in names.values() if name], timezone.now() - FAIR_OVER)
        waiting.sort(key=lambda head: (turns.get(head[0], 0) + lately.get(head[0], 0), head[3]))
    yield from (head[:3] for head in waiting)


def _lane_of(model: CloudModel, team_id: int, rows: Sequence[ProviderKey]) -> LaneName | None:
    try:
        return lane_name(provider_of(model), model.cloud_model_id, address=model.address, team_id=team_id, rows=rows)
    except Conflict:
        return None


def _has_room(lane: tuple[int, int], names: Mapping[tuple[int, int], LaneName | None]) -> bool:
    """Whether the lane of a model and team takes more than what processes have claimed for it and not sent yet."""
    opening = opening_of(names[lane])
    if opening.free is None:
        return True
    claimed = Attempt.objects.filter(
        state=Attempt.State.HELD, generation__state=State.RUNNING, generation__model_id=lane[0]
    )  # fmt: skip
    teams = claimed.values_list("generation__team_id").annotate(Count("hold_id"))
    # A team of which nothing is queued may well share the lane: it counts.
    shared = [count for team_id, count in teams if names.get((lane[0], team_id), names[lane]) == names[lane]]
    return bool(opening.free > sum(shared))


def open_steps(generation_id: UUID) -> list[tuple[UUID, bool]]:
    """The attempts of a claimed generation to go on with, in slot order: (id, whether the vendor has its job already).

    What was sent without a job id has no next step; only its answer or a sweep ends it.
    """
    attempts = Attempt.objects.filter(generation_id=generation_id, state__in=[Attempt.State.HELD, Attempt.State.SENT])
    attempts = attempts.exclude(state=Attempt.State.SENT, remote_id="").order_by("slot")
    return [(attempt.pk, attempt.state == Attempt.State.SENT) for attempt in attempts]
