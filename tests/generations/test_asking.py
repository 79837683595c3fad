"""Asking a vendor after a job: as often as it bears, and a refusal of the question is none of the job."""

import threading
from typing import Any

import pytest

from cloudhub.generations.asking import LONGEST_INTERVAL, interval_at
from cloudhub.generations.models import Attempt
from cloudhub.generations.perform import perform_attempt
from cloudhub.lanes.models import Lane, LaneCall
from tests.conftest import Cast
from tests.generations.errand.client import Errand
from tests.generations.errand.server import Shop
from tests.generations.stage import again, attempts_of, carry_out, ledger_of, states_of, submit


class Clock(threading.Event):
    """Nobody stops the hub, and no wait takes any time; `waits` remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return False


def perform(errand: Shop, cast: Cast) -> tuple[Attempt, list[float]]:
    attempt = attempts_of(submit(cast.bob, "errand-1").generation)[0]
    clock = Clock()
    perform_attempt(attempt.pk, clock)
    return attempts_of(attempt.generation)[0], clock.waits


def test_the_next_question_waits_as_long_as_the_vendor_says(
    errand: Shop, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Errand, "busy_seconds", 7.0)
    errand.check_statuses, errand.done_after_checks = [200, 429, 200], 4
    attempt, waits = perform(errand, cast)
    assert (attempt.state, len(errand.checks)) == ("settled", 4)
    assert [wait >= 7 for wait in waits] == [False, False, True, False]


def test_it_is_not_asked_again_when_it_wants_more_time_than_there_is(
    errand: Shop, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Errand, "busy_seconds", 3600.0)
    errand.check_statuses = [429]
    attempt, waits = perform(errand, cast)
    assert (attempt.state, len(errand.checks), max(waits) < 1) == ("unknown", 1, True)


def test_too_many_questions_pause_the_lane_and_teach_it_no_limit(
    errand: Shop, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Errand, "busy_seconds", 15.0)
    errand.check_statuses, errand.done_after_checks = [429], 2
    perform(errand, cast)
    lane = Lane.objects.get(provider="errand", model="errand-1")
    assert lane.paused_until is not None
    assert (lane.pause_code, lane.refused_at, lane.told) == ("rate_minute", None, None)
    assert LaneCall.objects.get(lane=lane).was_refused is False


@pytest.mark.sqlite_only
def test_questions_come_less_often_the_longer_a_job_takes() -> None:
    intervals = [interval_at(age) for age in (0, 8, 40, 80, 600)]
    assert intervals == [0, 1, 5, LONGEST_INTERVAL, LONGEST_INTERVAL]


@pytest.mark.parametrize(("status", "state"), [(415, "unknown"), (422, "released")])
def test_only_an_answer_that_names_the_job_ends_it(errand: Shop, cast: Cast, status: int, state: str) -> None:
    errand.check_statuses = [status]
    generation = carry_out(cast.bob, "errand-1")
    assert (states_of(generation), len(errand.starts)) == ([state], 1)
    held = sum(held for _, held, _ in ledger_of(generation))
    assert held == (50_000 if state == "unknown" else 0)
    told: Any = again(generation).error
    assert told["billed"] == ("unknown" if state == "unknown" else "no")
