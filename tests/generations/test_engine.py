"""The process's threads: claims, the queue, a graceful stop, leases that lapse."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Unavailable
from cloudhub.core.identifiers import new_id
from cloudhub.generations import worker as worker_module
from cloudhub.generations.claim import claim_generation
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation, Worker
from cloudhub.generations.worker import Lease, runner_was_seen
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.stage import FLASH, again, fault, in_thread, states_of, submit


def wait_for(condition: Any, seconds: float = 15) -> None:
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "this does not come about"
        time.sleep(0.01)


def test_the_runner_takes_what_is_queued(committed_cast: Cast) -> None:
    engine.begin()
    generations = [submit(committed_cast.bob, prompt=f"fox {number}").generation for number in range(3)]
    wait_for(lambda: all(again(generation).is_finished for generation in generations))
    assert {again(generation).state for generation in generations} == {"succeeded"}
    assert {again(generation).worker_id for generation in generations} == {engine.worker_id}


def test_a_new_wish_wakes_the_runner_at_once(committed_cast: Cast) -> None:
    engine.begin()
    wait_for(lambda: runner_was_seen())
    time.sleep(0.2)
    began = time.monotonic()
    generation = submit(committed_cast.bob).generation
    wait_for(lambda: again(generation).state != "queued")
    assert time.monotonic() - began < 0.7


def test_of_many_that_claim_each_generation_has_one(committed_cast: Cast) -> None:
    for number in range(12):
        submit(committed_cast.bob, prompt=f"fox {number}")
    workers = [Worker.objects.create(id=new_id(), kind="runner", host="h", process=1, lease_until=timezone.now()
                                     + timedelta(seconds=60)) for _ in range(4)]  # fmt: skip
    claimed: list[Any] = []

    def claim(worker: Worker) -> None:
        while generation_id := claim_generation(worker.id):
            claimed.append(generation_id)

    for thread in [in_thread(claim, worker) for worker in workers]:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 12
    assert set(Generation.objects.values_list("claims", flat=True)) == {1}


def test_a_graceful_stop_waits_for_what_was_sent(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(gemini, delay_ms=600)
    engine.begin()
    generation = submit(committed_cast.bob, FLASH).generation
    wait_for(lambda: states_of(generation) == ["sent"])
    assert engine.stop(grace=10)
    assert again(generation).state == "succeeded"
    check_invoice_against_ledger(gemini)


def test_what_does_not_end_in_the_grace_stays_sent_with_its_lease_ended(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(gemini, delay_ms=1500)
    engine.begin()
    generation = submit(committed_cast.bob, FLASH).generation
    wait_for(lambda: states_of(generation) == ["sent"])
    assert not engine.stop(grace=0.1)
    assert (again(generation).state, states_of(generation)) == ("running", ["sent"])
    assert Worker.objects.get().lease_until <= timezone.now()
    wait_for(lambda: again(generation).is_finished)


def test_a_stop_gives_back_what_waits_for_a_seat(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_seats", threading.BoundedSemaphore(1))
    fault(gemini, delay_ms=600)
    engine.begin()
    generation = submit(committed_cast.bob, FLASH, num_images=3).generation
    wait_for(lambda: "sent" in states_of(generation))
    engine.stop(grace=10)
    assert sorted(states_of(generation)) == ["held"] * 2 + ["released"] * 2 + ["settled"]
    assert (again(generation).state, again(generation).worker_id) == ("queued", None)


def test_a_stop_tells_a_waiting_doors_call_that_it_was_not_sent(committed_cast: Cast) -> None:
    generation = submit(committed_cast.bob, worker_id=engine.worker_id).generation
    engine.stop(grace=1)
    assert (again(generation).state, again(generation).error["code"]) == ("failed", "interrupted")


def test_after_a_stop_nothing_new_is_taken(committed_cast: Cast) -> None:
    engine.begin()
    wait_for(lambda: runner_was_seen())
    engine.stop(grace=1)
    generation = submit(committed_cast.bob).generation
    time.sleep(0.3)
    assert again(generation).state == "queued"


def test_an_end_at_once_gives_back_what_was_not_sent_and_leaves_the_rest(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    fault(gemini, delay_ms=800)
    engine.begin()
    sent = submit(committed_cast.bob, FLASH).generation
    wait_for(lambda: states_of(sent) == ["sent"])
    waiting = submit(committed_cast.bob, worker_id=engine.worker_id).generation
    engine.abandon()
    assert states_of(sent) == ["sent"]
    assert states_of(waiting) == ["released"]
    assert Worker.objects.get().lease_until <= timezone.now()
    wait_for(lambda: again(sent).is_finished)


def test_a_lease_is_renewed_while_the_process_lives(committed_cast: Cast, settings: Any) -> None:
    settings.LEASE_SECONDS = 1
    lease = Lease("web")
    lease.begin()
    time.sleep(1.3)
    assert Worker.objects.filter(id=lease.worker_id, lease_until__gt=timezone.now()).exists()
    lease.end()
    assert not Worker.objects.filter(id=lease.worker_id, lease_until__gt=timezone.now()).exists()


def test_a_process_whose_lease_cannot_be_renewed_takes_no_new_work(
    committed_cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEASE_SECONDS = 0.3
    lease = Lease("web")
    lease.begin()

    def fail(work: Any) -> None:
        raise Unavailable("The database is gone.")

    monkeypatch.setattr(worker_module, "run_transaction", fail)
    wait_for(lambda: not lease.may_claim)
    monkeypatch.undo()
    wait_for(lambda: lease.may_claim)
    lease.end()


def test_a_process_whose_row_could_not_be_written_tries_again_at_the_next_need(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(work: Any) -> None:
        raise Unavailable("The database is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(worker_module, "run_transaction", fail)
        with pytest.raises(Unavailable):
            engine.worker_id  # noqa: B018 - looking makes it
    assert Worker.objects.filter(id=engine.worker_id).exists()


def test_calls_leave_no_transaction_behind(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    engine.begin()
    generation = submit(committed_cast.bob, FLASH, num_images=5).generation
    wait_for(lambda: again(generation).is_finished)
    engine.stop(grace=5)
    assert not any(thread.name.startswith("call-") and thread.is_alive() for thread in threading.enumerate())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # The tests beside this one have databases of their own on the same server.
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
            )
            assert cursor.fetchone() == (0,)
