"""The call itself: held and sent are durable before a byte leaves, nothing of the database is held during it, and
whoever waits may leave."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from cloudhub.billing.models import Hold, LedgerEntry
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Unavailable
from cloudhub.generations import engine as engine_module
from cloudhub.generations import perform
from cloudhub.generations.engine import WaitingPlace, engine
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.perform import perform_attempt
from cloudhub.generations.right_to_send import mark_sent
from cloudhub.generations.run import submit_and_wait
from cloudhub.generations.work import Work
from cloudhub.lanes.turn import Wait
from providers.emulation.contract import Call
from providers.emulation.exchange import Delivery
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.errand.client import Errand
from tests.generations.errand.server import Shop
from tests.generations.stage import (
    FLASH,
    FLASH_PRICE,
    again,
    all_at_once,
    attempts_of,
    fault,
    invoice,
    states_of,
    submit,
)


@dataclass
class Recorder:
    """What the database said, on a connection of the vendor's own thread, whenever a request arrived."""

    emulator: RunningServer
    seen: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._carry_out = self.emulator.exchange.carry_out
        self.emulator.exchange.carry_out = self.record  # type: ignore[method-assign]

    def record(self, call: Call) -> Delivery:
        try:
            states = list(Attempt.objects.values_list("state", flat=True))
            kinds = list(LedgerEntry.objects.values_list("kind", "held_delta"))
            self.seen.append({"states": states, "ledger": kinds, "holds": Hold.objects.filter(state="open").count()})
        finally:
            connection.close()
        return self._carry_out(call)


@pytest.fixture
def recorder(gemini: RunningServer) -> Recorder:
    return Recorder(gemini)


def wait_for(condition: Any, seconds: float = 10) -> None:
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "this does not come about"
        time.sleep(0.01)


def wait_in_door(cast: Cast, model: str = FLASH, seconds: float = 30, **options: Any) -> Generation:
    wish = {"prompt": "a red fox", **options.pop("fields", {})}
    return submit_and_wait(
        actor=cast.bob, model=model, fields=wish, route="door", seconds=seconds, **options
    ).generation


