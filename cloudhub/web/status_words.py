"""The hub's health as the Status page shows it: cards of vendors and lanes, in words and shapes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import get_text_list

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.models import CloudModel
from cloudhub.core.money import format_money
from cloudhub.health.models import KeyCheck
from cloudhub.health.report import OtherKeyReport, Report, VendorReport, is_paused, report
from cloudhub.lanes.find import changeable_lanes
from cloudhub.lanes.models import Lane
from cloudhub.lanes.usage import LaneUse, LimitUse
from cloudhub.vault.keys import missing_names
from cloudhub.web.lane_form import KIND_CHOICES, UNITS, LimitRow, rows_of
from providers.base import Provider

BAR = 1000
BADGE_SHAPES = {"stopped": "failed", "decide": "unknown", "note": "unknown"}
CHECK_SHAPES = {
    KeyCheck.State.VALID: "succeeded", KeyCheck.State.REFUSED: "failed", KeyCheck.State.UNREACHABLE: "unknown",
    KeyCheck.State.UNCHECKED: "queued",
}  # fmt: skip

WHEN_CHARGED = {
    "yes": "Charges for {}.",
    "no": "Charges nothing for {}.",
    "unknown": "Its pages do not say whether it charges for {}.",
}


@dataclass(frozen=True)
class LimitBar:
    """`width` is how much of a bar is used that is 1000 long."""

    use: LimitUse
    used: str
    width: int


@dataclass(frozen=True)
class LaneCard:
    """`names` are those of the registrations that go through the lane, none for the key as a whole."""

    use: LaneUse
    names: str
    bars: list[LimitBar]
    rows: list[LimitRow]
    is_paused: bool
    is_owners: bool

    @property
    def lane(self) -> Lane:
        return self.use.lane

    @property
    def is_at_rest(self) -> bool:
        """Nothing to tell: a model's lane without limits of its own that nobody waits for."""
        return bool(self.lane.model) and not (self.bars or self.use.waiting or self.is_paused or self.is_owners)


@dataclass(frozen=True)
class OtherKeyCard:
    """A key beside the vendor's first, told by where it comes from."""

    found: OtherKeyReport
    check_shape: str
    lanes: list[LaneCard]


@dataclass(frozen=True)
class VendorCard:
    """`badge` and `badge_shape` tell the vendor's state; `kind` is bad, warn, good or quiet. `billing` says what it
    charges for when a call ends without pictures."""

    found: VendorReport
    badge: str
    badge_shape: str
    kind: str
    check_shape: str
    key_names: str
    missing: list[str]
    busy_lanes: list[LaneCard]
    resting_lanes: list[LaneCard]
    other_keys: list[OtherKeyCard]
    billing: str


def status_context(actor: Actor, **more: Any) -> dict[str, Any]:
    """Everything on the Status page. Vendors that nobody began to use are told apart, in a line each."""
    now = report(actor)
    cards = [vendor_card(found) for found in now.vendors]
    used = [card for card in cards if card.found.vendor.is_set_up]
    waiting = [card for card in used if card.missing]
    return {
        "report": now,
        "mark": sum(concern.needs_owner for concern in now.concerns) if actor.may("manage") else 0,
        "cards": [card for card in used if not card.missing] + waiting,
        "unused": [card for card in cards if not card.found.vendor.is_set_up],
        "all_clear": _all_clear(now, bool(waiting)),
        "kinds": KIND_CHOICES,
        "units": UNITS,
        "changeable": changeable_lanes(actor, _lanes_of(now)),
        **more,
    }


def _lanes_of(now: Report) -> list[Lane]:
    """Every lane on the page."""
    own = [use.lane for vendor in now.vendors for use in vendor.lanes]
    return [*own, *(use.lane for vendor in now.vendors for other in vendor.others for use in other.lanes)]


