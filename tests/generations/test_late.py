"""A job whose outcome is unknown is asked about as long as its vendor keeps results: a paid picture is not lost."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from cloudhub.generations import late
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.late import ask_again, ask_for_late_answers
from cloudhub.generations.models import Attempt, Generation
from cloudhub.health.schedule import do_chores
from tests.conftest import Cast
from tests.generations.errand.client import Errand
from tests.generations.errand.server import Shop
from tests.generations.stage import again, attempts_of, carry_out, ledger_of, states_of

HELD = ("hold", 50_000, 0)


@pytest.fixture(autouse=True)
def _results_are_kept_for_a_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Errand, "result_seconds", 24 * 3600)
    monkeypatch.setattr(Errand, "longest_wait_seconds", 0.05)
    late._asked_at.clear()
    yield
    late._asked_at.clear()


@pytest.fixture
def slow(errand: Shop, any_cast: Cast) -> Generation:
    """A job that takes longer than anybody waits."""
    generation = carry_out(any_cast.bob, "errand-1")
    assert (generation.state, states_of(generation)) == ("unknown", ["unknown"])
    return generation


def ask() -> None:
    ask_for_late_answers(threading.Event())


def test_i20_a_picture_that_came_late_is_settled_once(slow: Generation, errand: Shop) -> None:
    before = len(errand.checks)
    do_chores(threading.Event())
    assert (again(slow).state, ledger_of(slow), len(errand.checks)) == ("unknown", [HELD], before + 1)
    errand.done.set()
    assert ask_again(attempts_of(slow)[0].pk)
    assert (again(slow).state, again(slow).images.count()) == ("succeeded", 1)
    assert ledger_of(slow) == [HELD, ("settle", -50_000, 50_000)]
    assert not ask_again(attempts_of(slow)[0].pk)
    assert (len(errand.starts), len(ledger_of(slow))) == (1, 2)


def test_the_questions_come_less_and_less_often_and_end(
    slow: Generation, errand: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Errand, "result_seconds", 6 * 3600)
    sent_at, before = attempts_of(slow)[0].sent_at, len(errand.checks)
    assert sent_at is not None
    asked = []
    for minute in range(1, 7 * 60):
        with time_machine.travel(sent_at + timedelta(minutes=minute), tick=False):
            ask()
        if len(errand.checks) > before + len(asked):
            asked.append(minute)
    pauses = [later - earlier for earlier, later in zip(asked, asked[1:], strict=False)]
    assert (asked[:5], max(pauses), asked[-1] <= 6 * 60) == ([1, 2, 3, 4, 5], 60, True)
    assert pauses == sorted(pauses)
    assert 20 < len(asked) < 30


def test_what_the_vendor_refused_late_is_given_back(slow: Generation, errand: Shop) -> None:
    errand.check_statuses = [400]
    ask()
    assert (again(slow).state, ledger_of(slow)) == ("refused", [HELD, ("release", -50_000, 0)])


@pytest.mark.parametrize("status", [401, 415, 429, 500])
def test_what_says_nothing_of_the_job_changes_nothing(slow: Generation, errand: Shop, status: int) -> None:
    errand.check_statuses = [status]
    ask()
    assert (again(slow).state, ledger_of(slow)) == ("unknown", [HELD])


def test_a_key_that_is_gone_changes_nothing(slow: Generation, errand: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ERRAND_KEY")
    ask()
    assert (again(slow).state, ledger_of(slow)) == ("unknown", [HELD])


def test_what_a_person_decided_is_not_asked_about(slow: Generation, errand: Shop, cast: Cast) -> None:
    Attempt.objects.filter(generation=slow).update(sent_at=timezone.now() - timedelta(hours=1))
    decide_attempt(cast.alice, attempts_of(slow)[0].pk, action="release", reason="It took too long.")
    before = len(errand.checks)
    errand.done.set()
    ask()
    assert (len(errand.checks), states_of(slow)) == (before, ["released"])
