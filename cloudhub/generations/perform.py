"""Carry out one attempt at a vendor: mark it sent, call, keep the answer, settle. No transaction and no connection
is held during the call."""

import logging
import threading
import time
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from cloudhub.catalog.find import entry_of, provider_of
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.generations import storage
from cloudhub.generations.answers import keep_answer
from cloudhub.generations.crash_points import reach
from cloudhub.generations.errors import error_json
from cloudhub.generations.models import Attempt
from cloudhub.generations.settle import (
    mark_unknown,
    release_attempt,
    retry_attempt,
    settle_attempt,
    settle_without_pictures,
)
from cloudhub.generations.wish import split_into_calls, wish_from_json
from cloudhub.vault.keys import key_for
from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    Key,
    ModelEntry,
    OutcomeUnknown,
    Pending,
    Provider,
    ProviderError,
    Rejected,
)
from providers.http import SEND_WITHIN_SECONDS, boot_clock, transmission

logger = logging.getLogger(__name__)
REPEATED_CODES = ("rate_minute", "provider_5xx", "connect_failed_not_sent")
PAUSES = (1.0, 4.0)
SAVE_PAUSES = (0.2, 1.0, 3.0)
Step = Pending | CloudGenerationResponse
State = Attempt.State


@dataclass(frozen=True)
class Work:
    """Everything that a call needs, read before it so that no database connection is needed during it."""

    attempt_id: UUID
    generation_id: UUID
    seconds_left: float
    provider: Provider
    entry: ModelEntry
    request: CloudGenerationRequest
    key: Key


def perform_attempt(attempt_id: UUID, stopping: threading.Event) -> None:
    """Carry out an attempt that is `held`, and the attempts that repeat it when the vendor was busy."""
    current: UUID | None = attempt_id
    while current is not None:
        current = _perform_once(current, stopping)


def _perform_once(attempt_id: UUID, stopping: threading.Event) -> UUID | None:
    """One attempt; returns the next one when the vendor was busy and it may be repeated."""
    try:
        work = _prepare(attempt_id)
    except ProviderError as error:
        release_attempt(attempt_id, error_json(error, billed="no"))
        return None
    if work is None or stopping.is_set():
        return None
    send_before = boot_clock() + SEND_WITHIN_SECONDS
    if not mark_sent(attempt_id):
        return None
    release_connection()
    reach("after_sent")
    try:
        with transmission(storage.incoming_path(attempt_id), send_before=send_before):
            step = _call(work, stopping)
    except Busy as error:
        return _after_busy(work, error, stopping)
    except ProviderError as error:
        _after_refusal(attempt_id, error)
        return None
    if step is not None:
        finish_attempt(work, step)
    return None


def _prepare(attempt_id: UUID) -> Work | None:
    """Read what the call needs. None when the attempt is no longer to be sent. Raises `Rejected` without a key."""
    attempt = Attempt.objects.select_related("generation__model").filter(hold_id=attempt_id).first()
    if attempt is None or attempt.state != State.HELD:
        return None
    return read_work(attempt)


def read_work(attempt: Attempt) -> Work:
    """What an attempt's call needs, from the database, the vault and storage. Raises `Rejected` without a key."""
    generation = attempt.generation
    provider, entry = provider_of(generation.model), entry_of(generation.model)
    request = split_into_calls(wish_from_json(generation.sent), entry)[attempt.slot]
    seconds_left = (generation.deadline_at - timezone.now()).total_seconds()
    key = key_for(provider)
    release_connection()
    return Work(attempt.pk, generation.id, seconds_left, provider, entry, request, key)


def mark_sent(attempt_id: UUID) -> bool:
    """Take the right to send, durably and once. False when the attempt was swept or cancelled meanwhile."""
    held = Attempt.objects.filter(hold_id=attempt_id, state=State.HELD)
    return bool(run_transaction(lambda: held.update(state=State.SENT, sent_at=timezone.now())))


