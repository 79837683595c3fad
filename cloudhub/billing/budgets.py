"""Make, change and end budgets, and say how they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import QuerySet, Sum
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import HubKey, Membership, Team
from cloudhub.billing.budget_rights import home_of, require_change, require_scope, visible_to
from cloudhub.billing.models import Budget, BudgetWindow, Dimensions, Hold, LedgerEntry, Scope, WindowKind
from cloudhub.billing.windows import (
    applicable_budgets,
    lock_budgets_against_calls,
    matching_dimensions,
    window_bounds,
)
from cloudhub.catalog.access import usable_models
from cloudhub.catalog.models import CloudModel
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Invalid, NotFound
from cloudhub.core.money import CURRENCIES, format_amount, parse_amount
from cloudhub.core.text import is_storable
from providers.catalogue import installed_providers

DEFAULT_ALERTS = [50, 80, 100]


@dataclass(frozen=True)
class BudgetStanding:
    """How a budget stands in its current window, in micro-units of its currency."""

    budget: Budget
    window_start: datetime
    window_end: datetime
    spent: int
    held: int

    @property
    def remaining(self) -> int:
        return self.budget.limit_micros - self.spent - self.held


def create_budget(actor: Actor, fields: Mapping[str, Any]) -> Budget:
    """Make a budget from the fields of INTERFACES; it counts everything of its scope in the current window.

    Raises `Invalid` naming each field, also a target that the actor does not see, and `Forbidden` for a scope beyond
    the actor's team.
    """
    actor.require("manage")
    values = read_budget_fields(fields, actor)
    budget = Budget(**values, by_hub_owner=actor.is_hub_owner)
    require_scope(actor, budget)

    def insert() -> None:
        insert_budget(budget)
        _record(actor, "budget.created", budget, {**_words_of(budget), "target": budget.target})

    run_transaction(insert)
    return budget


def insert_budget(budget: Budget) -> None:
    """Store a checked budget with its first window, in the caller's transaction."""
    lock_budgets_against_calls()
    # Read behind the lock: every call that was admitted without this budget was held before.
    budget.created_at = timezone.now()
    budget.save(force_insert=True)
    _open_first_window(budget)


def _open_first_window(budget: Budget) -> None:
    """The current window, counting what was spent and is held since it began; open holds learn of it."""
    starts_at, ends_at = window_bounds(budget, budget.created_at)
    window = BudgetWindow(budget=budget, starts_at=starts_at, ends_at=ends_at, limit_micros=budget.limit_micros,
                          hard=budget.hard)  # fmt: skip
    window.held_micros, window.posted_micros = recount(window)
    window.save(force_insert=True)
    inside = Hold.objects.filter(matching_dimensions(budget), state=Hold.State.OPEN)
    for hold in inside.filter(held_at__gte=starts_at, held_at__lt=ends_at).select_for_update():
        Hold.objects.filter(id=hold.pk).update(window_ids=sorted({*hold.window_ids, window.pk}))


def recount(window: BudgetWindow) -> tuple[int, int]:
    """(held, posted) of a window from the ledger's dimensions alone, never from counters or stored window lists.

    An ended budget counts what was held while it lived.
    """
    until = min(window.ends_at, window.budget.archived_at or window.ends_at)
    entries = LedgerEntry.objects.filter(
        matching_dimensions(window.budget), held_at__gte=window.starts_at, held_at__lt=until
    )
    sums = entries.aggregate(held=Sum("held_delta", default=0), posted=Sum("posted_delta", default=0))
    return sums["held"], sums["posted"]


def change_budget(actor: Actor, budget: Budget, changes: Mapping[str, Any]) -> Budget:
    """Change limit, name, alerts or hard. A limit below what is spent is allowed: it only stops new calls.

    Raises `Invalid` naming each field, and `Forbidden` for a budget that an owner of the hub made or may make alone.
    """
    require_change(actor, budget)
    fixed = sorted(set(changes) - {"limit", "name", "alerts", "hard"})
    if fixed:
        raise Invalid.of(dict.fromkeys(fixed, "This cannot be changed; end the budget and make another."))
    values = _read_changes(changes)

    def update() -> None:
        # The lock that the UPDATE takes anyway, so that "from" is what stood there.
        before = Budget.objects.select_for_update(no_key=True).get(id=budget.pk)
        Budget.objects.filter(id=budget.pk).update(**values)
        counters = {name: value for name, value in values.items() if name in ("limit_micros", "hard")}
        if counters:
            BudgetWindow.objects.filter(budget=budget, ends_at__gt=timezone.now()).update(**counters)
        after = Budget.objects.get(id=budget.pk)
        _record(actor, "budget.changed", after, _differences(before, after, set(changes)))

    if values:
        run_transaction(update)
        budget.refresh_from_db()
    return budget


