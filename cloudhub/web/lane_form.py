"""A lane's limits as rows of a form: a number, of what, and per how long."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from cloudhub.core.errors import Invalid
from cloudhub.core.money import format_amount, parse_amount
from cloudhub.lanes.limits import MOST_LIMITS
from providers.base import Limit

KIND_CHOICES = (("requests", "requests"), ("images", "pictures"), ("parallel", "calls at once"), ("spend", "dollars"))
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_FIELD = re.compile(r"limits\[(\d+)\]")


@dataclass(frozen=True)
class LimitRow:
    """What stands, or was written, in one row; `fault` says what is wrong with it."""

    count: str = ""
    kind: str = "requests"
    every: str = "1"
    unit: str = "minute"
    fault: str = ""


class BadRows(Invalid):
    """Rows that cannot be read; `rows` are the same with the faults in them."""

    def __init__(self, rows: Sequence[LimitRow]) -> None:
        faults = {f"row {place}": row.fault for place, row in enumerate(rows, 1) if row.fault}
        super().__init__("The limits were not changed.", fields=faults)
        self.rows = list(rows)


def rows_of(limits: Sequence[Limit]) -> list[LimitRow]:
    """A row for each limit, and an empty one for another."""
    return with_room([_row(limit) for limit in limits])


def with_room(rows: Sequence[LimitRow]) -> list[LimitRow]:
    return [*rows, LimitRow()] if len(rows) < MOST_LIMITS else list(rows)


def _row(limit: Limit) -> LimitRow:
    unit = next((name for name in reversed(UNITS) if limit.seconds and limit.seconds % UNITS[name] == 0), "minute")
    every = str(max(1, limit.seconds // UNITS[unit]))
    count = format_amount(limit.count).rstrip("0").rstrip(".") if limit.kind == "spend" else str(limit.count)
    return LimitRow(count, limit.kind, every, unit)


def posted_rows(data: QueryDict) -> list[LimitRow]:
    """The rows of a posted form whose number is not empty: emptying it takes a limit away."""
    columns = [data.getlist(name) for name in ("count", "kind", "every", "unit")]
    rows = [LimitRow(*(text.strip() for text in row)) for row in zip(*columns, strict=False)]
    return [row for row in rows if row.count]


def limits_in(rows: Sequence[LimitRow]) -> list[dict[str, Any]]:
    """The rows as the core reads them; what is no number stays text, so that the core names it. Raises `BadRows`."""
    limits: list[dict[str, Any]] = []
    faults: dict[int, str] = {}
    for place, row in enumerate(rows):
        count: object = _number(row.count)
        if row.kind == "spend":
            try:
                count = parse_amount(row.count)
            except ValueError as error:
                faults[place] = str(error)
        every = _number(row.every)
        seconds = every * UNITS[row.unit] if isinstance(every, int) and row.unit in UNITS else every
        limits.append({"kind": row.kind, "count": count} | ({} if row.kind == "parallel" else {"seconds": seconds}))
    if faults:
        raise BadRows(_with_faults(rows, faults))
    return limits


def with_core_faults(rows: Sequence[LimitRow], fields: Mapping[str, str]) -> list[LimitRow]:
    """The rows with the core's sentences, which name them as limits[0].count."""
    faults: dict[int, str] = {}
    for name, sentence in fields.items():
        found = _FIELD.match(name)
        place = int(found[1]) if found else 0
        faults[place] = f"{faults.get(place, '')} {sentence}".strip()
    return _with_faults(rows, faults)


def _with_faults(rows: Sequence[LimitRow], faults: Mapping[int, str]) -> list[LimitRow]:
    return [replace(row, fault=faults.get(place, "")) for place, row in enumerate(rows)]


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else text
