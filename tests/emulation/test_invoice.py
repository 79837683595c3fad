"""The arithmetic of the invoice."""

from fractions import Fraction

from providers.emulation.faults import Fault
from providers.emulation.invoice import MICRO, Charge, ChargeLine, Invoice, amount_text


def charge(*lines: ChargeLine, currency: str = "USD") -> Charge:
    return Charge(model="m", request_id="r", lines=lines, currency=currency)


def test_lines_are_summed_exactly_and_rounded_once_upwards() -> None:
    third = ChargeLine(1, 400_000, MICRO)
    assert charge(third).micro == 1
    assert charge(third, third).micro == 1
    assert charge(third, third, third).micro == 2


def test_an_exact_amount_is_not_rounded() -> None:
    assert charge(ChargeLine(1120, 30_000_000, MICRO)).micro == 33_600


def test_half_a_micro_dollar_a_token_is_exact() -> None:
    assert charge(ChargeLine(3, Fraction(1_000_001, 2), MICRO)).micro == 2


def test_amounts_have_six_places() -> None:
    assert [amount_text(micro) for micro in (1, 39_000, 1_000_000, 12_345_678)] == [
        "0.000001",
        "0.039000",
        "1.000000",
        "12.345678",
    ]


def test_a_charge_of_nothing_leaves_no_line() -> None:
    invoice = Invoice()
    invoice.add("v", charge(ChargeLine(0, 39_000)))
    assert invoice.as_json() == {"calls": [], "totals": {}}


def test_currencies_have_totals_of_their_own() -> None:
    invoice = Invoice()
    for currency in ("USD", "EUR", "USD"):
        invoice.add("v", charge(ChargeLine(1, 7), currency=currency))
    assert invoice.as_json()["totals"] == {"USD": "0.000014", "EUR": "0.000007"}


def test_a_wrong_cost_rounds_to_the_nearest_token() -> None:
    fault = Fault(wrong_cost=Fraction("1.5"))
    assert [fault.scaled(count) for count in (0, 1, 2, 1121)] == [0, 2, 3, 1682]


def test_a_wrong_cost_leaves_no_figure_out() -> None:
    fault = Fault(wrong_cost=Fraction(0))
    assert [fault.scaled(count) for count in (0, 1, 1120)] == [0, 1, 1]
