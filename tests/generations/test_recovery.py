"""What a dead process leaves behind is put right: nothing lost, nothing doubled, nothing sent twice."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from cloudhub.billing.budgets import change_budget
from cloudhub.billing.models import BudgetWindow
from cloudhub.catalog.models import CloudModel
from cloudhub.core.database import release_connection
from cloudhub.core.identifiers import new_id
from cloudhub.generations import storage
from cloudhub.generations import sweep as sweep_module
from cloudhub.generations.answers import keep_answer
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation, Worker
from cloudhub.generations.right_to_send import mark_sent
from cloudhub.generations.sweep import sweep
from cloudhub.generations.work import read_work
from cloudhub.generations.worker import Lease
from providers.base import CloudGenerationResponse, Pending, ProviderError
from providers.emulation.server import RunningServer
from providers.http import transmission
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.errand.server import Shop
from tests.generations.stage import (
    FLASH,
    FLASH_PRICE,
    again,
    all_at_once,
    attempts_of,
    budget,
    fault,
    invoice,
    ledger_of,
    states_of,
    submit,
)


def dead_worker() -> Worker:
    return Worker.objects.create(
        id=new_id(), kind="runner", host="elsewhere", process=1, lease_until=timezone.now() - timedelta(seconds=1)
    )


def abandoned(cast: Cast, model: str = FLASH, *, waiting: bool = False, **fields: Any) -> Generation:
    """A generation that a process had taken before it died, with nothing sent yet."""
    worker = dead_worker()
    if waiting:
        return submit(cast.bob, model, worker_id=worker.id, **fields).generation
    generation = submit(cast.bob, model, **fields).generation
    Generation.objects.filter(id=generation.id).update(state="running", worker=worker, claims=1)
    return again(generation)


def send(attempt: Attempt) -> CloudGenerationResponse | Pending | None:
    """Everything that a process does up to the vendor's reply, and then it is gone."""
    assert mark_sent(attempt.pk)
    work = read_work(Attempt.objects.select_related("generation__model").get(hold_id=attempt.pk))
    with transmission(storage.incoming_path(attempt.pk)):
        try:
            return work.provider.start(work.request, work.key)
        except ProviderError:
            return None


def kept_files(attempt: Attempt) -> list[str]:
    return sorted(Path(path).suffix for path in storage.folder("incoming").glob(f"{attempt.pk}*"))


