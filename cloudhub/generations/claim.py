"""Take queued generations for this process, each by one conditional update: those whose lane is open, in fair turns."""

import random
from collections.abc import Iterator
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

LOOK_AT = 8
FAIR_OVER = timedelta(minutes=1)
State = Generation.State


def claim_generation(worker_id: UUID) -> UUID | None:
    """The id of a queued generation that now belongs to this worker, or None. Rivals that lose the row try the next."""
    for user_id, model_id in _turns():
        queued = Generation.objects.filter(state=State.QUEUED, user_id=user_id, model_id=model_id)
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


def _turns() -> Iterator[tuple[int, int]]:
    """(user, model) of what is queued and could go now: who had fewest turns lately first, then who waits longest."""
    queued = Generation.objects.filter(state=State.QUEUED)
    heads = list(queued.values_list("user_id", "model_id").annotate(oldest=Min("created_at")).order_by("oldest"))
    if not heads:
        return
    names = {model.pk: _lane_of(model) for model in CloudModel.objects.filter(id__in={head[1] for head in heads})}
    is_open = {model_id: _has_room(model_id, name) for model_id, name in names.items()}
    waiting = [head for head in heads if is_open[head[1]]]
    if len({user_id for user_id, _, _ in waiting}) > 1:
        running = Generation.objects.filter(state=State.RUNNING).values_list("user_id").annotate(Count("id"))
        turns = dict(running)
        lately = recent_turns([name for name in names.values() if name], timezone.now() - FAIR_OVER)
        waiting.sort(key=lambda head: (turns.get(head[0], 0) + lately.get(head[0], 0), head[2]))
    yield from ((user_id, model_id) for user_id, model_id, _ in waiting)


def _lane_of(model: CloudModel) -> LaneName | None:
    try:
        return lane_name(provider_of(model), model.cloud_model_id)
    except Conflict:
        return None


def _has_room(model_id: int, name: LaneName | None) -> bool:
    """Whether a lane takes more than what processes have claimed for it and not sent yet."""
    opening = opening_of(name)
    if opening.free is None:
        return True
    claimed = Attempt.objects.filter(
        state=Attempt.State.HELD, generation__state=State.RUNNING, generation__model_id=model_id
    )  # fmt: skip
    return opening.free > claimed.count()


def open_steps(generation_id: UUID) -> list[tuple[UUID, bool]]:
    """The attempts of a claimed generation to go on with, in slot order: (id, whether the vendor has its job already).

    What was sent without a job id has no next step; only its answer or a sweep ends it.
    """
    attempts = Attempt.objects.filter(generation_id=generation_id, state__in=[Attempt.State.HELD, Attempt.State.SENT])
    attempts = attempts.exclude(state=Attempt.State.SENT, remote_id="").order_by("slot")
    return [(attempt.pk, attempt.state == Attempt.State.SENT) for attempt in attempts]
