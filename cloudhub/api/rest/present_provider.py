"""Vendors and lanes as the dictionaries of the REST door."""

from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.api.rest.present import present_privacy, when
from cloudhub.catalog.lifecycle import Standing
from cloudhub.catalog.models import CloudModel
from cloudhub.health.facts import Vendor
from cloudhub.health.models import KeyCheck
from cloudhub.health.report import Circuit, OtherKeyReport, Report, VendorReport, is_paused
from cloudhub.health.traffic import LOOK_BACK
from cloudhub.lanes.usage import LaneUse, LimitUse

# What a vendor's pages say of money and results, under the provider's own names.
BILLING_FACTS = ("reports_cost", "billed_on_filter", "billed_on_cancel", "billed_on_timeout", "result_seconds")


def present_provider(report: Report, found: VendorReport, actor: Actor) -> dict[str, Any]:
    vendor, traffic, latency = found.vendor, found.traffic, found.traffic.latency
    return {
        "id": vendor.provider.id,
        "label": vendor.provider.label,
        "models": [model.key for model in vendor.models],
        "privacy": present_privacy(vendor.provider.privacy_for()),
        **{name: getattr(vendor.provider, name) for name in BILLING_FACTS},
        "key": _key(vendor, actor),
        "check": None if vendor.key is None else _check(vendor.check),
        "traffic": {
            "since": when(report.facts.now - LOOK_BACK),
            "calls": traffic.calls,
            "succeeded": traffic.succeeded,
            "outcomes": [
                {"state": outcome.state, "code": outcome.code or None, "words": outcome.words, "calls": outcome.calls}
                for outcome in traffic.outcomes
            ],
            "latency": latency
            and {"p50_seconds": round(latency.p50, 3), "p95_seconds": round(latency.p95, 3), "calls": latency.calls},
        },
        "circuit": _circuit(found.circuit),
        "lanes": [present_lane(use) for use in found.lanes],
        "other_keys": [_other_key(other, actor) for other in found.others],
        "retirements": [_retirement(model, now) for model, now in found.retirements],
        "unknown_outcomes": found.unknown,
        "concerns": [
            {"level": concern.level, "message": f"{concern.what}.", "advice": concern.advice, "at": when(concern.at)}
            for concern in found.concerns
        ],
    }


def present_lane(use: LaneUse) -> dict[str, Any]:
    lane = use.lane
    paused = is_paused(lane)
    return {
        "id": str(lane.pk),
        "provider": lane.provider,
        "model": lane.model or None,
        "address": lane.address or None,
        "limits": [_limit(limit) for limit in use.limits],
        "learned_until": when(use.learned_until),
        "waiting": use.waiting,
        "paused_until": when(lane.paused_until) if paused else None,
        "pause_code": (lane.pause_code or None) if paused else None,
        "pause_reason": (lane.pause_reason or None) if paused else None,
    }


def _limit(use: LimitUse) -> dict[str, Any]:
    limit = use.limit
    return {"kind": limit.kind, "count": limit.count, "seconds": limit.seconds, "words": use.words,
            "source": use.source, "source_url": limit.source or None, "used": use.used}  # fmt: skip


def _key(vendor: Vendor, actor: Actor) -> dict[str, Any]:
    key, missing = vendor.key, vendor.missing
    has_secret = key is not None and vendor.needs_key
    return {
        "needed": vendor.needs_key,
        "found": key is not None,
        "source": key.source if key is not None and has_secret else None,
        "last_four": (key.last_four or None) if key is not None and has_secret and actor.may("manage") else None,
        "message": missing.message if missing else None,
        "remedy": missing.remedy if missing else None,
    }


def _other_key(found: OtherKeyReport, actor: Actor) -> dict[str, Any]:
    other = found.other
    return {
        "source": other.key.source,
        "last_four": (other.key.last_four or None) if actor.may("manage") else None,
        "is_spare": other.is_spare,
        "check": _check(other.check),
        "circuit": _circuit(found.circuit),
        "lanes": [present_lane(use) for use in found.lanes],
    }


def _check(check: KeyCheck | None) -> dict[str, Any]:
    if check is None:
        check = KeyCheck()
    return {
        "state": check.state,
        "code": check.code or None,
        "message": check.sentence or None,
        "remedy": check.remedy or None,
        "checked_at": when(check.checked_at),
        "next_at": when(check.next_at) if check.pk else None,
    }


def _circuit(circuit: Circuit | None) -> dict[str, Any] | None:
    if circuit is None:
        return None
    return {
        "state": circuit.state,
        "failures": circuit.failures,
        "open_until": when(circuit.until),
        "trial_under_way": circuit.is_tried,
        "last_failure": circuit.last_failure or None,
        "last_failure_at": when(circuit.last_failure_at),
    }


def _retirement(model: CloudModel, now: Standing) -> dict[str, Any]:
    return {
        "model": model.key,
        "name": model.name,
        "shutdown_date": now.shutdown_date.isoformat() if now.shutdown_date else None,
        "days_left": now.days_left,
        "successor": now.successor or None,
    }