def remember_remote_id(attempt_id: UUID, pending: Pending) -> None:
    """Store the vendor's job id, so that a restart resumes at `check` and never at `start`."""
    rows = Attempt.objects.filter(hold_id=attempt_id, state__in=[State.SENT, State.UNKNOWN])
    run_transaction(lambda: rows.update(remote_id=pending.remote_id[:300], vendor_request_id=pending.request_id[:300]))
    release_connection()
    reach("after_remote_id")


def _call(work: Work, stopping: threading.Event) -> CloudGenerationResponse | None:
    """Start the vendor's work and, where it answers later, ask until it is done."""
    try:
        step: Step = work.provider.start(work.request, work.key)
    except ProviderError:
        raise
    except Exception as error:
        logger.exception("The adapter of %s failed after attempt %s was sent.", work.provider.id, work.attempt_id)
        raise OutcomeUnknown("The hub could not read the vendor's answer; it may have been billed.") from error
    reach("after_reply")
    if isinstance(step, Pending):
        remember_remote_id(work.attempt_id, step)
        return await_result(work, step, stopping)
    return step


def await_result(work: Work, pending: Pending, stopping: threading.Event) -> CloudGenerationResponse | None:
    """Ask the vendor until the job is done. None when the hub stops: the next start goes on asking.

    Raises `ProviderError`; a busy vendor is asked again, since asking is free.
    """
    last = time.monotonic() + work.provider.longest_wait_seconds
    while time.monotonic() < last:
        if stopping.wait(pending.wait_seconds):
            return None
        try:
            step = work.provider.check(pending.remote_id, work.key)
        except Busy:
            continue
        if isinstance(step, CloudGenerationResponse):
            return step
        pending = step
    raise OutcomeUnknown(f"{work.provider.label} did not finish in {work.provider.longest_wait_seconds} seconds.")


def finish_attempt(work: Work, response: CloudGenerationResponse) -> None:
    """Keep the answer durably, then settle. An answer that cannot be filed stays where it arrived, paid and kept."""
    for pause in (*SAVE_PAUSES, None):
        try:
            answer = keep_answer(work.attempt_id, response, work.provider, work.entry)
            break
        except OSError:
            logger.exception("The answer of attempt %s could not be stored.", work.attempt_id)
            if pause is None:
                error = ProviderError("save_failed_paid", "The picture came and could not be stored on the hub's disk.")
                mark_unknown(work.attempt_id, error_json(error), response.request_id)
                return
            time.sleep(pause)
    reach("after_answer_kept")
    settle_attempt(work.attempt_id, answer)
    reach("after_settled")


def _after_refusal(attempt_id: UUID, error: ProviderError) -> None:
    if isinstance(error, Rejected):
        settle_without_pictures(attempt_id, error)
    else:
        mark_unknown(attempt_id, error_json(error), error.request_id)


def _after_busy(work: Work, error: Busy, stopping: threading.Event) -> UUID | None:
    """Give the money back; where repeating makes sense hold it again in the same step, then wait unconnected."""
    stored = error_json(error)
    pause = _pause_before_repeat(work, error)
    following = None if pause is None or stopping.is_set() else retry_attempt(work.attempt_id, stored)
    storage.clear_answer(work.attempt_id)
    if following is None:
        release_attempt(work.attempt_id, stored, states=(State.SENT, State.UNKNOWN))
        return None
    release_connection()
    stopping.wait(pause)
    return None if stopping.is_set() else following


def _pause_before_repeat(work: Work, error: Busy) -> float | None:
    """Seconds to wait before a new attempt, None when it makes no sense: a day limit, or the deadline comes first."""
    if error.code not in REPEATED_CODES:
        return None
    tries = Attempt.objects.values_list("try_number", flat=True).get(hold_id=work.attempt_id)
    pause = error.retry_after if error.retry_after is not None else PAUSES[min(tries, len(PAUSES) - 1)]
    return pause if pause < work.seconds_left else None
