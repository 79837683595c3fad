"""Money as whole micro-units: what may enter, what comes out, and that it is rounded once."""

import re
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudhub.core.money import (
    LARGEST,
    MICROS,
    Charge,
    format_amount,
    format_money,
    format_price,
    parse_amount,
    parse_price,
    round_bound,
    round_remainder,
    round_up,
    total,
)

ROOT = Path(__file__).resolve().parents[2]
amounts = st.integers(0, LARGEST - MICROS)
charges = st.lists(
    st.builds(
        Charge, st.just("unit"), st.fractions(0, 10, max_denominator=10**12), st.integers(0, 100_000)
    ),
    max_size=6,
)  # fmt: skip


@given(amounts)
def test_i1_an_amount_survives_being_printed_and_read(micros: int) -> None:
    assert parse_amount(format_amount(micros)) == micros


@given(st.integers(0, 10**21 - 1))
def test_i1_a_price_of_twelve_places_survives_being_printed_and_read(units: int) -> None:
    price = Fraction(units, 10**12)
    text = format_price(price)
    assert parse_price(text) == price
    assert re.fullmatch(r"\d+\.\d{6,12}", text)


@given(charges)
def test_i1_charges_are_summed_exactly_and_rounded_once_up(lines: list[Charge]) -> None:
    exact = sum((line.price * line.quantity for line in lines), Fraction()) * MICROS
    assert 0 <= total(lines) - exact < 1


@given(charges)
def test_i1_a_sum_is_never_above_its_lines_rounded_one_by_one(lines: list[Charge]) -> None:
    assert total(lines) <= sum(total([line]) for line in lines)
    assert total(lines) == total(reversed(lines))


@given(st.decimals(0, 1000, places=9))
def test_i1_rounding_agrees_with_decimal_arithmetic(amount: Decimal) -> None:
    expected = (amount * MICROS).to_integral_value(ROUND_CEILING)
    assert round_up(Fraction(amount) * MICROS) == int(expected)


def test_i1_three_thirds_of_a_micro_unit_are_one() -> None:
    third = Charge("third", Fraction(1, 3 * MICROS), 1)
    assert total([third]) == total([third] * 3) == 1
    assert total([third] * 4) == 2
    assert total([]) == 0


NO_AMOUNTS: list[Any] = [
    "", " ", "NaN", "nan", "inf", "-inf", "Infinity", "-1", "-0", "+1", "1e3", "1E3", "1e-7", "0x10", "1_000", "1,5",
    "1 000", " 1", "1 ", "1\n", "\n1", "1\x00", ".5", "5.", "1.2.3", "--1", "1000000000", "9" * 5000,
    "0." + "1" * 13, "٣", "１", "²", "½", "1٫5", "0.٣", "one", "$1", "1 USD",
    None, True, False, 0, 1, 10**30, 0.039, 1.0, float("nan"), float("inf"), Decimal("1"), Fraction(1), b"1", ["1"], {},
]  # fmt: skip


@pytest.mark.parametrize("text", NO_AMOUNTS, ids=lambda text: ascii(text)[:20])
def test_i2_what_is_no_plain_amount_is_refused(text: Any) -> None:
    for read in (parse_price, parse_amount):
        with pytest.raises(ValueError, match="amount"):
            read(text)


@given(st.text(max_size=12) | st.floats().map(repr) | st.decimals().map(str))
def test_i2_whatever_is_accepted_is_a_plain_number_in_range(text: str) -> None:
    try:
        price = parse_price(text)
    except ValueError:
        return
    assert re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,12})?", text)
    assert price == Fraction(Decimal(text))


def test_i2_an_amount_finer_than_a_micro_unit_is_refused() -> None:
    assert parse_amount("0.000001") == parse_amount("0.0000010000") == 1
    with pytest.raises(ValueError, match="six decimal places"):
        parse_amount("0.0000001")


def test_i2_no_sum_leaves_the_range_of_the_database() -> None:
    assert LARGEST < 2**63 // 1000
    assert round_up(Fraction(LARGEST)) == LARGEST
    for micros in (Fraction(LARGEST) + Fraction(1, 10), Fraction(-1)):
        with pytest.raises(ValueError, match="lies between"):
            round_up(micros)
    with pytest.raises(ValueError, match="lies between"):
        total([Charge("many", Fraction(999_999_999), 1), Charge("more", Fraction(2), 1)])


@pytest.mark.parametrize(("micros", "currency", "text"), [
    (39_000, "USD", "$0.039"), (10_000_000, "USD", "$10.00"), (10_000, "XTS", "0.01 XTS"), (1, "USD", "$0.000001"),
    (0, "USD", "$0.00"), (-39_000, "USD", "-$0.039"), (-1_500_000, "XTS", "-1.50 XTS"), (156_000, "USD", "$0.156"),
])  # fmt: skip
def test_people_read_an_amount_with_the_places_it_has(micros: int, currency: str, text: str) -> None:
    assert format_money(micros, currency) == text


def test_programs_read_an_amount_with_six_places() -> None:
    assert [format_amount(micros) for micros in (0, 1, -1, 39_000, -1_500_000)] == [
        "0.000000", "0.000001", "-0.000001", "0.039000", "-1.500000"
    ]  # fmt: skip
    assert format_price(Fraction(25, 10**8)) == "0.00000025"


def test_i1_no_float_is_near_money() -> None:
    files = [path for name in ("core", "catalog", "billing") for path in (ROOT / "cloudhub" / name).rglob("*.py")]
    files += [ROOT / "cloudhub" / "generations" / f"{name}.py" for name in ("quote", "submit", "settle", "decide")]
    assert len(files) > 20
    floats = re.compile(r"\bfloat\b|FloatField|DecimalField|[^/]/ *MICROS|1e6|1_?000_?000\.0")
    found = [path.name for path in files if floats.search(path.read_text())]
    assert found == []


@pytest.mark.parametrize(
    ("micros", "rounded"),
    [(64_404, 64_500), (232_866, 233_000), (64_400, 64_400), (39_000, 39_000), (12_345_678, 12_350_000),
     (1_234_567, 1_240_000), (999_999, 1_000_000), (123, 123), (1_234, 1_240), (0, 0), (10_000_000, 10_000_000)],
)  # fmt: skip
def test_a_bound_is_rounded_up_to_digits_that_count(micros: int, rounded: int) -> None:
    assert round_bound(micros) == rounded


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_a_rounded_bound_is_never_below_and_what_it_leaves_never_above(bound: int, left: int) -> None:
    assert bound <= round_bound(bound) < bound + max(bound // 100 + 1, 10_000)
    assert round_remainder(left, bound) <= left
