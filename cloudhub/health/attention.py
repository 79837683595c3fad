"""What is wrong and what to do, in sentences, the worst first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.lifecycle import Standing, standing
from cloudhub.catalog.models import CloudModel
from cloudhub.health.facts import Facts, OtherKey, Vendor, gather
from cloudhub.health.models import KeyCheck
from cloudhub.lanes.models import Lane
from cloudhub.vault.standing import WHAT_TO_DO, in_words, why_dropped
from providers.base import FAILURES
from providers.catalogue import find_provider

# "stopped": calls fail or wait. "decide": a person has to decide. "note": good to know, it passes or comes later.
Level = Literal["stopped", "decide", "note"]
LEVELS: tuple[Level, ...] = ("stopped", "decide", "note")
SOON_DAYS = 30
KEY_WORDS = {
    "key_invalid": "the key was refused",
    "billing_disabled": "billing is switched off or the credit is used up, it said",
    "org_unverified": "the organisation is not verified, it said",
    "permission_region": "the account may not use this, it said",
}
KEY_BADGES = {
    "key_invalid": "key refused",
    "billing_disabled": "no billing or credit",
    "org_unverified": "not verified",
    "permission_region": "not allowed",
}
LAST = ", the last one"
NOT_ASKED = "the check of the key failed"


@dataclass(frozen=True)
class Concern:
    """One thing to know. `what` ends without a full stop; `at` is when it was seen, and `joint` stands before it: "the
    key was refused" "4 minutes ago", "5 calls failed in a row" ", the last one" "4 minutes ago". `advice` says in
    sentences what to do; `place` is the vendor's id, the part of the page that tells more, or "keys" for the Keys page;
    `badge` is the same in two words for the vendor's own part."""

    level: Level
    what: str
    advice: str
    at: datetime | None = None
    place: str = ""
    badge: str = ""
    joint: str = ""

    @property
    def needs_owner(self) -> bool:
        return self.level != "note"


def concerns(facts: Facts, *, may_decide: bool) -> list[Concern]:
    """Everything that is wrong, the worst first; empty when all is well."""
    found = [*_runner(facts), *_stored_keys(facts)]
    for vendor in facts.vendors:
        found += _of_vendor(vendor, facts)
    found += [*_unknown(facts, may_decide), *_blocked(facts), *_retired(facts)]
    return sorted(found, key=lambda concern: LEVELS.index(concern.level))


def count_for_owner(actor: Actor) -> int:
    """How many things need the owner, for the mark in the navigation; 0 for people who can do nothing about them."""
    if not actor.may("manage"):
        return 0
    return sum(concern.needs_owner for concern in concerns(gather(actor), may_decide=True))


def _runner(facts: Facts) -> Iterator[Concern]:
    if not facts.runner_was_seen:
        advice = "Start the hub with “python3 hub.py run”, or beside it “python3 hub.py manage run_generations”."
        yield Concern("stopped", "No runner takes queued work", advice)


def _stored_keys(facts: Facts) -> Iterator[Concern]:
    """Keys that people typed and that are of no use any more."""
    if facts.unopened:
        yield Concern("stopped", in_words(len(facts.unopened)), WHAT_TO_DO, None, "keys")
    for stored in facts.lost:
        vendor = find_provider(stored.provider)
        if vendor is not None:
            advice = f"{why_dropped(vendor)} Revoking it there ends this note."
            yield Concern("decide", f"The key {stored} was dropped", advice, stored.ended_at, "keys")


def _of_vendor(vendor: Vendor, facts: Facts) -> Iterator[Concern]:
    """Its keys, its circuit, its pauses. A vendor without a key is no concern: nothing can be sent to it."""
    if not vendor.is_set_up:
        return
    for other in vendor.others:
        yield from _of_other_key(vendor, other, facts)
    if vendor.key is None:
        return
    lanes, whole = _lanes_of(vendor, vendor.key_print, facts)
    at_key = _key_fault(vendor, whole)
    if at_key is not None:
        yield at_key
    elif whole is not None and whole.opened_until is not None:
        yield _circuit(vendor, whole, facts.now, vendor.provider.label)
    elif vendor.check is not None and vendor.check.state == KeyCheck.State.UNREACHABLE:
        what = f"{vendor.provider.label}: the key could not be checked"
        yield Concern("note", what, vendor.check.sentence, vendor.check.checked_at, vendor.provider.id, "not reached")
    for lane in lanes:
        if lane.pause_code == "rate_day" and lane.paused_until is not None and lane.paused_until > facts.now:
            yield _day_pause(vendor, lane, lane.paused_until)


def _lanes_of(vendor: Vendor, key_print: str | None, facts: Facts) -> tuple[list[Lane], Lane | None]:
    """A key's lanes that something happened to, and among them that of the key as a whole."""
    lanes = [lane for lane in facts.lanes if (lane.provider, lane.key_print) == (vendor.provider.id, key_print)]
    wholes = [lane for lane in lanes if not lane.model]
    # Of several servers' the one that calls wait for.
    return lanes, max(wholes, key=lambda lane: lane.opened_until is not None, default=None)


