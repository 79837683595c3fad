"""An owner's hand on a lane: other limits, a pause or an open circuit ended early."""

from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Forbidden
from cloudhub.lanes.find import changeable_lanes
from cloudhub.lanes.limits import read_limits
from cloudhub.lanes.models import Lane


def set_limits(actor: Actor, lane: Lane, limits: Any) -> Lane:
    """Replace a lane's limits; null gives the word back to the vendor's pages. What a refusal taught is forgotten.

    Raises `Forbidden` or `Invalid`.
    """
    _require_say(actor, lane)
    stored = read_limits(limits)

    def change() -> None:
        Lane.objects.filter(id=lane.pk).update(limits=stored, refused_at=None, told=None)
        _record(actor, "lane.limits_changed", lane, {"limits": stored})

    run_transaction(change)
    lane.refresh_from_db()
    return lane


def open_again(actor: Actor, lane: Lane) -> Lane:
    """End a pause and close the circuit at once: the next call goes. Raises `Forbidden`."""
    _require_say(actor, lane)
    pause = {"paused_until": None, "pause_code": "", "pause_reason": "", "refused_at": None, "told": None}
    circuit = {"failures": 0, "openings": 0, "opened_until": None, "trial_until": None}

    def open_lane() -> None:
        Lane.objects.filter(id=lane.pk).update(**pause, **circuit)
        _record(actor, "lane.opened", lane, {"paused": lane.pause_code, "openings": lane.openings})

    run_transaction(open_lane)
    lane.refresh_from_db()
    return lane


def _require_say(actor: Actor, lane: Lane) -> None:
    actor.require("manage")
    if lane.pk not in changeable_lanes(actor, [lane]):
        raise Forbidden("Calls of several teams take this lane: only an owner of the hub changes it.")


def _record(actor: Actor, action: str, lane: Lane, details: dict[str, Any]) -> None:
    details = {"provider": lane.provider, "model": lane.model, **details}
    record(actor, action, target_kind="lane", target_id=lane.pk, target_name=str(lane), details=details)
