"""The fault menu: what an emulated vendor does wrong, for how many calls, and the strict reading of a posted fault."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

LONGEST_DELAY_MS = 3_600_000
LARGEST_FACTOR = 1000
MOST_TIMES = 1_000_000
MOST_PICTURES = 100
LARGEST_CUT = 2**31 - 1
ABOUT_WORK = ("drop", "wrong_cost", "partial", "filtered", "text_only", "duplicate_webhook")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong with a call.

    `delay_ms` waits before the answer, after the work. `status` and `body` are answered instead of working.
    `drop` closes the connection without an answer, before or after the work; `cut_after_bytes` closes it after so
    many bytes of the body. `wrong_cost` is the factor on the usage that the vendor reports and bills. `partial` is
    the number of pictures delivered. `filtered` withholds them: True after the work, "prompt" before it.
    """

    vendor: str | None = None
    delay_ms: int = 0
    status: int | None = None
    body: str | dict[str, Any] | list[Any] | None = None
    drop: Literal["before_work", "after_work"] | None = None
    cut_after_bytes: int | None = None
    wrong_cost: Fraction = Fraction(1)
    partial: int | None = None
    filtered: bool | Literal["prompt"] = False
    text_only: bool = False
    duplicate_webhook: bool = False

    def scaled(self, count: int) -> int:
        """A usage figure as the vendor reports it: times `wrong_cost`, rounded to the nearest whole unit.

        A figure never becomes nothing: vendors leave zeros out, which would be another fault than a wrong cost.
        """
        return max(int((count * self.wrong_cost + Fraction(1, 2)) // 1), min(count, 1))


NO_FAULT = Fault()


class BadFault(ValueError):
    """A posted fault that cannot be read; `fields` maps each field at fault to a sentence."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__(" ".join(f"{name}: {sentence}" for name, sentence in self.fields.items()))


@dataclass
class _Posted:
    fault: Fault
    left: int | None
    as_posted: dict[str, Any]

    def matches(self, vendor: str, does_work: bool) -> bool:
        if self.fault.vendor not in (None, vendor):
            return False
        return does_work or not any(self.as_posted.get(name) is not None for name in ABOUT_WORK)


class FaultMenu:
    """The faults that wait for a call, oldest first. Safe for many threads."""

    def __init__(self) -> None:
        self._posted: list[_Posted] = []
        self._lock = threading.Lock()

    def post(self, wish: object, vendors: tuple[str, ...]) -> dict[str, Any]:
        """Add a fault and give it back as it is listed. Raises `BadFault`."""
        if not isinstance(wish, dict):
            raise BadFault({"fault": "A fault is a JSON object."})
        fault, times = read_fault(wish, vendors)
        as_posted = {name: str(value) if isinstance(value, Decimal) else value for name, value in wish.items()}
        posted = _Posted(fault, times, as_posted | {"times": times})
        with self._lock:
            self._posted.append(posted)
        return dict(posted.as_posted)

    def take(self, vendor: str, *, does_work: bool) -> Fault:
        """The oldest fault for this call, used up once; `NO_FAULT` without one.

        A fault that speaks of the work or its outcome waits for a call that does work; a read leaves it there.
        """
        with self._lock:
            posted = next((item for item in self._posted if item.matches(vendor, does_work)), None)
            if posted is None:
                return NO_FAULT
            if posted.left is not None:
                posted.left -= 1
                if posted.left == 0:
                    self._posted.remove(posted)
            return posted.fault

    def clear(self) -> None:
        with self._lock:
            self._posted.clear()

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            return {"faults": [item.as_posted | {"left": item.left} for item in self._posted]}


def _whole(low: int, high: int) -> tuple[Callable[[Any], bool], str]:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return fits, f"Must be a whole number from {low} to {high}."


def _is_factor(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return False
    try:
        factor = Decimal(value)
    except ArithmeticError:
        return False
    # A tiny exponent would become a fraction of a million digits.
    return factor.is_finite() and 0 <= factor <= LARGEST_FACTOR and int(factor.as_tuple().exponent) >= -12


_YES_OR_NO: tuple[Callable[[Any], bool], str] = (lambda value: isinstance(value, bool), "Must be true or false.")
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "times": _whole(1, MOST_TIMES),
    "delay_ms": _whole(0, LONGEST_DELAY_MS),
    "status": _whole(200, 599),
    "body": (lambda value: isinstance(value, str | dict | list), "Must be text or an object."),
    "drop": (lambda value: value in ("before_work", "after_work"), 'Must be "before_work" or "after_work".'),
    "cut_after_bytes": _whole(0, LARGEST_CUT),
    "wrong_cost": (_is_factor, f"Must be a decimal factor from 0 to {LARGEST_FACTOR}."),
    "partial": _whole(0, MOST_PICTURES),
    "filtered": (lambda value: isinstance(value, bool) or value == "prompt", 'Must be true, false or "prompt".'),
    "text_only": _YES_OR_NO,
    "duplicate_webhook": _YES_OR_NO,
}


def read_fault(wish: Mapping[str, Any], vendors: tuple[str, ...]) -> tuple[Fault, int | None]:
    """The fault and its number of times, None until cleared. Raises `BadFault` naming every field at fault."""
    problems: dict[str, str] = {}
    for name, value in wish.items():
        if name == "vendor":
            if value is not None and value not in vendors:
                problems[name] = f"Must be one of {', '.join(vendors)}."
        elif name not in _CHECKS:
            problems[name] = f"Unknown; a fault has vendor, {', '.join(_CHECKS)}."
        elif value is not None and not _CHECKS[name][0](value):
            problems[name] = _CHECKS[name][1]
    if problems:
        raise BadFault(problems)
    given = {name: value for name, value in wish.items() if value is not None}
    times = wish.get("times", 1)
    given.pop("times", None)
    if not given.keys() - {"vendor"}:
        raise BadFault({"fault": "Name at least one thing that goes wrong."})
    if "wrong_cost" in given:
        given["wrong_cost"] = Fraction(Decimal(given["wrong_cost"]))
    return Fault(**given), times
