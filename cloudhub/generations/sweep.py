"""Put right what a dead or stopped process left behind, attempt by attempt, each by a conditional update."""

import logging
from uuid import UUID

from django.db.models.functions import Now

from cloudhub.core.database import run_transaction
from cloudhub.core.errors import HubError
from cloudhub.generations import storage
from cloudhub.generations.answers import kept_answer
from cloudhub.generations.errors import describe, error_json
from cloudhub.generations.models import Attempt, Generation, Worker
from cloudhub.generations.perform import finish_attempt, read_work
from cloudhub.generations.settle import (
    mark_unknown,
    release_attempt,
    renew_attempt,
    settle_attempt,
    settle_without_pictures,
)
from cloudhub.generations.worker import died_here
from providers.base import CloudGenerationResponse, ProviderError, Rejected
from providers.http import transmission

logger = logging.getLogger(__name__)
MOST_CLAIMS = 3
State = Attempt.State


def sweep(worker_id: UUID) -> list[UUID]:
    """Recover the generations of workers whose lease ran out, and settle stored answers of unknown attempts.

    Returns attempts with a vendor's job id, now this worker's, that must be asked about again.
    """
    resumable: list[UUID] = []
    for generation in _abandoned():
        resumable += recover_generation(generation, worker_id)
    _settle_stored_answers()
    return resumable


def recover_generation(generation: Generation, worker_id: UUID) -> list[UUID]:
    """One abandoned generation. Returns the attempts that must be asked about again, now this worker's."""
    live = Attempt.objects.filter(generation=generation, state__in=[State.HELD, State.SENT]).order_by("slot")
    resumable = [attempt.pk for attempt in live if recover_attempt(attempt.pk)]
    if resumable:
        rows = Generation.objects.filter(id=generation.id, worker=generation.worker)
        if not run_transaction(lambda: rows.update(worker_id=worker_id)):
            return []
    return resumable


def recover_attempt(attempt_id: UUID) -> bool:
    """One attempt whose thread or process is gone: never sent → released or queued afresh; sent → settled from
    storage or unknown. True when the vendor has a job id to ask about instead."""
    attempt = Attempt.objects.select_related("generation__model").get(hold_id=attempt_id)
    if attempt.state == State.HELD:
        give_back(attempt.generation, attempt.pk)
    elif attempt.state == State.SENT and not settle_from_storage(attempt.pk):
        if attempt.remote_id:
            return True
        mark_unknown(attempt.pk, describe("unknown_outcome", "The hub stopped while the vendor was working."))
    return False


def give_back(generation: Generation, attempt_id: UUID) -> None:
    """End an attempt that was never sent: queued work gets a fresh attempt in the same transaction, a waiting door's
    call is released."""
    message = "The hub stopped before this was sent; nothing was billed."
    error = describe("interrupted", message)
    wants_again = (
        generation.door == Generation.Door.QUEUED
        and generation.claims < MOST_CLAIMS
        and generation.cancel_requested_at is None
    )
    if not wants_again:
        release_attempt(attempt_id, error)
        return
    try:
        run_transaction(lambda: _queue_again(generation.id, attempt_id, error))
    except HubError as refusal:
        release_attempt(attempt_id, describe("interrupted", f"{message} It was not repeated: {refusal.message}"))


def _queue_again(generation_id: UUID, attempt_id: UUID, error: dict[str, str]) -> None:
    Generation.objects.select_for_update(of=("self",)).get(id=generation_id)
    rows = Attempt.objects.filter(hold_id=attempt_id, state=State.HELD)
    if not rows.update(state=State.RELEASED, ended_at=Now(), error=error):
        return
    renew_attempt(Attempt.objects.select_related("hold__model").get(hold_id=attempt_id), error["message"])
    Generation.objects.filter(id=generation_id).update(state=Generation.State.QUEUED, worker=None)


def settle_from_storage(attempt_id: UUID) -> bool:
    """Settle an attempt whose answer was kept: from its record, else by reading the kept bytes once more."""
    answer = kept_answer(attempt_id)
    if answer is not None:
        settle_attempt(attempt_id, answer)
        return True
    if not storage.first_answer(attempt_id).exists():
        return False
    attempt = Attempt.objects.select_related("generation__model").get(hold_id=attempt_id)
    try:
        work = read_work(attempt)
        with transmission(storage.incoming_path(attempt_id), replay=True):
            step = work.provider.start(work.request, work.key)
    except Rejected as error:
        settle_without_pictures(attempt_id, error)
        return True
    except ProviderError as error:
        logger.warning("The kept answer of attempt %s says: %s", attempt_id, error.message)
        mark_unknown(attempt_id, error_json(error, billed="unknown"), error.request_id)
        # It stays for the person who decides, under a name that no sweep reads again.
        storage.first_answer(attempt_id).rename(storage.first_answer(attempt_id).with_suffix(".unread"))
        return True
    if not isinstance(step, CloudGenerationResponse):
        return False
    finish_attempt(work, step)
    return True


def _abandoned() -> list[Generation]:
    """Running generations whose worker's lease ran out, or whose worker is known to be dead on this machine."""
    alive = [worker.id for worker in Worker.objects.filter(lease_until__gte=Now()) if not died_here(worker)]
    running = Generation.objects.filter(state=Generation.State.RUNNING).select_related("worker", "model")
    return list(running.exclude(worker_id__in=alive).order_by("id"))


def _settle_stored_answers() -> None:
    """Answers that were kept but whose attempt had been called unknown, such as when the disk was full."""
    for attempt_id in Attempt.objects.filter(state=State.UNKNOWN).values_list("hold_id", flat=True):
        if storage.record_path(attempt_id).exists() or storage.first_answer(attempt_id).exists():
            settle_from_storage(attempt_id)


def unclaim(worker_id: UUID) -> None:
    """A graceful stop: what this worker never sent goes back to the queue the way a sweep does it."""
    mine = Generation.objects.filter(worker_id=worker_id, state=Generation.State.RUNNING)
    held = Attempt.objects.filter(generation__in=mine, state=State.HELD).select_related("generation")
    for attempt in held:
        give_back(attempt.generation, attempt.pk)


def end_lease(worker_id: UUID) -> None:
    """What remains sent belongs to whoever starts next."""
    run_transaction(lambda: Worker.objects.filter(id=worker_id).update(lease_until=Now()))
