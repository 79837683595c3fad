"""A busy vendor is asked again: with a new attempt and a new hold, at most three in all, within the deadline."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from cloudhub.billing.budgets import change_budget
from cloudhub.billing.models import BudgetWindow
from cloudhub.catalog.models import CloudModel
from cloudhub.generations import perform
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.errand.server import Shop
from tests.generations.stage import (
    FLASH,
    FLASH_PRICE,
    again,
    attempts_of,
    budget,
    carry_out,
    fault,
    invoice,
    ledger_of,
    states_of,
    submit,
)

REPLACED = [("hold", FLASH_PRICE, 0), ("release", -FLASH_PRICE, 0)]


@pytest.mark.parametrize("times", [1, 2])
def test_a_busy_vendor_is_asked_again_with_a_new_attempt(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, times: int
) -> None:
    fault(gemini, status=429, times=times)
    generation = carry_out(cast.bob, FLASH)
    assert (generation.state, generation.cost_micros, generation.error) == ("succeeded", FLASH_PRICE, None)
    assert states_of(generation) == ["released"] * times + ["settled"]
    assert [attempt.try_number for attempt in attempts_of(generation)] == list(range(times + 1))
    assert ledger_of(generation) == [*REPLACED * times, ("hold", FLASH_PRICE, 0), ("settle", -FLASH_PRICE, FLASH_PRICE)]
    check_invoice_against_ledger(gemini)


def test_it_is_asked_three_times_at_most(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    fault(gemini, status=503, times=3)
    generation = carry_out(cast.bob, FLASH)
    assert (generation.state, generation.error["retry"]) == ("failed", "after")
    assert ledger_of(generation) == REPLACED * 3
    assert invoice(gemini) == []


def test_i12_what_surely_did_not_leave_is_asked_again(
    gemini_flash: CloudModel, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "a-key-0123456789")
    generation = carry_out(cast.bob, FLASH)
    assert (generation.state, generation.error["code"]) == ("failed", "connect_failed_not_sent")
    assert generation.error["billed"] == "no"
    assert states_of(generation) == ["released"] * 3


@pytest.mark.parametrize("wish", [{"drop": "after_work"}, {"status": 500}, {"cut_after_bytes": 10}])
def test_i12_what_may_have_run_is_never_sent_twice(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, wish: dict[str, Any]
) -> None:
    fault(gemini, **wish)
    generation = carry_out(cast.bob, FLASH)
    engine.run_once()
    assert states_of(generation) == ["unknown"]
    assert len(invoice(gemini)) <= 1
    check_invoice_against_ledger(gemini)


def test_a_retry_holds_within_the_same_budget(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    budget(cast.alice, "0.039")
    fault(gemini, status=429)
    assert carry_out(cast.bob, FLASH).state == "succeeded"
    window = BudgetWindow.objects.get()
    assert (window.held_micros, window.posted_micros) == (0, FLASH_PRICE)


def test_a_lowered_limit_ends_the_retries_and_gives_the_money_back(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    limit = budget(cast.alice, "1")
    fault(gemini, status=429)
    generation = submit(cast.bob, FLASH).generation
    change_budget(cast.alice, limit, {"limit": "0.01"})
    engine.run_once()
    assert (again(generation).state, again(generation).error["code"]) == ("failed", "rate_minute")
    assert ledger_of(generation) == REPLACED
    assert BudgetWindow.objects.get().held_micros == 0


def test_i28_a_retry_after_midnight_is_held_in_the_new_days_window(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    with time_machine.travel("2026-11-22T23:59:59Z"):
        budget(cast.alice, "1")
        generation = submit(cast.bob, FLASH).generation
    fault(gemini, status=429)
    with time_machine.travel("2026-11-23T00:00:01Z"):
        engine.run_once()
    assert states_of(generation) == ["released", "settled"]
    first, second = BudgetWindow.objects.order_by("starts_at")
    assert (first.held_micros, first.posted_micros) == (0, 0)
    assert (second.held_micros, second.posted_micros) == (0, FLASH_PRICE)


def test_a_repeat_that_would_come_after_the_deadline_is_not_made(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perform, "PAUSES", (5.0,))
    fault(gemini, status=503)
    generation = submit(cast.bob, FLASH).generation
    Generation.objects.filter(id=generation.id).update(deadline_at=timezone.now() + timedelta(seconds=4))
    engine.run_once()
    assert states_of(generation) == ["released"]


@pytest.mark.parametrize(("status", "tries"), [(429, 3), (430, 1)])
def test_a_day_limit_is_not_worth_a_repeat(errand: Shop, cast: Cast, status: int, tries: int) -> None:
    errand.start_statuses += [status] * 3
    generation = carry_out(cast.bob, "errand-1")
    assert (again(generation).state, len(errand.starts)) == ("failed", tries)


def test_a_repeat_waits_as_long_as_the_vendor_says(cast: Cast) -> None:
    generation = carry_out(cast.bob, prompt="a fox #busy:1", seed=4711)
    first, second = attempts_of(generation)
    assert generation.state == "succeeded"
    assert second.sent_at - first.ended_at >= timedelta(seconds=0.5)