def test_i22_what_was_never_sent_starts_afresh(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    generation = abandoned(cast)
    assert engine.run_once() == 1
    assert states_of(generation) == ["released", "settled"]
    assert (again(generation).state, again(generation).claims) == ("succeeded", 2)
    assert [kind for kind, _, _ in ledger_of(generation)] == ["hold", "release", "hold", "settle"]
    check_invoice_against_ledger(gemini)


def test_i22_what_a_waiting_door_never_sent_is_released(cast: Cast) -> None:
    generation = abandoned(cast, "practice-1", waiting=True, num_images=2)
    engine.run_once()
    assert (again(generation).state, again(generation).error["code"]) == ("failed", "interrupted")
    assert (again(generation).error["billed"], again(generation).error["retry"]) == ("no", "safe")
    assert states_of(generation) == ["released"]


def test_after_three_claims_it_is_given_up(cast: Cast) -> None:
    generation = abandoned(cast, "practice-1")
    Generation.objects.filter(id=generation.id).update(claims=3)
    engine.run_once()
    assert (again(generation).state, states_of(generation)) == ("failed", ["released"])


def test_what_was_cancelled_does_not_start_afresh(cast: Cast) -> None:
    generation = abandoned(cast, "practice-1")
    Generation.objects.filter(id=generation.id).update(cancel_requested_at=timezone.now())
    engine.run_once()
    assert (again(generation).state, states_of(generation)) == ("cancelled", ["released"])


def test_starting_afresh_needs_room_in_the_budget(cast: Cast) -> None:
    limit = budget(cast.alice, "1", "XTS")
    generation = abandoned(cast, "practice-1")
    change_budget(cast.alice, limit, {"limit": "0.001"})
    engine.run_once()
    assert (again(generation).state, states_of(generation)) == ("failed", ["released"])
    assert "It was not repeated: This needs" in again(generation).error["message"]
    assert BudgetWindow.objects.get().held_micros == 0


def test_i28_starting_afresh_on_a_new_day_is_held_in_that_days_window(cast: Cast) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        budget(cast.alice, "1", "XTS")
        generation = abandoned(cast, "practice-1", num_images=2)
    engine.run_once()
    assert again(generation).state == "succeeded"
    assert [window.posted_micros for window in BudgetWindow.objects.order_by("starts_at")] == [0, 20_000]


def test_i20_what_was_sent_and_left_no_trace_is_unknown(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    generation = abandoned(cast)
    mark_sent(attempts_of(generation)[0].pk)
    engine.run_once()
    assert (again(generation).state, states_of(generation)) == ("unknown", ["unknown"])
    assert ledger_of(generation) == [("hold", FLASH_PRICE, 0)]
    assert invoice(gemini) == []


@pytest.mark.parametrize("waiting", [False, True])
def test_i25_an_answer_that_had_arrived_is_settled_without_sending_again(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, waiting: bool
) -> None:
    generation = abandoned(cast, waiting=waiting)
    send(attempts_of(generation)[0])
    engine.run_once()
    assert (again(generation).state, again(generation).images.count()) == ("succeeded", 1)
    assert len(invoice(gemini)) == 1
    assert kept_files(attempts_of(generation)[0]) == []
    check_invoice_against_ledger(gemini)


def test_i25_an_answer_that_was_kept_is_settled(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    generation = abandoned(cast)
    attempt = attempts_of(generation)[0]
    response = send(attempt)
    assert isinstance(response, CloudGenerationResponse)
    storage.clear_answer(attempt.pk)
    keep_answer(attempt.pk, response, {"image": 1})
    engine.run_once()
    assert again(generation).state == "succeeded"
    check_invoice_against_ledger(gemini)


def test_an_answer_is_read_also_when_the_key_was_taken_away_since(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = abandoned(cast)
    send(attempts_of(generation)[0])
    monkeypatch.delenv("GOOGLE_API_KEY")
    engine.run_once()
    assert again(generation).state == "succeeded"


def test_an_answer_whose_model_left_the_catalogue_is_not_taken_for_not_billed(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    generation = abandoned(cast)
    send(attempts_of(generation)[0])
    Generation.objects.filter(id=generation.id).update(sent={**generation.sent, "model": "gone-1"})
    engine.run_once()
    assert (again(generation).state, states_of(generation)) == ("unknown", ["unknown"])
    assert kept_files(attempts_of(generation)[0]) == [".unread"]


@pytest.mark.parametrize(
    ("wish", "state", "attempt"),
    [
        ({"status": 400}, "failed", "released"),
        ({"status": 429}, "failed", "released"),
        ({"filtered": True}, "refused", "released"),
        ({"status": 500}, "unknown", "unknown"),
        ({"status": 200, "body": "<html>"}, "unknown", "unknown"),
        ({"cut_after_bytes": 500}, "unknown", "unknown"),
    ],
)
def test_i25_each_kind_of_arrived_answer_ends_as_it_would_have(
    gemini: RunningServer,
    gemini_flash: CloudModel,
    cast: Cast,
    wish: dict[str, Any],
    state: str,
    attempt: str,
) -> None:
    fault(gemini, **wish)
    generation = abandoned(cast)
    send(attempts_of(generation)[0])
    engine.run_once()
    assert (again(generation).state, states_of(generation)) == (state, [attempt])
    check_invoice_against_ledger(gemini)


def test_an_answer_that_says_nothing_is_read_once_and_stays_for_the_person(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    fault(gemini, status=500)
    generation = abandoned(cast)
    send(attempts_of(generation)[0])
    for _ in range(3):
        engine.run_once()
    assert kept_files(attempts_of(generation)[0]) == [".unread"]
    assert sum("The kept answer" in record.message for record in caplog.records) == 1


def test_an_answer_of_an_unknown_attempt_is_settled_when_it_can_be_read(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    generation = abandoned(cast)
    attempt = attempts_of(generation)[0]
    send(attempt)
    hidden = storage.first_answer(attempt.pk).rename(storage.first_answer(attempt.pk).with_suffix(".hidden"))
    engine.run_once()
    assert again(generation).state == "unknown"
    hidden.rename(storage.first_answer(attempt.pk))
    engine.run_once()
    assert again(generation).state == "succeeded"
    check_invoice_against_ledger(gemini)


@pytest.mark.parametrize("waiting", [False, True])
def test_a_job_that_the_vendor_has_is_asked_about_and_never_started_again(
    errand: Shop, cast: Cast, waiting: bool
) -> None:
    generation = abandoned(cast, "errand-1", waiting=waiting)
    attempt = attempts_of(generation)[0]
    step = send(attempt)
    assert isinstance(step, Pending)
    Attempt.objects.filter(hold_id=attempt.pk).update(remote_id=step.remote_id)
    errand.done.set()
    engine.run_once()
    assert (again(generation).state, again(generation).cost_micros) == ("succeeded", 50_000)
    assert errand.starts == ["job-1"]


def test_a_job_id_that_had_arrived_but_was_not_remembered_is_found_in_the_answer(errand: Shop, cast: Cast) -> None:
    generation = abandoned(cast, "errand-1")
    send(attempts_of(generation)[0])
    errand.done.set()
    engine.run_once()
    assert (again(generation).state, errand.starts) == ("succeeded", ["job-1"])
    assert attempts_of(generation)[0].remote_id == "job-1"


@pytest.mark.parametrize(("waiting", "ends"), [(False, "succeeded"), (True, "partial")])
def test_a_running_job_beside_what_was_never_sent_goes_on_and_the_rest_starts_afresh(
    errand: Shop, cast: Cast, waiting: bool, ends: str
) -> None:
    generation = abandoned(cast, "errand-1", waiting=waiting, num_images=6)
    send(attempts_of(generation)[0])
    errand.done.set()
    engine.run_once()
    assert again(generation).state == ends
    assert len(errand.starts) == (1 if waiting else 2)
    assert states_of(generation) == (["settled", "released"] if waiting else ["settled", "released", "settled"])


def test_a_running_job_beside_what_was_never_sent_goes_on_in_threads_too(errand: Shop, committed_cast: Cast) -> None:
    generation = abandoned(committed_cast, "errand-1", num_images=6)
    send(attempts_of(generation)[0])
    errand.done.set()
    engine.begin()
    while not again(generation).is_finished:
        release_connection()
    assert (again(generation).state, len(errand.starts)) == ("succeeded", 2)


@pytest.mark.parametrize("why", ["the key is wrong", "the key is gone"])
def test_a_job_that_cannot_be_asked_about_is_unknown_and_not_free(
    errand: Shop, cast: Cast, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    generation = abandoned(cast, "errand-1")
    send(attempts_of(generation)[0])
    if why == "the key is wrong":
        errand.check_statuses.append(401)
    else:
        monkeypatch.delenv("ERRAND_KEY")
    engine.run_once()
    assert (again(generation).state, states_of(generation)) == ("unknown", ["unknown"])
    assert "The vendor has the job" in again(generation).error["message"]


def test_a_vendor_that_is_busy_when_asked_is_asked_again(errand: Shop, cast: Cast) -> None:
    generation = abandoned(cast, "errand-1")
    send(attempts_of(generation)[0])
    errand.check_statuses += [429, 429]
    errand.done.set()
    engine.run_once()
    assert (again(generation).state, len(errand.checks)) == ("succeeded", 3)


def test_a_living_workers_calls_are_left_alone(cast: Cast) -> None:
    generation = abandoned(cast, "practice-1")
    Worker.objects.update(lease_until=timezone.now() + timedelta(seconds=60))
    mark_sent(attempts_of(generation)[0].pk)
    assert engine.run_once() == 0
    assert (again(generation).state, states_of(generation)) == ("running", ["sent"])


def test_a_process_of_this_machine_is_known_to_be_dead_before_its_lease_ends(committed_cast: Cast) -> None:
    lease = Lease("runner")
    lease.begin()
    generation = abandoned(committed_cast, "practice-1")
    Generation.objects.filter(id=generation.id).update(worker_id=lease.worker_id)
    assert engine.run_once() == 0
    lease._stop.set()
    assert lease._lock is not None
    lease._lock.close()
    assert engine.run_once() == 1
    assert again(generation).state == "succeeded"


def test_two_sweeps_at_once_are_one(gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast) -> None:
    generations = [abandoned(committed_cast, num_images=2) for _ in range(3)]
    for generation in generations:
        send(attempts_of(generation)[0])

    all_at_once(4, lambda: sweep(engine.worker_id))
    engine.run_once()
    assert [states_of(generation) for generation in generations] == [["settled", "released", "settled"]] * 3
    check_invoice_against_ledger(gemini)


def test_one_generation_that_cannot_be_recovered_does_not_keep_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = abandoned(cast, "practice-1"), abandoned(cast, "practice-1")
    recover = sweep_module.recover_generation

    def fail(generation: Generation, worker_id: Any) -> bool:
        if generation.id == bad.id:
            raise RuntimeError("unreadable")
        return recover(generation, worker_id)

    monkeypatch.setattr(sweep_module, "recover_generation", fail)
    engine.run_once()
    assert [again(bad).state, again(good).state] == ["running", "succeeded"]
