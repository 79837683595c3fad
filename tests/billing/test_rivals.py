"""Rival calls at the limit: none too many pass, and none too few."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.db import DatabaseError, connection

from cloudhub.billing.budgets import change_budget, end_budget
from cloudhub.billing.models import Budget, BudgetWindow, Hold
from cloudhub.core.errors import BudgetExceeded
from cloudhub.core.money import format_amount
from tests.billing.rivals import at_once, in_processes, outcome
from tests.billing.stage import PRICE, budget, counters, differences, rows, settle, submit
from tests.conftest import Cast

RIVALS = 200


def three_budgets(cast: Cast, limit: int, tightest: int) -> list[Budget]:
    """Different scopes and windows, made some time ago: no window row of today exists. The others are wider."""
    shapes = [
        {"window": "day", "timezone": "Asia/Tokyo"},
        {"window": "month", "scope": "team", "target": cast.team.pk},
        {"window": "week", "scope": "model", "target": "practice-1"},
    ]
    with time_machine.travel(datetime.now(UTC) - timedelta(days=40)):
        made = [
            budget(cast.alice, limit + (number != tightest) * 10**6, **shape) for number, shape in enumerate(shapes)
        ]
    assert not BudgetWindow.objects.filter(ends_at__gt=datetime.now(UTC)).exists()
    return made


@pytest.mark.parametrize(("rivals", "tightest"), [(RIVALS, 0), (50, 1), (50, 2)])
def test_i9_of_rival_calls_exactly_as_many_pass_as_fit(committed_cast: Cast, rivals: int, tightest: int) -> None:
    chance = random.Random(tightest)  # noqa: S311 - a test's dice, thrown again with the same seed
    pictures, fitting = chance.randint(1, 4), chance.randint(rivals // 7, rivals * 6 // 7)
    cost = pictures * PRICE
    made = three_budgets(committed_cast, (fitting + 1) * cost - 1, tightest)
    actors = [chance.choice([committed_cast.alice, committed_cast.bob]) for _ in range(rivals)]
    outcomes = at_once([lambda actor=actor: outcome(lambda: submit(actor, pictures)) for actor in actors])
    assert Counter(outcomes) == {"passed": fitting, "budget_exceeded": rivals - fitting}
    assert [counters(one) for one in made] == [(fitting * cost, 0)] * 3
    assert rows() == {"Generation": fitting, "Hold": fitting, "Attempt": fitting, "LedgerEntry": fitting}
    assert differences() == []


def test_i9_what_is_spent_already_counts_among_rivals(committed_cast: Cast) -> None:
    made = three_budgets(committed_cast, 10 * PRICE, tightest=0)
    settle(submit(committed_cast.bob), PRICE // 2)
    submit(committed_cast.alice)
    outcomes = at_once([lambda: outcome(lambda: submit(committed_cast.bob))] * 40)
    assert Counter(outcomes) == {"passed": 8, "budget_exceeded": 32}
    assert counters(made[0]) == (9 * PRICE, PRICE // 2)
    assert differences() == []


@pytest.mark.slow
def test_i9_rivals_in_processes_of_their_own_pass_exactly_as_many_as_fit(committed_cast: Cast) -> None:
    made = three_budgets(committed_cast, 78 * 2 * PRICE - 1, tightest=1)
    outcomes = in_processes(4, committed_cast.bob.user.email, 5, 10, 2)
    assert outcomes == {"passed": 77, "budget_exceeded": RIVALS - 77}
    assert [counters(one) for one in made] == [(77 * 2 * PRICE, 0)] * 3
    assert differences() == []


def test_i5_rival_settlements_and_calls_keep_the_books(committed_cast: Cast) -> None:
    made = budget(committed_cast.alice, 30 * PRICE)

    def call_and_settle(number: int) -> str:
        def work() -> None:
            settle(submit(committed_cast.bob), number % 2 * PRICE)

        return outcome(work)

    outcomes = at_once([lambda number=number: call_and_settle(number) for number in range(50)])
    held, posted = counters(made)
    assert (held, posted % PRICE) == (0, 0)
    assert outcomes.count("passed") >= 30
    assert posted <= 30 * PRICE
    assert differences() == []


def at_some_moment(chance: random.Random, work: Callable[[], object]) -> Callable[[], str]:
    pause = chance.uniform(0, 0.15)

    def later() -> str:
        time.sleep(pause)
        return outcome(work)

    return later


@pytest.mark.parametrize("window", ["day", "total"])
@pytest.mark.parametrize("seed", range(2))
def test_no_call_slips_past_a_budget_that_is_just_being_made(committed_cast: Cast, window: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    limit = 20 * PRICE
    works = [at_some_moment(chance, lambda: submit(committed_cast.bob)) for _ in range(50)]
    works.append(at_some_moment(chance, lambda: budget(committed_cast.alice, limit, window=window)))
    outcomes = Counter(at_once(works))
    made = Budget.objects.get()
    held, _ = counters(made)
    assert set(outcomes) <= {"passed", "budget_exceeded"}
    if window == "day":
        assert held == Hold.objects.count() * PRICE
    came_later = Hold.objects.filter(held_at__gte=made.created_at).exists()
    assert held <= limit or not came_later
    assert differences() == []
    assert outcome(lambda: submit(committed_cast.bob)) == ("passed" if held < limit else "budget_exceeded")


@pytest.mark.parametrize("seed", range(2))
def test_budgets_that_are_changed_and_ended_among_calls_keep_right_books(committed_cast: Cast, seed: int) -> None:
    alice, chance = committed_cast.alice, random.Random(seed)  # noqa: S311
    changed = three_budgets(committed_cast, 1000 * PRICE, tightest=0)[0]
    works = [at_some_moment(chance, lambda: submit(committed_cast.bob)) for _ in range(40)]
    for prices in (5, 25, 15):
        limit = {"limit": format_amount(prices * PRICE)}
        works.append(at_some_moment(chance, lambda limit=limit: change_budget(alice, changed, limit)))
    for _ in range(8):
        ended = budget(alice, 10**9)
        works.append(at_some_moment(chance, lambda ended=ended: end_budget(alice, ended)))
    assert set(at_once(works)) <= {"passed", "budget_exceeded"}
    assert differences() == []


MOMENTS = {"made": "billing_budgetwindow", "changed": "limit_micros", "ended": "archived_at"}


@pytest.mark.parametrize("event", MOMENTS)
def test_a_call_in_the_very_moment_of_a_budgets_change_is_counted_right(committed_cast: Cast, event: str) -> None:
    alice, pausing = committed_cast.alice, threading.Event()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=40)):
        old = budget(alice, 5 * PRICE)
    act = {
        "made": partial(budget, alice, 0),
        "changed": partial(change_budget, alice, old, {"limit": "0"}),
        "ended": partial(end_budget, alice, old),
    }[event]

    def pause(execute: Callable[..., object], sql: str, *arguments: object) -> object:
        result = execute(sql, *arguments)
        if MOMENTS[event] in sql and not sql.startswith("SELECT"):
            pausing.set()
            time.sleep(0.4)
        return result

    def act_slowly() -> None:
        with connection.execute_wrapper(pause):
            act()

    def call() -> str:
        assert pausing.wait(10)
        return outcome(lambda: submit(committed_cast.bob))

    assert at_once([act_slowly, call])[1] == ("passed" if event == "ended" else "budget_exceeded")
    assert differences() == []


def test_calls_over_shared_windows_in_any_order_meet_no_deadlock(committed_cast: Cast) -> None:
    tags = [f"tag-{number}" for number in range(6)]
    chance = random.Random(7)  # noqa: S311
    for tag in chance.sample(tags, 6):
        budget(committed_cast.alice, 10**9, scope="tag", target=tag)
    troubles: list[str] = []

    def note(execute: Callable[..., object], *arguments: object) -> object:
        try:
            return execute(*arguments)
        except DatabaseError as error:
            troubles.append(str(error))
            raise

    def call_and_settle(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        with connection.execute_wrapper(note):
            for _ in range(6):
                settle(submit(committed_cast.bob, tags=dice.sample(tags, 3)), PRICE)

    at_once([lambda seed=seed: call_and_settle(seed) for seed in range(16)])
    assert troubles == []
    assert Hold.objects.filter(state="closed").count() == 16 * 6
    assert differences() == []


def test_i5_a_refusal_among_rivals_names_the_budget_that_is_full(committed_cast: Cast) -> None:
    made = three_budgets(committed_cast, PRICE, tightest=2)
    submit(committed_cast.bob)
    with pytest.raises(BudgetExceeded, match="has 0.00 XTS left") as refusal:
        submit(committed_cast.alice)
    assert refusal.value.budget == made[2].name