def end_budget(actor: Actor, budget: Budget) -> None:
    """End a budget; its windows and every ledger line stay. Raises `Forbidden` as `change_budget`."""
    require_change(actor, budget)

    def end() -> None:
        lock_budgets_against_calls()
        if Budget.objects.filter(id=budget.pk, archived_at=None).update(archived_at=timezone.now()):
            _record(actor, "budget.ended", budget, _words_of(budget))

    run_transaction(end)


def _record(actor: Actor, action: str, budget: Budget, details: dict[str, Any]) -> None:
    record(actor, action, target_kind="budget", target_id=budget.pk, target_name=budget.name, team=home_of(budget),
           details=details)  # fmt: skip


def _words_of(budget: Budget) -> dict[str, Any]:
    """What the audit trail keeps of a budget; not its name, which may be a person's."""
    return {"scope": budget.scope, "window": budget.window_kind, "limit": format_amount(budget.limit_micros),
            "currency": budget.currency, "hard": budget.hard, "alerts": budget.alerts}  # fmt: skip


def _differences(before: Budget, after: Budget, names: set[str]) -> dict[str, Any]:
    """From what to what each named field was changed; of the name only that it was."""
    old, new = _words_of(before), _words_of(after)
    changed = {name: {"from": old[name], "to": new[name]} for name in sorted(names & set(old))}
    return {**changed, "name": "changed"} if "name" in names else changed


def budgets_for(actor: Actor) -> QuerySet[Budget]:
    """The living budgets that the actor may see: all for a hub owner, else those that can limit the actor's team, but
    of people only the actor and those who are in no other team."""
    return Budget.objects.filter(visible_to(actor), archived_at=None).order_by("id")


def find_budget(actor: Actor, budget_id: object) -> Budget:
    """Raises `NotFound` for a budget that the actor may not see."""
    number = _read_number(budget_id) if isinstance(budget_id, str | int) else None
    found = budgets_for(actor).filter(id=number).first() if number is not None else None
    if found is None:
        raise NotFound("There is no such budget.")
    return found


def budget_standing(budget: Budget, at: datetime | None = None) -> BudgetStanding:
    """How the budget stands now; a window that no call has opened yet is empty."""
    at = at or timezone.now()
    window = BudgetWindow.objects.filter(budget=budget, starts_at__lte=at, ends_at__gt=at).first()
    if window is None:
        return BudgetStanding(budget, *window_bounds(budget, at), spent=0, held=0)
    return BudgetStanding(budget, window.starts_at, window.ends_at, window.posted_micros, window.held_micros)


def applicable_standings(dimensions: Dimensions) -> list[BudgetStanding]:
    """The budgets that a call would count in, tightest hard one first."""
    standings = [budget_standing(budget, dimensions.held_at) for budget in applicable_budgets(dimensions)]
    return sorted(standings, key=lambda standing: (not standing.budget.hard, standing.remaining))


