"""A budget of a hub key counts over its line: rotating a key, or making another with it, escapes nothing."""

from datetime import timedelta

import pytest

from cloudhub.accounts.actor import Actor, actor_of_hub_key
from cloudhub.accounts.hub_keys import rotate_hub_key
from cloudhub.accounts.models import HubKey
from cloudhub.billing.hub_keys import issue_hub_key
from cloudhub.billing.models import Budget
from cloudhub.core.errors import BudgetExceeded
from tests.billing.rivals import at_once, outcome
from tests.billing.stage import PRICE, budget, counters, differences, settle, submit
from tests.conftest import Cast

FOUR = {"limit": "0.040000", "window": "total", "currency": "XTS"}


def program(key: HubKey) -> Actor:
    return actor_of_hub_key(HubKey.objects.select_related("user", "team").get(id=key.pk))


@pytest.fixture
def limited(alice: Actor) -> HubKey:
    """A key whose budget pays four pictures."""
    return issue_hub_key(alice, {"name": "robot", "budget": FOUR})[0]


def test_rotating_escapes_no_budget(alice: Actor, limited: HubKey) -> None:
    first = submit(program(limited))
    second, _ = rotate_hub_key(alice, limited.pk)
    submit(program(second))
    third, _ = rotate_hub_key(alice, second.pk, timedelta(0))
    submit(program(third))
    # The older one is in its overlap: it spends from the same budget.
    submit(program(limited))
    for key in (limited, second, third):
        with pytest.raises(BudgetExceeded):
            submit(program(key))
    settle(first)
    assert counters(Budget.objects.get()) == (3 * PRICE, PRICE)
    assert differences() == []


def test_a_later_budget_of_any_key_of_the_line_counts_the_whole_line(alice: Actor) -> None:
    key, _ = issue_hub_key(alice, {"name": "robot"})
    settle(submit(program(key)))
    fresh, _ = rotate_hub_key(alice, key.pk)
    submit(program(fresh))
    limit = budget(alice, 3 * PRICE, scope="hub_key", target=str(fresh.pk))
    assert (limit.target, counters(limit)) == (str(key.pk), (PRICE, PRICE))
    submit(program(key))
    with pytest.raises(BudgetExceeded):
        submit(program(fresh))
    assert differences() == []


def test_a_key_made_with_a_key_spends_from_its_budget(alice: Actor, limited: HubKey) -> None:
    child, _ = issue_hub_key(program(limited), {"name": "child", "budget": {**FOUR, "limit": "0.020000"}})
    fresh, _ = rotate_hub_key(alice, child.pk)
    submit(program(child))
    submit(program(fresh))
    with pytest.raises(BudgetExceeded):
        submit(program(fresh))
    submit(program(limited), pictures=2)
    with pytest.raises(BudgetExceeded):
        submit(program(limited))
    own, its_own = Budget.objects.order_by("id")
    assert (counters(own), counters(its_own)) == ((4 * PRICE, 0), (2 * PRICE, 0))
    assert differences() == []


def test_what_a_key_rotates_spends_from_its_budget_too(alice: Actor, limited: HubKey) -> None:
    other, _ = issue_hub_key(alice, {"name": "other"})
    taken, _ = rotate_hub_key(program(limited), other.pk)
    for _number in range(4):
        submit(program(taken))
    with pytest.raises(BudgetExceeded):
        submit(program(taken))
    assert differences() == []


def test_other_keys_spend_on(alice: Actor, limited: HubKey) -> None:
    other, _ = issue_hub_key(alice, {"name": "other"})
    submit(program(limited), pictures=4)
    submit(program(other), pictures=4)
    submit(alice, pictures=4)
    assert counters(Budget.objects.get()) == (4 * PRICE, 0)


def test_of_rivals_one_rotates(committed_cast: Cast) -> None:
    alice = committed_cast.alice
    key, _ = issue_hub_key(alice, {"name": "robot"})
    outcomes = at_once([lambda: outcome(lambda: rotate_hub_key(alice, key.pk))] * 4)
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "passed"]
    assert HubKey.objects.count() == 2
