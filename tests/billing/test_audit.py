"""The auditor: counters are pure functions of the ledger, and every wrong one is found."""

import random
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import F

from cloudhub.accounts.actor import Actor
from cloudhub.billing.budgets import recount
from cloudhub.billing.models import Budget, BudgetWindow, Hold
from cloudhub.catalog.models import Price
from cloudhub.core.errors import BudgetExceeded, Conflict
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.models import Attempt, Generation
from tests.billing.stage import PRICE, budget, counters, differences, lose, settle, submit
from tests.conftest import Cast


def traffic(cast: Cast, seed: int) -> None:
    """Some forty calls in random order of people, amounts and endings."""
    chance = random.Random(seed)  # noqa: S311 - a test's dice, thrown again with the same seed
    for _ in range(40):
        actor = chance.choice([cast.alice, cast.bob, cast.charlie])
        try:
            generation = submit(actor, pictures=chance.randint(1, 6), tags=chance.choice([[], ["poster"], ["a", "b"]]))
        except (BudgetExceeded, Conflict):
            Price.objects.update(blocked_at=None)
            continue
        ending = chance.randrange(5)
        if ending == 1:
            settle(generation, chance.randint(0, 12 * PRICE))
        elif ending == 2:
            action = chance.choice(["settle", "release", "write_off"])
            decide_attempt(cast.alice, lose(generation).pk, action=action, reason="Random.")
        elif ending == 3:
            lose(generation)


@pytest.mark.parametrize("seed", range(3))
def test_i33_counters_rebuilt_from_the_ledger_are_identical(cast: Cast, seed: int) -> None:
    budget(cast.alice, 90 * PRICE)
    budget(cast.alice, 30 * PRICE, scope="team", target=cast.team.pk, window="month")
    budget(cast.alice, 20 * PRICE, scope="tag", target="poster", window="total")
    traffic(cast, seed)
    budget(cast.alice, PRICE, scope="user", target=cast.bob.user.pk, window="week", hard=False)
    traffic(cast, seed + 100)
    windows = list(BudgetWindow.objects.select_related("budget"))
    assert sum(window.held_micros + window.posted_micros for window in windows) > 0
    assert [recount(window) for window in windows] == [(one.held_micros, one.posted_micros) for one in windows]
    assert differences() == []


def audit() -> tuple[int, str]:
    output = StringIO()
    try:
        call_command("audit_ledger", stdout=output)
    except SystemExit as ended:
        return int(str(ended.code)), output.getvalue()
    return 0, output.getvalue()


def test_i33_a_clean_ledger_is_said_to_be_clean(committed_cast: Cast) -> None:
    budget(committed_cast.alice, 5 * PRICE)
    settle(submit(committed_cast.alice))
    submit(committed_cast.alice)
    code, words = audit()
    assert code == 0
    assert "XTS: 3 ledger lines, 0.01 XTS posted, 0.01 XTS held." in words
    assert "✓" in words


def hide_a_window(hold: Hold) -> None:
    """A wrong window list: the settlement then misses the counter."""
    Hold.objects.filter(id=hold.pk).update(window_ids=[])
    settle(Generation.objects.get(attempts__hold=hold))


SPOILED: dict[str, Callable[[Hold], object]] = {
    "counters say held": lambda hold: BudgetWindow.objects.update(held_micros=F("held_micros") + 1),
    "posted 1;": lambda hold: BudgetWindow.objects.update(posted_micros=1),
    "the ledger says held 0, posted 10000": hide_a_window,
    "window list": lambda hold: Hold.objects.filter(id=hold.pk).update(window_ids=[]),
    "Open hold": lambda hold: Hold.objects.filter(id=hold.pk).update(amount_micros=PRICE + 1),
    "Closed hold": lambda hold: Hold.objects.filter(id=hold.pk).update(state="closed"),
    "its frozen price gives": lambda hold: Hold.objects.filter(id=hold.pk).update(quote={"known": True}),
    "limit": lambda hold: Budget.objects.update(limit_micros=7),
    "but its hold is open": lambda hold: Attempt.objects.filter(hold=hold).update(state="settled"),
    "says cost 5": lambda hold: Generation.objects.update(cost_micros=5),
    "still under way": lambda hold: Generation.objects.update(state="failed"),
}


@pytest.mark.parametrize("words", SPOILED)
def test_i33_the_auditor_finds_what_was_spoiled_and_exits_with_1(committed_cast: Cast, words: str) -> None:
    budget(committed_cast.alice, 5 * PRICE)
    submit(committed_cast.alice)
    assert differences() == []
    SPOILED[words](Hold.objects.get())
    code, said = audit()
    assert code == 1
    assert words in said
    assert "difference" in said


def test_i33_the_auditor_changes_nothing(alice: Actor) -> None:
    made = budget(alice, 5 * PRICE)
    submit(alice)
    BudgetWindow.objects.update(held_micros=3)
    assert len(differences()) == len(differences()) == 1
    assert counters(made) == (3, 0)