def read_budget_fields(fields: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """The columns of a budget from the fields of INTERFACES; what the actor does not see is as absent as what is not
    there. Raises `Invalid` naming each field."""
    known = {"name", "scope", "target", "window", "timezone", "limit", "currency", "hard", "alerts"}
    problems = {field: "There is no such field." for field in fields if field not in known}
    problems |= {
        field: "This field is needed." for field in ("name", "scope", "window", "limit") if field not in fields
    }
    scope, window, currency = fields.get("scope"), fields.get("window"), fields.get("currency", "USD")
    zone = "UTC" if fields.get("timezone") in (None, "") else fields["timezone"]
    if "scope" in fields and scope not in Scope.values:
        problems["scope"] = f"Choose one of {', '.join(Scope.values)}."
    if "window" in fields and window not in WindowKind.values:
        problems["window"] = f"Choose one of {', '.join(WindowKind.values)}."
    if currency not in CURRENCIES:
        problems["currency"] = f"Choose one of {', '.join(CURRENCIES)}."
    if not isinstance(zone, str) or zone not in available_timezones():
        problems["timezone"] = "Name a time zone such as Europe/Berlin."
    target = _read_target(actor, scope, fields.get("target"), problems) if "scope" not in problems else ""
    changes = {name: fields[name] for name in ("name", "limit", "hard", "alerts") if name in fields}
    try:
        values = _read_changes(changes)
    except Invalid as error:
        problems |= error.fields
    if problems:
        raise Invalid.of(problems)
    ZoneInfo(zone)
    return {"alerts": DEFAULT_ALERTS, **values, "scope": scope, "window_kind": window, "currency": currency,
            "time_zone": zone, "target": target}  # fmt: skip


def _read_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    if "name" in changes:
        values["name"] = changes["name"]
        if not isinstance(changes["name"], str) or not _is_name(changes["name"]):
            problems["name"] = "A budget needs a name of at most 100 characters."
    if "limit" in changes:
        try:
            values["limit_micros"] = parse_amount(changes["limit"])
        except ValueError as error:
            problems["limit"] = str(error)
    if "hard" in changes:
        values["hard"] = changes["hard"]
        if not isinstance(changes["hard"], bool):
            problems["hard"] = "Must be true or false."
    if "alerts" in changes:
        values["alerts"] = changes["alerts"]
        if not _are_alerts(changes["alerts"]):
            problems["alerts"] = "Alerts are whole percentages from 1 to 100."
    if problems:
        raise Invalid.of(problems)
    return values


def _is_name(name: str) -> bool:
    return len(name.strip()) > 0 and len(name) <= 100 and is_storable(name)


def _are_alerts(alerts: Any) -> bool:
    if not isinstance(alerts, list) or len(alerts) > 10:
        return False
    return all(isinstance(alert, int) and not isinstance(alert, bool) and 1 <= alert <= 100 for alert in alerts)


def _read_target(actor: Actor, scope: Any, target: Any, problems: dict[str, str]) -> str:
    if scope == Scope.HUB or scope is None:
        if target is not None and target != "":
            problems["target"] = "A budget of the whole hub has no target."
        return ""
    if isinstance(target, bool) or not isinstance(target, str | int) or target == "":
        problems["target"] = "Say what the budget is for."
        return ""
    text = _stored_target(actor, scope, target)
    if text is None:
        problems["target"] = f"There is no such {Scope(scope).label.lower()}."
    return text or ""


def _stored_target(actor: Actor, scope: str, target: str | int) -> str | None:
    """The target as calls are matched with it, so "007" becomes "7"; None when the actor sees no such thing."""
    if scope in (Scope.TEAM, Scope.USER, Scope.HUB_KEY):
        number = _read_number(target)
        return _stored_number(actor, scope, number) if number is not None else None
    if not isinstance(target, str) or len(target) > 100 or "|" in target or not is_storable(target):
        return None
    exists = scope == Scope.TAG
    if scope == Scope.PROVIDER:
        exists = target in installed_providers()
    if scope == Scope.MODEL:
        exists = usable_models(actor, CloudModel.objects.filter(key=target)).exists()
    return target if exists else None


def _stored_number(actor: Actor, scope: str, number: int) -> str | None:
    within = {} if actor.is_hub_owner else {"team": actor.team}
    if scope == Scope.HUB_KEY:
        # The whole line of keys that replaced each other shares the budget of its first.
        key = HubKey.objects.filter(**within, id=number).first()
        return str(key.line) if key else None
    if scope == Scope.USER:
        return str(number) if Membership.objects.filter(**within, user_id=number).exists() else None
    is_seen = Team.objects.filter(id=number).exists() if actor.is_hub_owner else number == actor.team.pk
    return str(number) if is_seen else None


def _read_number(value: str | int) -> int | None:
    """A row's number, None for what cannot be one: databases refuse to compare with more than 64 bits."""
    if isinstance(value, int):
        return value if 0 < value < 2**63 else None
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None
