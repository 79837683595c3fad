"""Put right what a dead or stopped process left behind, attempt by attempt, each by a conditional update of its row."""

import logging
import threading
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from cloudhub.billing.holds import admit
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import HubError
from cloudhub.generations import storage
from cloudhub.generations.answers import kept_answer
from cloudhub.generations.errors import describe, error_json
from cloudhub.generations.models import Attempt, Generation, Worker
from cloudhub.generations.perform import perform_to_end, read_kept_answer, resume_attempt
from cloudhub.generations.settle import (
    dimensions_again,
    mark_unknown,
    release_attempt,
    renew_attempt,
    settle_attempt,
    settle_without_pictures,
)
from cloudhub.generations.worker import died_here
from providers.base import Busy, ProviderError, Rejected

logger = logging.getLogger(__name__)
MOST_CLAIMS = 3
NOT_SENT = "The hub stopped before this was sent; nothing was billed."
State = Attempt.State


def sweep(worker_id: UUID) -> list[UUID]:
    """Recover the generations of workers whose lease ran out, and settle stored answers of unknown attempts.

    Returns the generations that are this worker's now, because a vendor works on their jobs.
    """
    taken = []
    for generation in _abandoned():
        try:
            if recover_generation(generation, worker_id):
                taken.append(generation.id)
        except Exception:
            logger.exception("Generation %s could not be recovered; the next sweep tries again.", generation.id)
    _settle_stored_answers()
    return taken


def recover_generation(generation: Generation, worker_id: UUID) -> bool:
    """One abandoned generation: what was sent is settled from storage, asked about or unknown, the rest starts afresh.

    True when a vendor has a job to be asked about: then the generation, with its fresh attempts, is this worker's.
    """
    sent = Attempt.objects.filter(generation=generation, state=State.SENT).order_by("slot")
    resumable = [attempt.pk for attempt in sent if recover_sent(attempt.pk)]
    if resumable:
        # Two sweepers may find the same generation: only one becomes its worker.
        rows = Generation.objects.filter(id=generation.id, worker=generation.worker, state=Generation.State.RUNNING)
        if not run_transaction(lambda: rows.update(worker_id=worker_id)):
            return False
    give_back(generation.id, worker_id if resumable else generation.worker_id, to_queue=not resumable)
    return bool(resumable)


def recover_sent(attempt_id: UUID) -> bool:
    """A sent attempt whose thread or process is gone. True when the vendor has a job id to ask about; else it is
    settled from storage or unknown afterwards."""
    if settle_from_storage(attempt_id):
        return False
    if Attempt.objects.filter(hold_id=attempt_id).exclude(remote_id="").exists():
        return True
    mark_unknown(attempt_id, describe("unknown_outcome", "The hub stopped while the vendor was working."))
    return False


def put_right(attempt_id: UUID, stopping: threading.Event, *, give_up: bool) -> None:
    """Go on with the slot of an attempt whose thread failed in this process; what is not sent ends with `give_up`."""
    failed = Attempt.objects.get(hold_id=attempt_id)
    slot = Attempt.objects.filter(generation_id=failed.generation_id, slot=failed.slot)
    live = slot.filter(state__in=[State.HELD, State.SENT]).first()
    if live is None:
        return
    if live.state == State.SENT:
        if recover_sent(live.pk):
            resume_attempt(live.pk, stopping)
    elif give_up:
        release_attempt(live.pk, describe("interrupted", "The hub could not carry this out; nothing was billed."))
    else:
        perform_to_end(live.pk, stopping)


def give_back(generation_id: UUID, owner: UUID | None, *, to_queue: bool = True) -> None:
    """End attempts that were never sent: queued work gets fresh ones in the same transaction and, with `to_queue`,
    waits for any worker again; a waiting door's call is released. Nothing happens when `owner`'s work is another's."""
    held = list(Attempt.objects.filter(generation_id=generation_id, state=State.HELD).values_list("hold_id", flat=True))
    if not held:
        return
    dimensions = dimensions_again(held[0])
    message = NOT_SENT
    try:
        if admit(lambda: _renew_held(generation_id, owner, dimensions.held_at, to_queue), dimensions):
            return
    except HubError as refusal:
        message = f"{NOT_SENT} It was not repeated: {refusal.message}"
    for attempt_id in held:
        release_attempt(attempt_id, describe("interrupted", message))


def _renew_held(generation_id: UUID, owner: UUID | None, at: datetime, to_queue: bool) -> bool:
    """Part of `admit`'s transaction. False when the attempts shall be released instead."""
    generation = Generation.objects.select_for_update(of=("self",)).get(id=generation_id)
    if generation.worker_id != owner or generation.state != Generation.State.RUNNING:
        return True
    ends = generation.door == Generation.Door.INLINE or generation.cancel_requested_at is not None
    if ends or generation.claims >= MOST_CLAIMS:
        return False
    held = Attempt.objects.select_related("hold__model").filter(generation=generation, state=State.HELD)
    error = describe("interrupted", NOT_SENT)
    renewed = []
    for attempt in held.order_by("slot"):
        rows = Attempt.objects.filter(hold_id=attempt.pk, state=State.HELD)
        if rows.update(state=State.RELEASED, ended_at=Now(), error=error):
            renewed.append(renew_attempt(attempt, NOT_SENT, at))
    if renewed and to_queue:
        Generation.objects.filter(id=generation.id).update(state=Generation.State.QUEUED, worker=None)
    return True


def settle_from_storage(attempt_id: UUID) -> bool:
    """Settle an attempt whose answer was kept: from its record, else by reading the kept bytes once more.

    False when nothing was kept, or only the vendor's job id.
    """
    answer = kept_answer(attempt_id)
    if answer is not None:
        settle_attempt(attempt_id, answer)
        return True
    if not storage.first_answer(attempt_id).exists():
        return False
    attempt = Attempt.objects.select_related("generation__model", "hold").get(hold_id=attempt_id)
    try:
        return read_kept_answer(attempt)
    except Rejected as error:
        settle_without_pictures(attempt_id, error)
    except Busy as error:
        release_attempt(attempt_id, error_json(error), states=(State.SENT, State.UNKNOWN), request_id=error.request_id)
        storage.clear_answer(attempt_id)
    except ProviderError as error:
        logger.warning("The kept answer of attempt %s says: %s", attempt_id, error.message)
        mark_unknown(attempt_id, error_json(error, billed="unknown"), error.request_id)
        # It stays for the person who decides, under a name that no sweep reads again.
        storage.first_answer(attempt_id).rename(storage.first_answer(attempt_id).with_suffix(".unread"))
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
            try:
                settle_from_storage(attempt_id)
            except Exception:
                logger.exception("The stored answer of attempt %s could not be settled yet.", attempt_id)


def unclaim(worker_id: UUID) -> None:
    """A graceful stop: what this worker never sent goes back to the queue the way a sweep does it.

    A generation with a call under way waits for that call; if it does not end, the next start recovers both.
    """
    under_way = Attempt.objects.filter(state=State.SENT).values("generation_id")
    mine = Generation.objects.filter(worker_id=worker_id, state=Generation.State.RUNNING).exclude(id__in=under_way)
    for generation_id in list(mine.values_list("id", flat=True)):
        give_back(generation_id, worker_id)


def end_lease(worker_id: UUID) -> None:
    """What remains sent belongs to whoever starts next."""
    run_transaction(lambda: Worker.objects.filter(id=worker_id).update(lease_until=Now()))
