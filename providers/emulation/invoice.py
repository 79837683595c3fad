"""What the emulated vendors charge: integer micro-dollars, a call's lines summed exactly and rounded once, upwards."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

MICRO = 1_000_000


@dataclass(frozen=True)
class ChargeLine:
    """`quantity` units at `micro` micro-dollars for every `per` units. `micro` may be exact parts of one."""

    quantity: int
    micro: int | Fraction
    per: int = 1


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What the vendor charges for the work of one call. `request_id` is the one that the answer carries."""

    model: str
    request_id: str
    lines: tuple[ChargeLine, ...]
    currency: str = "USD"

    @property
    def micro(self) -> int:
        """The amount in whole micro-dollars: exact sum of the lines, rounded up once."""
        exact = sum((Fraction(line.micro) * line.quantity / line.per for line in self.lines), Fraction(0))
        return -(-exact.numerator // exact.denominator)


@dataclass(frozen=True)
class _Entry:
    vendor: str
    charge: Charge
    micro: int
    at: datetime


class Invoice:
    """Every charged call of all vendors, in the order in which the work was done. Safe for many threads."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._lock = threading.Lock()

    def add(self, vendor: str, charge: Charge) -> None:
        """Enter a call's charge; a charge of nothing leaves no line."""
        micro = charge.micro
        if micro:
            with self._lock:
                self._entries.append(_Entry(vendor, charge, micro, datetime.now(UTC)))

    def void(self, vendor: str, request_id: str) -> None:
        """Take back the charge of a job that was stopped before it ran."""
        with self._lock:
            self._entries = [
                entry for entry in self._entries if (entry.vendor, entry.charge.request_id) != (vendor, request_id)
            ]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def as_json(self) -> dict[str, Any]:
        """`calls` and `totals` by currency, amounts as text with six places."""
        with self._lock:
            entries = list(self._entries)
        return {"calls": [_as_json(entry) for entry in entries], "totals": _totals(entries)}


def _as_json(entry: _Entry) -> dict[str, str]:
    return {
        "vendor": entry.vendor,
        "model": entry.charge.model,
        "amount": amount_text(entry.micro),
        "currency": entry.charge.currency,
        "request_id": entry.charge.request_id,
        "at": entry.at.isoformat(),
    }


def _totals(entries: Iterable[_Entry]) -> dict[str, str]:
    totals: dict[str, int] = {}
    for entry in entries:
        totals[entry.charge.currency] = totals.get(entry.charge.currency, 0) + entry.micro
    return {currency: amount_text(micro) for currency, micro in totals.items()}


def amount_text(micro: int) -> str:
    """39000 → "0.039000"."""
    return f"{micro // MICRO}.{micro % MICRO:06d}"
