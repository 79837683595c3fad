"""Spend by day as columns: the numbers of a report laid out for a drawing 100 units high."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cloudhub.billing.reports import Row
from cloudhub.core.money import format_money

HEIGHT, STEP, GAP = 100, 10, 2
MOST_DAYS = 366


@dataclass(frozen=True)
class Column:
    """One day. `x`, `y`, `width` and `height` are in the drawing's units."""

    day: date
    amount: str
    calls: int
    images: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """One currency's columns, from the first day to the last without gaps."""

    currency: str
    columns: list[Column]
    total: str
    largest: str
    width: int

    @property
    def spent_days(self) -> list[Column]:
        return [column for column in reversed(self.columns) if column.calls or column.height]


def charts(rows: Sequence[Row], first: date, last: date) -> list[Chart]:
    """A chart for each currency among the rows, which are grouped by day; currencies are never added up."""
    currencies = sorted({row.currency for row in rows}, key=lambda currency: (currency != "USD", currency))
    return [_chart([row for row in rows if row.currency == currency], currency, first, last) for currency in currencies]


def _chart(rows: list[Row], currency: str, first: date, last: date) -> Chart:
    by_day = {row.group: row for row in rows}
    count = min((last - first).days + 1, MOST_DAYS)
    days = [last - timedelta(days=back) for back in range(count - 1, -1, -1)]
    largest = max((row.amount_micros for row in rows), default=0)
    columns = [
        _column(day, place, by_day.get(day.isoformat()) or Row("", 0, 0, 0, currency), largest)
        for place, day in enumerate(days)
    ]
    total = format_money(sum(row.amount_micros for row in rows), currency)
    return Chart(currency, columns, total, format_money(largest, currency), count * STEP)


def _column(day: date, place: int, row: Row, largest: int) -> Column:
    height = max(round(row.amount_micros * HEIGHT / largest, 2), 1) if row.amount_micros > 0 and largest > 0 else 0
    amount = format_money(row.amount_micros, row.currency)
    return Column(day, amount, row.calls, row.images, place * STEP + GAP / 2, HEIGHT - height, STEP - GAP, height)