def _of_other_key(vendor: Vendor, other: OtherKey, facts: Facts) -> Iterator[Concern]:
    """A key beside the first one: refused, or left alone for a while. Another team's stops that team's calls."""
    _, whole = _lanes_of(vendor, other.key_print, facts)
    label = f"{vendor.provider.label}, key {other.origin}"
    fault = _fault_of(vendor, other.check, whole, "decide", label)
    if fault is not None:
        advice = "Rotate or revoke it under Keys." if other.key.stored_id else fault.advice
        yield replace(fault, advice=advice, badge="a key refused")
    elif whole is not None and whole.opened_until is not None:
        yield replace(_circuit(vendor, whole, facts.now, label), level="note", badge="a key rests")


def _key_fault(vendor: Vendor, whole: Lane | None) -> Concern | None:
    # With another key behind it calls go on.
    level: Level = "decide" if vendor.spare_keys else "stopped"
    return _fault_of(vendor, vendor.check, whole, level, vendor.provider.label)


def _fault_of(
    vendor: Vendor, check: KeyCheck | None, whole: Lane | None, level: Level, label: str
) -> Concern | None:  # fmt: skip
    """What a check said of a key, or a real call after it, whichever is later."""
    checked_at = check.checked_at if check is not None else None
    if whole is not None and _was_refused_since(whole, checked_at):
        code = whole.last_failure_code
        advice = vendor.provider.key_help if code == "key_invalid" else ""
        return Concern(level, f"{label}: {KEY_WORDS[code]}", advice or FAILURES[code].remedy, whole.last_failure_at,
                       vendor.provider.id, KEY_BADGES[code])  # fmt: skip
    if check is None or check.state != KeyCheck.State.REFUSED:
        return None
    what = f"{label}: {KEY_WORDS.get(check.code, NOT_ASKED)}"
    badge = KEY_BADGES.get(check.code, "check failed")
    return Concern(level, what, check.remedy, checked_at, vendor.provider.id, badge)


def _was_refused_since(whole: Lane, checked_at: datetime | None) -> bool:
    """Whether the last call failed because of the key. A call that works sets the failures back to none."""
    if not whole.failures or whole.last_failure_code not in KEY_WORDS or whole.last_failure_at is None:
        return False
    return checked_at is None or whole.last_failure_at > checked_at


def _circuit(vendor: Vendor, whole: Lane, now: datetime, label: str) -> Concern:
    what = f"{label}: {whole.failures} calls failed in a row"
    at, place = whole.last_failure_at, vendor.provider.id
    if whole.opened_until is not None and whole.opened_until > now:
        then = f"Calls wait until {whole.opened_until:%H:%M:%S} UTC; then one is tried."
        advice = f"{then} {whole.last_failure}".strip()
        return Concern("stopped", what, advice, at, place, badge="calls wait", joint=LAST)
    advice = "The next call is a trial: when it works, all go again."
    return Concern("note", what, advice, at, place, badge="on trial", joint=LAST)


def _day_pause(vendor: Vendor, lane: Lane, until: datetime) -> Concern:
    whose = f"{vendor.provider.label}, {lane.model}" if lane.model else vendor.provider.label
    advice = f"The vendor takes calls again from {until:%Y-%m-%d %H:%M} UTC. Use another model until then."
    return Concern(
        "note", f"{whose}: the day's limit is used up", advice, None, vendor.provider.id, "day's limit used up"
    )


def _unknown(facts: Facts, may_decide: bool) -> Iterator[Concern]:
    if facts.unknown:
        outcomes = "1 unknown outcome waits" if facts.unknown == 1 else f"{facts.unknown} unknown outcomes wait"
        whose = "your decision" if may_decide else "an owner's decision"
        advice = "The vendor may have billed it; the money stays held until somebody looks at the vendor's bill."
        yield Concern("decide", f"{outcomes} for {whose}", advice, None, "unknown")


def _blocked(facts: Facts) -> Iterator[Concern]:
    for model in facts.blocked:
        what = f"{model.name}: new calls are stopped, because the vendor billed more than its price list says"
        yield Concern("decide", what, "Look at the bill and acknowledge the price in the admin site, under Prices.")


def _retired(facts: Facts) -> Iterator[Concern]:
    for model, now in retirements(facts, SOON_DAYS):
        if not model.enabled:
            continue
        successor = f"Its successor is {now.successor}." if now.successor else "No successor is known."
        if now.is_past:
            what = f"{model.name} is past its shut-down date, {now.shutdown_date}"
            yield Concern("decide", what, f"{successor} Switch it off under Models when it no longer answers.", None,
                          "retirements")  # fmt: skip
        else:
            what = f"{model.name} shuts down in {now.days_left} day{'' if now.days_left == 1 else 's'}"
            yield Concern("note", what, successor, None, "retirements")


def retirements(facts: Facts, within_days: int) -> list[tuple[CloudModel, Standing]]:
    """Registered models whose shut-down lies within so many days, or has passed; the nearest first."""
    today = facts.now.date()
    found = [(model, standing(model, today)) for model in facts.models]
    near = [(model, now) for model, now in found if now.days_left is not None and now.days_left <= within_days]
    return sorted(near, key=lambda pair: pair[1].days_left or 0)
