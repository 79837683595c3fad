"""The hub's health as a whole: each vendor's key, traffic, circuit and lanes, what waits for a decision or retires."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.lifecycle import Standing
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Conflict
from cloudhub.generations.decide import earliest_release
from cloudhub.generations.models import Attempt
from cloudhub.health.attention import Concern, concerns, retirements
from cloudhub.health.facts import Facts, OtherKey, Vendor, gather, unknown_attempts
from cloudhub.health.traffic import Traffic, traffic_by_vendor
from cloudhub.lanes.find import LaneName, lanes_in_use
from cloudhub.lanes.models import Lane
from cloudhub.lanes.usage import LaneUse, uses_of
from providers.catalogue import UnavailableVendor, unavailable_vendors

RETIREMENTS_WITHIN_DAYS = 90
MOST_UNKNOWN = 20
CircuitState = Literal["closed", "open", "half_open"]
# By the vendor's id and the key, which is told by its fingerprint.
Lanes = Mapping[tuple[str, str | None], tuple[LaneUse, ...]]


@dataclass(frozen=True)
class Circuit:
    """Whether calls with a key go at all. Half open: the next call, or the one under way (`is_tried`), is the trial.

    `lane` is the one that holds it: of several servers' the worst.
    """

    state: CircuitState
    failures: int
    until: datetime | None
    is_tried: bool
    last_failure: str
    last_failure_at: datetime | None
    lane: Lane


@dataclass(frozen=True)
class OtherKeyReport:
    """A key beside the vendor's first; `circuit` and `lanes` as in `VendorReport`."""

    other: OtherKey
    circuit: Circuit | None
    lanes: tuple[LaneUse, ...]


@dataclass(frozen=True)
class VendorReport:
    """`circuit` is None for a vendor without lanes or key. `lanes` begin with the key's own; both are the first key's,
    `others` are the keys beside it."""

    vendor: Vendor
    traffic: Traffic
    circuit: Circuit | None
    lanes: tuple[LaneUse, ...]
    concerns: tuple[Concern, ...]
    retirements: tuple[tuple[CloudModel, Standing], ...]
    unknown: int
    others: tuple[OtherKeyReport, ...] = ()

    @property
    def paused(self) -> list[Lane]:
        return [use.lane for use in self.lanes if is_paused(use.lane)]

    @property
    def waiting(self) -> int:
        return sum(use.waiting for use in self.lanes if not use.lane.model)


@dataclass(frozen=True)
class UnknownOutcome:
    """An attempt that waits for a decision. `too_early` says why its money cannot be given back yet, else empty."""

    attempt: Attempt
    too_early: str


@dataclass(frozen=True)
class Report:
    """`unknown` shows the oldest outcomes, `facts.unknown` counts them all."""

    facts: Facts
    concerns: list[Concern]
    vendors: list[VendorReport]
    unavailable: tuple[UnavailableVendor, ...]
    unknown: list[UnknownOutcome]
    retirements: list[tuple[CloudModel, Standing]]


def report(actor: Actor) -> Report:
    """What an actor may know of the hub's health. Nothing is asked of any vendor; lanes of models that were never
    called are made. A fixed number of queries (see `facts.gather` and `lanes.usage`)."""
    facts = gather(actor)
    found = concerns(facts, may_decide=actor.may("manage"))
    near = retirements(facts, RETIREMENTS_WITHIN_DAYS)
    traffic, lanes = traffic_by_vendor(facts.now), _lanes(facts)
    vendors = [
        VendorReport(
            vendor=vendor,
            traffic=traffic.get(vendor.provider.id, Traffic()),
            circuit=_circuit(lanes.get((vendor.provider.id, vendor.key_print)), facts.now),
            lanes=lanes.get((vendor.provider.id, vendor.key_print), ()),
            concerns=tuple(concern for concern in found if concern.place == vendor.provider.id),
            retirements=tuple(pair for pair in near if pair[0].provider == vendor.provider.id),
            unknown=facts.unknown_by_vendor.get(vendor.provider.id, 0),
            others=tuple(_other(other, vendor, lanes, facts.now) for other in vendor.others),
        )
        for vendor in facts.vendors
    ]
    return Report(facts, found, vendors, unavailable_vendors(), _unknown(actor, facts), near)


def _lanes(facts: Facts) -> Lanes:
    """The lanes of every model that is switched on, by vendor and key."""
    names = [
        LaneName(vendor.provider.id, key_print, model.cloud_model_id, model.address)
        for vendor in facts.vendors
        if vendor.provider.is_paced
        for key_print in vendor.key_prints
        for model in vendor.models
    ]
    found: dict[tuple[str, str | None], tuple[LaneUse, ...]] = {}
    for use in uses_of(lanes_in_use(names), facts.now) if names else ():
        place = use.lane.provider, use.lane.key_print
        found[place] = (*found.get(place, ()), use)
    return found


def _other(other: OtherKey, vendor: Vendor, lanes: Lanes, now: datetime) -> OtherKeyReport:
    found = lanes.get((vendor.provider.id, other.key_print), ())
    return OtherKeyReport(other, _circuit(found, now), found)


def _circuit(lanes: tuple[LaneUse, ...] | None, now: datetime) -> Circuit | None:
    if not lanes:
        return None
    # Each server that registrations name has a circuit; the worst is told.
    wholes = [use.lane for use in lanes if not use.lane.model]
    whole = max(wholes, key=lambda lane: (lane.opened_until is not None, lane.opened_until or now, lane.failures))
    state: CircuitState = "closed"
    if whole.opened_until is not None:
        state = "open" if whole.opened_until > now else "half_open"
    is_tried = state == "half_open" and whole.trial_until is not None and whole.trial_until > now
    until = whole.opened_until if state == "open" else None
    return Circuit(state, whole.failures, until, is_tried, whole.last_failure, whole.last_failure_at, whole)


def _unknown(actor: Actor, facts: Facts) -> list[UnknownOutcome]:
    if not facts.unknown:
        return []
    attempts = unknown_attempts(actor).select_related("hold", "generation__model", "generation__user")
    return [UnknownOutcome(attempt, why_not_released(attempt, facts.now)) for attempt in attempts[:MOST_UNKNOWN]]


def why_not_released(attempt: Attempt, now: datetime) -> str:
    """Why money of an unknown outcome cannot be given back yet, empty when it can."""
    try:
        earliest = earliest_release(attempt)
    except Conflict as error:
        return error.message
    if now >= earliest:
        return ""
    return f"The vendor may still answer: the money can be given back from {earliest:%Y-%m-%d %H:%M} UTC."


def is_paused(lane: Lane) -> bool:
    """Whether the vendor asked for a pause that is not over."""
    return lane.paused_until is not None and lane.paused_until > timezone.now()
