"""Admission: a call passes only if it fits into every hard budget of its currency, or nothing changes at all."""

import pytest

from cloudhub.accounts.actor import Actor
from cloudhub.billing.budgets import change_budget, create_budget
from cloudhub.billing.models import BudgetWindow, Hold, LedgerEntry
from cloudhub.billing.reports import spend
from cloudhub.catalog.models import Price
from cloudhub.catalog.prices import cost_of, price_in_force
from cloudhub.catalog.register import change_model
from cloudhub.core.errors import BudgetExceeded, Invalid
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.quote import quote_wish
from cloudhub.generations.settle import retry_attempt
from tests.billing.stage import (
    NOTHING,
    PRICE,
    attempt_of,
    budget,
    counters,
    differences,
    dollar_model,
    lines_of,
    rows,
    send,
    settle,
    submit,
    unpriced_model,
)
from tests.conftest import Cast


def test_i5_a_call_is_admitted_only_when_every_budget_fits(cast: Cast) -> None:
    wide = [budget(cast.alice, 100 * PRICE), budget(cast.alice, 100 * PRICE, scope="team", target=cast.team.pk)]
    tight = budget(cast.alice, PRICE - 1, scope="user", target=cast.bob.user.pk, window="month")
    with pytest.raises(BudgetExceeded) as refusal:
        submit(cast.bob)
    assert (refusal.value.budget, refusal.value.budget_id) == (tight.name, str(tight.pk))
    assert (refusal.value.remaining, refusal.value.needed, refusal.value.currency) == (PRICE - 1, PRICE, "XTS")
    assert [counters(made) for made in (*wide, tight)] == [(0, 0)] * 3
    assert rows() == NOTHING


@pytest.mark.parametrize("tightest", range(3))
def test_i5_all_scopes_are_held_or_none(cast: Cast, tightest: int) -> None:
    scopes = [{}, {"scope": "team", "target": cast.team.pk}, {"scope": "model", "target": "practice-1"}]
    made = [budget(cast.alice, 2 * PRICE - (number == tightest), **scope) for number, scope in enumerate(scopes)]
    submit(cast.bob)
    before = rows()
    with pytest.raises(BudgetExceeded):
        submit(cast.bob)
    assert [counters(one) for one in made] == [(PRICE, 0)] * 3
    assert rows() == before
    assert differences() == []


def test_i5_a_wish_of_several_calls_is_held_whole_or_not_at_all(alice: Actor) -> None:
    made = budget(alice, 9 * PRICE)
    with pytest.raises(BudgetExceeded):
        submit(alice, pictures=10)
    assert (counters(made), rows()) == ((0, 0), NOTHING)
    submit(alice, pictures=9)
    assert [hold.amount_micros for hold in Hold.objects.order_by("id")] == [4 * PRICE, 4 * PRICE, PRICE]
    assert counters(made) == (9 * PRICE, 0)


def test_i5_held_and_posted_money_count_alike(alice: Actor) -> None:
    made = budget(alice, 3 * PRICE)
    settle(submit(alice))
    submit(alice)
    submit(alice)
    with pytest.raises(BudgetExceeded) as refusal:
        submit(alice)
    assert (refusal.value.remaining, counters(made)) == (0, (2 * PRICE, PRICE))


def test_i7_a_hold_is_never_shrunk_to_fit(alice: Actor) -> None:
    made = budget(alice, PRICE - 1)
    with pytest.raises(BudgetExceeded):
        submit(alice)
    change_budget(alice, made, {"limit": "0.010000"})
    submit(alice)
    assert Hold.objects.get().amount_micros == PRICE
    assert counters(made) == (PRICE, 0)


def test_a_soft_budget_counts_and_never_refuses(alice: Actor) -> None:
    made = budget(alice, 1, hard=False)
    submit(alice)
    submit(alice)
    assert counters(made) == (2 * PRICE, 0)


def test_a_limit_of_nothing_lets_nothing_pass(alice: Actor) -> None:
    budget(alice, 0)
    with pytest.raises(BudgetExceeded, match="0.00 XTS left. Nothing was sent or billed"):
        submit(alice)


def test_i6_an_unknown_price_is_refused_under_a_hard_budget(alice: Actor) -> None:
    model = unpriced_model()
    made = budget(alice, 10**12, currency="USD")
    with pytest.raises(Invalid) as refusal:
        submit(alice, model=model.key)
    assert refusal.value.code == "price_unknown"
    assert made.name in refusal.value.message
    assert (counters(made), rows()) == ((0, 0), NOTHING)


def test_i6_an_unknown_price_is_admitted_and_shown_unknown_without_a_hard_budget(alice: Actor) -> None:
    model = unpriced_model()
    soft = budget(alice, 1, currency="USD", hard=False)
    assert quote_wish(alice, model.key, {"prompt": "a"}).amount is None
    generation = submit(alice, model=model.key)
    assert generation.estimate_micros is None
    assert attempt_of(generation).hold.quote["known"] is False
    settle(generation, 39_000)
    assert lines_of(attempt_of(generation).pk) == [("hold", 0, 0), ("settle", 0, 39_000)]
    assert (counters(soft), differences()) == ((0, 39_000), [])


def test_i6_a_price_set_by_hand_makes_the_model_affordable(alice: Actor) -> None:
    model = unpriced_model()
    made = budget(alice, 100_000, currency="USD")
    change_model(model, {"price_per_image": "0.05"})
    submit(alice, pictures=2, model=model.key)
    assert counters(made) == (100_000, 0)


