"""Which windows a call counts in: calendar windows of a budget's time zone, half open, and the rows of counters."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from cloudhub.accounts.models import HubKey
from cloudhub.billing.models import Budget, BudgetWindow, Dimensions, Scope, WindowKind
from cloudhub.core.database import run_transaction

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


def window_bounds(budget: Budget, at: datetime) -> tuple[datetime, datetime]:
    """Start and end, in UTC, of the budget's window that holds the instant `at`."""
    if budget.window_kind == WindowKind.TOTAL:
        return budget.created_at, END_OF_TIME
    zone = ZoneInfo(budget.time_zone)
    day = at.astimezone(zone).date()
    if budget.window_kind == WindowKind.DAY:
        first, following = day, day + timedelta(days=1)
    elif budget.window_kind == WindowKind.WEEK:
        first = day - timedelta(days=day.weekday())
        following = first + timedelta(days=7)
    else:
        first = day.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
    return _midnight(first, zone), _midnight(following, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a calendar day begins in a zone; never "start + 24 h", for days have 21 to 27 hours."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def applicable_budgets(dimensions: Dimensions) -> list[Budget]:
    """The budgets that a call with these dimensions counts in, in id order: those that lived when it was held."""
    matching = Q(scope=Scope.HUB) | Q(scope=Scope.TEAM, target=str(dimensions.team_id))
    matching |= Q(scope=Scope.USER, target=str(dimensions.user_id))
    matching |= Q(scope=Scope.PROVIDER, target=dimensions.provider)
    matching |= Q(scope=Scope.MODEL, target=dimensions.model.key)
    if dimensions.hub_key is not None:
        # A key that replaced another one counts in that one's budget, or rotating a key would escape it.
        matching |= Q(scope=Scope.HUB_KEY, target__in=[str(line) for line in dimensions.hub_key.lines])
    tags = [tag for tag in dimensions.tags.split("|") if tag]
    if tags:
        matching |= Q(scope=Scope.TAG, target__in=tags)
    living = Q(archived_at=None) | Q(archived_at__gt=dimensions.held_at)
    return list(Budget.objects.filter(living, matching, currency=dimensions.currency).order_by("id"))


def matching_dimensions(budget: Budget) -> Q:
    """The reverse: which holds and ledger entries count in a budget, whatever windows they were given."""
    columns = {
        Scope.TEAM: "team_id",
        Scope.USER: "user_id",
        Scope.MODEL: "model__key",
        Scope.PROVIDER: "provider",
    }
    condition = Q(currency=budget.currency)
    if budget.scope == Scope.TAG:
        # Not `contains`: on SQLite that takes "Poster" for "poster".
        return condition & Q(GreaterThan(StrIndex("tags", Value(f"|{budget.target}|")), 0))
    if budget.scope == Scope.HUB_KEY:
        line = HubKey.objects.filter(Q(id=budget.target) | Q(older_lines__contains=f"|{budget.target}|"))
        return condition & Q(hub_key__in=line.values("id"))
    if budget.scope != Scope.HUB:
        condition &= Q(**{columns[Scope(budget.scope)]: budget.target})
    return condition


def windows_at(budgets: Iterable[Budget], at: datetime) -> tuple[list[BudgetWindow], list[Budget]]:
    """The budgets' window rows at an instant in id order, and the budgets that have no row for it yet.

    A budget has no window for what was held before its first one began, and does not count it.
    """
    budgets = [budget for budget in budgets if window_bounds(budget, budget.created_at)[0] <= at]
    rows = BudgetWindow.objects.filter(budget__in=budgets, starts_at__lte=at, ends_at__gt=at).select_related("budget")
    windows = list(rows.order_by("id"))
    present = {window.budget_id for window in windows}
    return windows, [budget for budget in budgets if budget.pk not in present]


def create_windows(budgets: Iterable[Budget], at: datetime) -> None:
    """Insert missing window rows with zero counters, in budget order and in a transaction of their own.

    A window begins empty: a budget's first window is made with the budget, counting what was spent before.
    """
    ids = [budget.pk for budget in budgets]

    def insert() -> None:
        # Read again under lock: a limit that is being changed must not be copied in its old form.
        locked = Budget.objects.select_for_update(no_key=True).filter(id__in=ids).order_by("id")
        BudgetWindow.objects.bulk_create((_empty_window(budget, at) for budget in locked), ignore_conflicts=True)

    if ids:
        run_transaction(insert)


def _empty_window(budget: Budget, at: datetime) -> BudgetWindow:
    starts_at, ends_at = window_bounds(budget, at)
    return BudgetWindow(
        budget=budget, starts_at=starts_at, ends_at=ends_at, limit_micros=budget.limit_micros, hard=budget.hard
    )


def lock_budgets_against_calls() -> None:
    """Until the transaction ends no call is admitted, so that none slips between counting and guarding.

    SQLite's single writer gives the same for nothing.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE billing_hold IN SHARE ROW EXCLUSIVE MODE")
