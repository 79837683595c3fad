"""How long what is kept: read, changed by owners, and carried out in steps by the runner's chores."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import Team
from cloudhub.accounts.sessions import forget_ended_sessions
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.core.errors import Forbidden, Invalid, NotFound
from cloudhub.generations.bin import overdue
from cloudhub.generations.purge import purge_images, remove_purged_files
from cloudhub.records.erasure import carry_out_erasures
from cloudhub.records.kinds import KINDS, Kind
from cloudhub.records.models import RetentionRule

LONGEST_DAYS = 36_500
MOST_ROUNDS = 1000
SESSIONS_AT_ONCE = 1000


@dataclass(frozen=True)
class Rule:
    """How long a kind is kept: by the hub, by the team, and what follows for the team. None is for ever."""

    kind: Kind
    hub_days: int | None
    team_days: int | None

    @property
    def days(self) -> int | None:
        return _stricter(self.hub_days, self.team_days)


def rules_for(actor: Actor) -> list[Rule]:
    """Every kind with the hub's rule and the one of the actor's team."""
    actor.require("read")
    found = {(rule.kind, rule.team_id): rule.days for rule in RetentionRule.objects.filter(team=None)}
    found |= {(rule.kind, rule.team_id): rule.days for rule in RetentionRule.objects.filter(team=actor.team)}
    return [Rule(kind, found.get((name, None)), found.get((name, actor.team.pk))) for name, kind in KINDS.items()]


@dataclass(frozen=True)
class Change:
    """A rule as it would be, and how many records it would remove now."""

    kind: Kind
    team: Team | None
    days: int | None
    count: int


def look_at_change(actor: Actor, *, kind: object, days: object, for_hub: bool) -> Change:
    """What a rule would remove now; changes nothing. Raises as `set_retention`."""
    chosen, team, number = _read(actor, kind, days, for_hub)
    now = timezone.now()
    count = 0
    for affected in [team] if team else Team.objects.order_by("id"):
        strictest = _stricter(number, _days_of(chosen, None if team else affected))
        if strictest is not None:
            count += chosen.ready(chosen.due(affected, now - timedelta(days=strictest))).count()
    return Change(chosen, team, number, count)


def set_retention(actor: Actor, *, kind: object, days: object, for_hub: bool) -> Change:
    """Keep a kind of record for `days` (digits, "" or None for ever): in the hub, or stricter in the actor's team.

    Raises `Forbidden` for who owns neither, `NotFound` for an unknown kind, `Invalid` naming `days`.
    """
    chosen, team, number = _read(actor, kind, days, for_hub)

    def work() -> None:
        rules = RetentionRule.objects.filter(kind=chosen.name, team=team)
        before = rules.values_list("days", flat=True).first()
        if number is None:
            rules.delete()
        elif not rules.update(days=number):
            RetentionRule.objects.create(kind=chosen.name, team=team, days=number)
        record(actor, "retention.changed", target_kind="retention", target_id=chosen.name, target_name=chosen.label,
               team=team, details={"days": number, "before": before, "whole_hub": team is None})  # fmt: skip

    run_transaction(work)
    return Change(chosen, team, number, 0)


def _read(actor: Actor, kind: object, days: object, for_hub: bool) -> tuple[Kind, Team | None, int | None]:
    actor.require("manage")
    if for_hub and not actor.is_hub_owner:
        raise Forbidden("Only an owner of the hub says how long the whole hub keeps something.")
    chosen = KINDS.get(str(kind))
    if chosen is None:
        raise NotFound("There is no such kind of record.")
    number = _number(chosen, days)
    if not for_hub:
        hub_days = _days_of(chosen, None)
        if number is not None and hub_days is not None and number > hub_days:
            raise Invalid.of({"days": f"The hub keeps this for {hub_days} days; a team may only be stricter."})
    return chosen, None if for_hub else actor.team, number


def _number(kind: Kind, days: object) -> int | None:
    text = str(days if days is not None else "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not kind.least_days <= int(text) <= LONGEST_DAYS:
        raise Invalid.of(
            {"days": f"Give whole days from {kind.least_days} to {LONGEST_DAYS:,}, or nothing to keep it for ever."}
        )
    return int(text)


def _days_of(kind: Kind, team: Team | None) -> int | None:
    return RetentionRule.objects.filter(kind=kind.name, team=team).values_list("days", flat=True).first()


def _stricter(one: int | None, other: int | None) -> int | None:
    return min((days for days in (one, other) if days is not None), default=None)


def carry_out(stopping: threading.Event, now: datetime | None = None) -> None:
    """Remove what is over its time, in short steps between which the hub may stop and rules may change."""
    now = now or timezone.now()
    carry_out_erasures(stopping)
    for kind in KINDS.values():
        if RetentionRule.objects.filter(kind=kind.name).exists():
            for team in Team.objects.order_by("id"):
                _carry_out_kind(kind, team, now, stopping)
    _in_steps(stopping, lambda: purge_images(overdue(now)))
    _in_steps(stopping, remove_purged_files)
    _in_steps(stopping, lambda: _end_sessions(now))
    _in_steps(stopping, lambda: forget_ended_sessions(SESSIONS_AT_ONCE))


def _carry_out_kind(kind: Kind, team: Team, now: datetime, stopping: threading.Event) -> None:
    def step() -> int:
        # Read anew each time: whoever changes a rule need not watch the rest of the old one being carried out.
        days = _stricter(_days_of(kind, None), _days_of(kind, team))
        return 0 if days is None else kind.clear(kind.due(team, now - timedelta(days=days)))

    count = _in_steps(stopping, step)
    if count:
        details = {"kind": kind.name, "count": count}
        run_transaction(lambda: record(None, "retention.carried_out", target_kind="retention", target_id=kind.name,
                                       target_name=kind.label, team=team, details=details))  # fmt: skip


def _in_steps(stopping: threading.Event, step: Callable[[], int]) -> int:
    total = 0
    for _ in range(MOST_ROUNDS):
        done = 0 if stopping.is_set() else step()
        release_connection()
        total += done
        if not done:
            break
    return total


def _end_sessions(now: datetime) -> int:
    keys = list(Session.objects.filter(expire_date__lt=now).values_list("session_key", flat=True)[:SESSIONS_AT_ONCE])
    return run_transaction(lambda: Session.objects.filter(session_key__in=keys).delete()[0]) if keys else 0
