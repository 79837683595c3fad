"""Cancelling: what was not sent is released, what was sent is settled as billed, and nobody is told otherwise."""

import threading
import time

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Conflict, Forbidden, NotFound
from cloudhub.generations.cancel import cancel_generation
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.perform import perform_attempt
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.errand.server import Shop
from tests.generations.stage import (
    FLASH,
    FLASH_PRICE,
    again,
    attempts_of,
    carry_out,
    fault,
    in_thread,
    invoice,
    ledger_of,
    states_of,
    submit,
)


def start(generation: Generation, slot: int = 0) -> threading.Thread:
    """Perform one slot in a thread; returns when its call was sent."""
    attempt = attempts_of(generation)[slot]
    call = in_thread(perform_attempt, attempt.pk, engine.stopping)
    while Attempt.objects.get(hold_id=attempt.pk).state == "held":
        time.sleep(0.01)
    return call


def test_before_sending_everything_is_released(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    generation = submit(cast.bob, FLASH, num_images=2).generation
    cancelled = cancel_generation(cast.bob, generation.id)
    assert (cancelled.state, cancelled.error["code"]) == ("cancelled", "cancelled_before_send")
    assert ledger_of(generation) == [("hold", FLASH_PRICE, 0), ("release", -FLASH_PRICE, 0)] * 2
    assert engine.run_once() == 0
    assert invoice(gemini) == []


def test_after_sending_it_is_settled_as_billed_and_the_picture_kept(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(gemini, delay_ms=400)
    generation = submit(committed_cast.bob, FLASH, num_images=2).generation
    call = start(generation)
    assert cancel_generation(committed_cast.bob, generation.id).state == "queued"
    call.join()
    assert states_of(generation) == ["settled", "released"]
    assert (again(generation).state, again(generation).cost_micros) == ("partial", FLASH_PRICE)
    assert again(generation).images.count() == 1
    check_invoice_against_ledger(gemini)


def test_a_cancelled_call_is_not_repeated_when_the_vendor_is_busy(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(gemini, status=503, delay_ms=400)
    generation = submit(committed_cast.bob, FLASH).generation
    call = start(generation)
    cancel_generation(committed_cast.bob, generation.id)
    call.join()
    assert (again(generation).state, states_of(generation)) == ("cancelled", ["released"])


def test_a_vendor_that_can_stop_is_asked_to(errand: Shop, committed_cast: Cast) -> None:
    generation = submit(committed_cast.bob, "errand-1").generation
    call = start(generation)
    while not errand.checks:
        time.sleep(0.01)
    cancel_generation(committed_cast.bob, generation.id)
    call.join()
    assert errand.cancels == ["job-1"]
    assert (again(generation).state, states_of(generation)) == ("cancelled", ["released"])


def test_a_vendor_is_asked_to_stop_as_soon_as_the_job_has_an_id(errand: Shop, committed_cast: Cast) -> None:
    errand.tells.clear()
    generation = submit(committed_cast.bob, "errand-1").generation
    call = start(generation)
    while not errand.starts:
        time.sleep(0.01)
    cancel_generation(committed_cast.bob, generation.id)
    assert errand.cancels == []
    errand.tells.set()
    call.join()
    assert errand.cancels == ["job-1"]
    assert (again(generation).state, states_of(generation)) == ("cancelled", ["released"])


def test_a_vendor_that_goes_on_all_the_same_is_settled(errand: Shop, committed_cast: Cast) -> None:
    generation = submit(committed_cast.bob, "errand-1").generation
    call = start(generation)
    while not errand.checks:
        time.sleep(0.01)
    errand.done.set()
    call.join()
    with pytest.raises(Conflict, match="is finished"):
        cancel_generation(committed_cast.bob, generation.id)
    assert again(generation).cost_micros == 50_000


def test_cancel_and_send_cannot_both_win(gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast) -> None:
    for _ in range(8):
        generation = submit(committed_cast.bob, FLASH).generation
        attempt = attempts_of(generation)[0]
        call = in_thread(perform_attempt, attempt.pk, threading.Event())
        cancel_generation(committed_cast.bob, generation.id)
        call.join()
        assert again(generation).state in ("cancelled", "succeeded")
        assert (again(generation).state == "succeeded") == (states_of(generation) == ["settled"])
    check_invoice_against_ledger(gemini)


def test_a_finished_generation_cannot_be_cancelled(cast: Cast) -> None:
    generation = carry_out(cast.bob)
    with pytest.raises(Conflict, match="finished"):
        cancel_generation(cast.bob, generation.id)


def test_strangers_and_viewers_cannot_cancel(cast: Cast) -> None:
    generation = submit(cast.bob).generation
    with pytest.raises(NotFound):
        cancel_generation(cast.charlie, generation.id)
    with pytest.raises(Forbidden):
        cancel_generation(cast.victor, generation.id)
    assert again(generation).cancel_requested_at is None