def test_i11_when_a_request_arrives_its_hold_and_its_sending_are_in_the_database(
    recorder: Recorder, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    generation = submit(committed_cast.bob, FLASH).generation
    engine.run_once()
    assert recorder.seen == [{"states": ["sent"], "ledger": [("hold", FLASH_PRICE)], "holds": 1}]
    assert again(generation).state == "succeeded"


def test_i11_a_repeat_has_a_hold_of_its_own_before_it_is_sent(
    recorder: Recorder, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(recorder.emulator, status=429)
    submit(committed_cast.bob, FLASH)
    engine.run_once()
    assert [sorted(seen["states"]) for seen in recorder.seen] == [["sent"], ["released", "sent"]]
    assert [seen["holds"] for seen in recorder.seen] == [1, 1]


def test_i12_an_attempt_is_sent_once_however_many_try(
    recorder: Recorder, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    attempt = attempts_of(submit(committed_cast.bob, FLASH).generation)[0]
    all_at_once(8, lambda: perform_attempt(attempt.pk, threading.Event()))
    assert len(recorder.seen) == 1
    check_invoice_against_ledger(recorder.emulator)


def test_the_right_to_send_is_taken_once(cast: Cast) -> None:
    attempt = attempts_of(submit(cast.bob).generation)[0]
    assert [mark_sent(attempt.pk), mark_sent(attempt.pk)] == [True, False]
    engine.run_once()
    Attempt.objects.filter(hold_id=attempt.pk).update(state="held", sent_at=None)


def test_i12_what_waited_too_long_after_being_marked_sent_is_not_sent(
    recorder: Recorder, gemini_flash: CloudModel, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perform, "SEND_WITHIN_SECONDS", -0.001)
    generation = submit(committed_cast.bob, FLASH).generation
    engine.run_once()
    assert recorder.seen == []
    assert (again(generation).state, states_of(generation)) == ("failed", ["released"] * 3)
    assert "held up for too long" in again(generation).error["message"]


def test_no_connection_and_no_transaction_is_held_during_a_call(errand: Shop, committed_cast: Cast) -> None:
    errand.done_after_checks = 4
    generation = wait_in_door(committed_cast, "errand-1")
    assert generation.state == "succeeded"
    assert Errand.connections_during_calls == [False] * 5


def test_no_connection_is_held_while_a_door_waits(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(gemini, delay_ms=800)
    held: list[bool] = []
    waits = engine_module.wake.await_end

    def look(seconds: float) -> None:
        held.append(connection.connection is not None)
        waits(seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_module.wake, "await_end", look)
        wait_in_door(committed_cast)
    assert held
    assert not any(held)


def test_i13_who_stops_waiting_ends_only_the_waiting(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(gemini, delay_ms=600)
    left = wait_in_door(committed_cast, seconds=0.1)
    assert left.state == "running"
    wait_for(lambda: again(left).is_finished)
    assert (again(left).state, again(left).cost_micros) == ("succeeded", FLASH_PRICE)
    check_invoice_against_ledger(gemini)


def test_a_door_that_waits_gets_the_picture_at_once(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    generation = wait_in_door(committed_cast, fields={"num_images": 3})
    assert (generation.state, generation.images.count(), generation.door) == ("succeeded", 3, "inline")


def test_pictures_of_a_waiting_door_are_made_side_by_side(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(gemini, delay_ms=700, times=None)
    began = time.monotonic()
    wait_in_door(committed_cast, fields={"num_images": 4})
    assert time.monotonic() - began < 4 * 0.7


def test_more_waiting_than_places_is_refused_before_anything_is_held(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_waiting", threading.BoundedSemaphore(1))
    with WaitingPlace(), pytest.raises(Unavailable, match="nothing was held"):
        wait_in_door(committed_cast, "practice-1")
    assert not Generation.objects.exists()
    assert wait_in_door(committed_cast, "practice-1").state == "succeeded"


def test_a_place_is_given_back_after_a_refusal(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_waiting", threading.BoundedSemaphore(1))
    for _ in range(3):
        with pytest.raises(Exception, match="prompt"):
            wait_in_door(committed_cast, "practice-1", fields={"prompt": ""})


def test_a_hub_that_stops_takes_no_new_waiting_call(committed_cast: Cast) -> None:
    engine.stopping.set()
    with pytest.raises(Unavailable, match="stopping"):
        wait_in_door(committed_cast, "practice-1")
    assert not Generation.objects.exists()


def test_only_as_many_calls_run_as_there_are_seats_and_the_rest_wait_unsent(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_seats", threading.BoundedSemaphore(2))
    fault(gemini, delay_ms=1500, times=2)
    generation = wait_in_door(committed_cast, fields={"num_images": 5}, seconds=0.1)
    wait_for(lambda: states_of(generation).count("sent") == 2)
    assert sorted(states_of(generation)) == ["held"] * 3 + ["sent"] * 2
    wait_for(lambda: again(generation).is_finished)
    assert len(invoice(gemini)) == 5


def test_an_adapter_that_fails_by_itself_leaves_an_unknown_outcome(
    errand: Shop, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Errand, "billing_fails", True)
    errand.done.set()
    generation = wait_in_door(committed_cast, "errand-1")
    assert (generation.state, generation.error["billed"]) == ("unknown", "unknown")


def test_a_failure_between_the_steps_is_put_right(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = perform.take_right_to_send, iter([True, True, False])

    def fail_twice(work: Work) -> bool | Wait:
        if next(failures, False):
            raise RuntimeError("the database went away")
        return real(work)

    monkeypatch.setattr(perform, "take_right_to_send", fail_twice)
    assert wait_in_door(committed_cast).state == "succeeded"


def test_a_failure_in_a_repeat_is_put_right_too(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(gemini, status=429)
    real, failures = perform.take_right_to_send, iter([False, True, False])

    def fail_at_the_repeat(work: Work) -> bool | Wait:
        if next(failures, False):
            raise RuntimeError("the database went away")
        return real(work)

    monkeypatch.setattr(perform, "take_right_to_send", fail_at_the_repeat)
    generation = wait_in_door(committed_cast)
    assert (generation.state, states_of(generation)) == ("succeeded", ["released", "settled"])