def _all_clear(now: Report, some_lack_a_key: bool) -> str:
    """What is said when nothing is wrong; vendors without a key cannot work, and are not wrong either."""
    if any(concern.needs_owner for concern in now.concerns):
        return ""
    if now.concerns:
        return "Nothing needs you."
    return "Everything that has its key works." if some_lack_a_key else "Everything works."


def vendor_card(found: VendorReport) -> VendorCard:
    vendor = found.vendor
    lanes = [_lane_card(use, vendor.models) for use in found.lanes]
    badge, shape, kind = _badge(found)
    return VendorCard(
        found=found,
        badge=badge,
        badge_shape=shape,
        kind=kind,
        check_shape=_check_shape(vendor.check),
        key_names=", ".join(vendor.key.values) if vendor.key else "",
        missing=[] if vendor.key else missing_names(vendor.provider),
        busy_lanes=[lane for lane in lanes if not lane.is_at_rest],
        resting_lanes=[lane for lane in lanes if lane.is_at_rest],
        other_keys=[_other_key_card(other, vendor.models) for other in found.others],
        billing=billing_words(vendor.provider),
    )


def billing_words(vendor: Provider) -> str:
    """What a vendor's pages say it charges for though no picture came, and how long results can be fetched."""
    endings = {
        "filtered pictures": vendor.billed_on_filter,
        "cancelled calls": vendor.billed_on_cancel,
        "calls that outlast our waiting": vendor.billed_on_timeout,
    }
    named = {
        answer: get_text_list([what for what, said in endings.items() if said == answer], "and")
        for answer in WHEN_CHARGED
    }
    sentences = [words.format(named[answer]) for answer, words in WHEN_CHARGED.items() if named[answer]]
    if vendor.reports_cost:
        sentences.append("Its answers name their cost.")
    if vendor.result_seconds:
        minutes = vendor.result_seconds // 60
        kept = f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
        sentences.append(f"It keeps results for {kept}.")
    return " ".join(sentences)


def _other_key_card(found: OtherKeyReport, models: Sequence[CloudModel]) -> OtherKeyCard:
    lanes = [_lane_card(use, models) for use in found.lanes]
    return OtherKeyCard(found, _check_shape(found.other.check), [lane for lane in lanes if not lane.is_at_rest])


def _check_shape(check: KeyCheck | None) -> str:
    return CHECK_SHAPES[KeyCheck.State(check.state)] if check else "queued"


def _badge(found: VendorReport) -> tuple[str, str, str]:
    """The worst that is known of it in two words, a shape and a kind."""
    if found.vendor.key is None:
        return "no key", "release", "quiet"
    worst = next((concern for concern in found.concerns if concern.badge), None)
    if worst is not None:
        return worst.badge, BADGE_SHAPES[worst.level], "bad" if worst.level == "stopped" else "warn"
    if found.paused:
        return "pausing", "running", "warn"
    check = found.vendor.check
    if found.traffic.succeeded or (check is not None and check.state == KeyCheck.State.VALID):
        return "works", "succeeded", "good"
    return "not tried yet", "queued", "quiet"


def _lane_card(use: LaneUse, models: Sequence[CloudModel]) -> LaneCard:
    stated = [limit.limit for limit in use.limits if limit.source != "learned"]
    mark = use.lane.model, use.lane.address
    return LaneCard(
        use=use,
        names=", ".join(model.name for model in models if (model.cloud_model_id, model.address) == mark and mark[0]),
        bars=[_bar(limit) for limit in use.limits],
        rows=rows_of(stated),
        is_paused=is_paused(use.lane),
        is_owners=use.lane.limits is not None,
    )


def _bar(use: LimitUse) -> LimitBar:
    count, used = use.limit.count, use.used
    width = min(BAR, used * BAR // count)
    if use.limit.kind == "spend":
        return LimitBar(use, f"{format_money(used, 'USD')} of {format_money(count, 'USD')} used", width)
    verb = "under way" if use.limit.kind == "parallel" else "used"
    return LimitBar(use, f"{used:,} of {count:,} {verb}", width)
