"""Money as whole micro-units (10⁻⁶ of the currency's unit). The only module that parses, rounds or prints an amount."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

MICROS = 1_000_000
LARGEST = 10**15
CURRENCIES = ("USD", "XTS")
COUNTING_DIGITS = 3
# A hundredth of the unit is 10⁴ micro-units.
COARSEST_PLACES = 4

_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,12})?", re.ASCII)


def parse_price(text: str) -> Fraction:
    """An exact price in units of the currency from plain decimal text ("0.000000125"). Raises ValueError."""
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise ValueError("An amount is plain decimal text such as 0.039, not negative.")
    return Fraction(text)


def micros_of(price: Fraction) -> Fraction:
    """An exact price as exact micro-units."""
    return price * MICROS


def parse_amount(text: str) -> int:
    """Micro-units from decimal text with at most six places. Raises ValueError with a sentence."""
    micros = micros_of(parse_price(text))
    if micros.denominator != 1:
        raise ValueError("An amount has at most six decimal places.")
    return _checked(micros.numerator)


def format_amount(micros: int) -> str:
    """Micro-units as decimal text with six places, for programs: 39000 → "0.039000"."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS)
    return f"{sign}{whole}.{rest:06d}"


def format_price(price: Fraction) -> str:
    """A unit price as decimal text with six to twelve places, never in exponent form."""
    text = f"{Decimal(price.numerator) / Decimal(price.denominator):.12f}"
    whole, places = text.split(".")
    return f"{whole}.{places[:6]}{places[6:].rstrip('0')}"


def format_money(micros: int, currency: str) -> str:
    """For people: "$0.039", "$10.00", "0.01 XTS". Shows as many places as the amount has, at least two."""
    whole, rest = format_amount(micros).split(".")
    text = f"{whole}.{rest[:2]}{rest[2:].rstrip('0')}"
    if currency != "USD":
        return f"{text} {currency}"
    return f"-${text[1:]}" if text.startswith("-") else f"${text}"


def round_bound(micros: int) -> int:
    """An upper bound for people, rounded up: three digits that count, but never coarser than a hundredth."""
    return -(-micros // _step(micros)) * _step(micros)


def round_remainder(micros: int, bound: int) -> int:
    """What `bound` leaves at least, rounded down to the same digits as the bound."""
    return micros // _step(bound) * _step(bound)


def _step(micros: int) -> int:
    digits = len(str(abs(micros)))
    places: int = 10 ** min(max(digits - COUNTING_DIGITS, 0), COARSEST_PLACES)
    return places


@dataclass(frozen=True)
class Charge:
    """`quantity` units at `price` (exact, in the currency's unit) each."""

    description: str
    price: Fraction
    quantity: int

    @property
    def exact(self) -> Fraction:
        """The charge in exact micro-units."""
        return micros_of(self.price) * self.quantity


def total(charges: Iterable[Charge]) -> int:
    """The charges of one call, summed exactly and rounded once, up, to a micro-unit."""
    return round_up(sum((charge.exact for charge in charges), Fraction()))


def round_up(micros: Fraction) -> int:
    """The smallest whole number of micro-units that is not below `micros`."""
    return _checked(-(-micros.numerator // micros.denominator))


def _checked(micros: int) -> int:
    if not 0 <= micros <= LARGEST:
        raise ValueError(f"An amount lies between 0 and {LARGEST // MICROS}.")
    return micros
