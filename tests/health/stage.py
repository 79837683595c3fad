"""Rows as real calls leave them, made by the thousand without a vendor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.billing.models import Hold
from cloudhub.catalog.models import CloudModel
from cloudhub.core.identifiers import new_id
from cloudhub.generations.models import Attempt, Generation, Worker
from cloudhub.lanes.find import LaneName, lane_name, lanes_named
from cloudhub.lanes.models import Lane, LaneCall
from providers.catalogue import find_provider


def attempts(
    actor: Actor,
    model: CloudModel,
    count: int = 1,
    *,
    state: str = "settled",
    code: str = "",
    ago: timedelta = timedelta(minutes=5),
    took: Sequence[float] = (2.0,),
    error: dict[str, Any] | None = None,
) -> list[Attempt]:
    """So many calls that were sent `ago` and took so many seconds, the first the oldest."""
    now = timezone.now()
    generation = Generation.objects.create(
        team=actor.team, user=actor.user, model=model, door="queued", request={}, sent={}, prompt="a red fox",
        num_images=1, currency="USD", request_hash="", idempotency_scope="", deadline_at=now,
        state="unknown" if state == "unknown" else "succeeded",
    )  # fmt: skip
    holds = [
        Hold(id=new_id(), team=actor.team, user=actor.user, model=model, provider=model.provider, currency="USD",
             held_at=now - ago, amount_micros=39_000)
        for _ in range(count)
    ]  # fmt: skip
    Hold.objects.bulk_create(holds)
    made = []
    for place, hold in enumerate(holds):
        sent_at = now - ago + timedelta(milliseconds=place)
        ended_at = None if state in ("held", "sent") else sent_at + timedelta(seconds=took[place % len(took)])
        stored = error or ({"code": code, "message": "It failed."} if code else None)
        made.append(Attempt(hold=hold, generation=generation, slot=place, num_images=1, state=state, sent_at=sent_at,
                            ended_at=ended_at, error=stored))  # fmt: skip
    return Attempt.objects.bulk_create(made)


def key_lane(model: CloudModel, **changes: Any) -> Lane:
    """The lane of the vendor's key as a whole, changed as if calls had gone so."""
    lane, _ = lanes_named(_name(model))
    return _changed(lane, changes)


def model_lane(model: CloudModel, **changes: Any) -> Lane:
    _, lane = lanes_named(_name(model))
    return _changed(lane, changes)


def lane_calls(model: CloudModel, count: int = 1, *, at: datetime | None = None, **fields: Any) -> None:
    """Calls that the model's lane let through."""
    whole, lane = lanes_named(_name(model))
    values = {
        "at": at or timezone.now(),
        "ended_at": timezone.now(),
        "images": 1,
        "micros": 39_000,
        "user_id": 1,
        **fields,
    }
    LaneCall.objects.bulk_create(
        LaneCall(attempt_id=new_id(), lane=lane, key_lane=whole, **values) for _ in range(count)
    )  # fmt: skip


def a_runner() -> None:
    """Some process takes queued work."""
    Worker.objects.create(kind="runner", host="here", process=1, lease_until=timezone.now() + timedelta(minutes=1))


def _name(model: CloudModel) -> LaneName:
    vendor = find_provider(model.provider)
    assert vendor is not None
    name = lane_name(vendor, model.cloud_model_id)
    assert name is not None, "the vendor has no key here"
    return name


def _changed(lane: Lane, changes: dict[str, Any]) -> Lane:
    Lane.objects.filter(id=lane.pk).update(**changes)
    lane.refresh_from_db()
    return lane
