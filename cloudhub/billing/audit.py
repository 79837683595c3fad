"""Rebuild every counter from the ledger alone and compare: any difference is a sentence."""

from collections.abc import Iterator

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, Q, Sum
from django.utils import timezone

from cloudhub.billing.budgets import recount
from cloudhub.billing.models import BudgetWindow, Hold, LedgerEntry
from cloudhub.billing.triggers import missing_triggers
from cloudhub.billing.windows import applicable_budgets, windows_at
from cloudhub.catalog.prices import cost_of
from cloudhub.core.money import format_money


def read_one_snapshot(database: BaseDatabaseWrapper) -> None:
    """Make the transaction that has just begun read one consistent state; SQLite's does so by itself."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def differences() -> Iterator[str]:
    """Every difference found, none when the books are right. Reads inside the caller's transaction, changes nothing."""
    for name in missing_triggers(connection):
        yield f"The ledger's guard {name} is missing: rows could be changed unseen."
    yield from _window_differences()
    yield from _hold_differences()
    yield from _amount_differences()
    yield from _settled_differences()


def _window_differences() -> Iterator[str]:
    for window in BudgetWindow.objects.select_related("budget").iterator():
        held, posted = recount(window)
        if (held, posted) != (window.held_micros, window.posted_micros):
            yield (
                f"{window}: counters say held {window.held_micros}, posted {window.posted_micros}; "
                f"the ledger says held {held}, posted {posted} (micro-units)."
            )
        yield from _limit_differences(window)


def _limit_differences(window: BudgetWindow) -> Iterator[str]:
    """The open window of a living budget guards by the budget's own words; past ones keep those of their time."""
    budget = window.budget
    is_open = budget.archived_at is None and window.ends_at > timezone.now()
    if is_open and (window.limit_micros, window.hard) != (budget.limit_micros, budget.hard):
        yield f"{window}: its limit is {window.limit_micros}, the budget's is {budget.limit_micros} (micro-units)."


def _hold_differences() -> Iterator[str]:
    """An open hold has its amount held, no ending and the windows it counts in; a closed one holds nothing and has
    exactly one ending."""
    endings = Q(entries__kind__in=["settle", "release", "write_off"])
    holds = Hold.objects.annotate(
        held=Sum("entries__held_delta"),
        placed=Count("entries", filter=Q(entries__kind="hold")),
        ended=Count("entries", filter=endings),
    )
    for hold in holds.filter(state=Hold.State.OPEN).select_related("model").iterator():
        if (hold.held, hold.placed, hold.ended) != (hold.amount_micros, 1, 0):
            yield f"Open hold {hold.pk}: the ledger holds {hold.held} of {hold.amount_micros}, {hold.ended} endings."
        windows, _ = windows_at(applicable_budgets(hold), hold.held_at)
        if hold.window_ids != [window.pk for window in windows]:
            yield f"Open hold {hold.pk}: its window list {hold.window_ids} is not that of the budgets it counts in."
    for hold in holds.filter(state=Hold.State.CLOSED).exclude(held=0, placed=1, ended=1).iterator():
        yield f"Closed hold {hold.pk}: the ledger still holds {hold.held}, {hold.ended} endings instead of one."


def _amount_differences() -> Iterator[str]:
    """Every hold's amount can be derived again from its frozen price and quantities."""
    for hold in Hold.objects.select_related("price").iterator():
        cost = cost_of(hold.quote.get("quantities", {}), hold.price) if hold.quote.get("known") else None
        expected = cost.amount if cost else 0
        if expected != hold.amount_micros:
            yield (
                f"Hold {hold.pk}: {format_money(hold.amount_micros, hold.currency)} is held, its frozen price "
                f"gives {format_money(expected, hold.currency)}."
            )


def _settled_differences() -> Iterator[str]:
    """Every settlement that a vendor's figures decided can be derived again from them and the frozen price."""
    settled = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.SETTLE, billed__isnull=False).select_related("price")
    overruns = dict(LedgerEntry.objects.filter(kind=LedgerEntry.Kind.OVERRUN).values_list("hold_id", "posted_delta"))
    for entry in settled.iterator():
        cost = cost_of(entry.billed or {}, entry.price)
        posted = entry.posted_delta + overruns.get(entry.hold_id, 0)
        if cost is None or cost.amount != posted:
            derived = format_money(cost.amount, entry.currency) if cost else "no amount"
            yield (
                f"Hold {entry.hold_id}: {format_money(posted, entry.currency)} is posted, the vendor's figures at the "
                f"frozen price give {derived}."
            )


def ledger_totals() -> list[tuple[str, int, int, int]]:
    """(currency, lines, held, posted) of the whole ledger, for the auditor's closing line."""
    sums = LedgerEntry.objects.values("currency").annotate(
        lines=Count("id"), held=Sum("held_delta"), posted=Sum("posted_delta")
    )
    return [(row["currency"], row["lines"], row["held"], row["posted"]) for row in sums.order_by("currency")]