@pytest.mark.parametrize(("lines", "quantities", "amount"), [
    ([("image", "0.039", 1)], {"image": 3}, 117_000),
    ([("image", "0.039", 1)], {"image": 1, "input_token": 9_999}, 39_000),
    ([("input_token", "1.50", 1_000_000), ("image_output_token", "30", 1_000_000)],
     {"image": 1, "input_token": 7, "image_output_token": 1_120}, 33_611),
    ([("input_token", "0.25", 1_000_000)], {"image": 1, "input_token": 1}, 1),
    ([("input_token", "0.25", 1_000_000)], {"image": 1, "input_token": 0}, 0),
    ([("input_token", "0.25", 1_000_000)], {"image": 1, "input_token": 1, "thinking_token": 1}, None),
    ([("input_token", "0.25", 1_000_000)], {"image": 1}, None),
    ([("image:1K", "0.01", 1)], {"image": 1, "image:2K": 1}, None),
    ([("image", "0.01", 1), ("step", "0.001", 1)], {"image": 2, "step": 5}, 25_000),
    ([("image", "0.01", 1), ("step", "0.001", 1)], {"image": 2, "hour": 5}, None),
    ([], {"image": 1}, None),
])  # fmt: skip
def test_i8_quantities_cost_what_their_units_say_or_nothing_is_known(
    lines: list[tuple[str, str, int]], quantities: dict[str, int], amount: int | None
) -> None:
    price = Price(currency="USD", lines=[{"unit": unit, "amount": text, "per": per, "description": ""}
                                         for unit, text, per in lines])  # fmt: skip
    cost = cost_of(quantities, price)
    assert (cost and cost.amount) == amount
    assert cost_of(quantities, None) is None


def test_i8_a_negative_quantity_is_refused() -> None:
    price = Price(currency="USD", lines=[{"unit": "image", "amount": "0.01", "per": 1, "description": ""}])
    with pytest.raises(ValueError, match="negative"):
        cost_of({"image": -1}, price)


def test_i8_every_priced_wish_of_the_catalogue_has_a_known_bound(alice: Actor) -> None:
    for resolution in ("0.5K", "1K", "2K"):
        for pictures in (1, 4, 10):
            quote = quote_wish(alice, "practice-1",
                               {"prompt": "a", "resolution": resolution, "num_images": pictures})  # fmt: skip
            exact = sum(line["exact"] for line in quote.lines)
            assert quote.amount == exact == {"0.5K": 5_000, "1K": 10_000, "2K": 25_000}[resolution] * pictures


def test_i27_money_of_two_currencies_never_meets(alice: Actor) -> None:
    model = dollar_model()
    dollars, practice = budget(alice, 39_000, currency="USD"), budget(alice, PRICE)
    settle(submit(alice))
    settle(submit(alice, model=model.key))
    assert (counters(dollars), counters(practice)) == ((0, 39_000), (0, PRICE))
    for group in ("day", "user", "team", "hub_key"):
        sums = [(row.currency, row.amount_micros) for row in spend(alice, group_by=group)]
        assert sums == [("USD", 39_000), ("XTS", PRICE)]
    with pytest.raises(BudgetExceeded) as refusal:
        submit(alice, model=model.key)
    assert refusal.value.currency == "USD"
    assert differences() == []


def test_i29_lowering_a_limit_below_what_is_spent_stops_new_calls_and_cancels_nothing(alice: Actor) -> None:
    made = budget(alice, 5 * PRICE)
    settle(submit(alice))
    waiting = submit(alice)
    change_budget(alice, made, {"limit": "0.000001"})
    with pytest.raises(BudgetExceeded) as refusal:
        submit(alice)
    assert refusal.value.remaining == 0
    assert attempt_of(waiting).state == "held"
    settle(waiting)
    assert counters(made) == (0, 2 * PRICE)
    assert differences() == []


def test_i29_a_lowered_limit_refuses_a_retry_and_leaves_the_old_hold(alice: Actor) -> None:
    made = budget(alice, 2 * PRICE)
    attempt = send(submit(alice))
    submit(alice)
    change_budget(alice, made, {"limit": "0.010000"})
    assert retry_attempt(attempt.pk, {"code": "vendor_busy", "message": "Busy."}) is None
    assert (counters(made), Attempt.objects.count()) == ((2 * PRICE, 0), 2)
    assert differences() == []


def test_a_retry_at_the_very_limit_keeps_its_money(alice: Actor) -> None:
    made = budget(alice, PRICE)
    generation = submit(alice)
    attempt = send(generation)
    fresh = retry_attempt(attempt.pk, {"code": "vendor_busy", "message": "Busy."})
    assert fresh == attempt_of(generation).pk
    assert lines_of(attempt.pk) == [("hold", PRICE, 0), ("release", -PRICE, 0)]
    assert (counters(made), differences()) == ((PRICE, 0), [])


def test_a_dearer_quote_after_a_price_change_is_held_at_the_new_price(alice: Actor) -> None:
    model = dollar_model()
    submit(alice, model=model.key)
    change_model(model, {"price_per_image": "0.04"})
    submit(alice, model=model.key)
    assert [hold.amount_micros for hold in Hold.objects.order_by("id")] == [39_000, 40_000]
    assert price_in_force(model).by_hand
    assert LedgerEntry.objects.values("price").distinct().count() == 2


def test_a_budget_beside_the_call_has_no_window_row_moved(cast: Cast) -> None:
    other = budget(cast.alice, PRICE, scope="team", target=cast.other_team.pk)
    submit(cast.bob)
    create_budget(cast.alice, {"name": "Dollars", "scope": "hub", "window": "day", "limit": "1", "currency": "USD"})
    assert counters(other) == (0, 0)
    assert not BudgetWindow.objects.exclude(held_micros=0).exists()
    assert Generation.objects.get().estimate_micros == PRICE
