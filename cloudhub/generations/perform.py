"""Carry out one attempt at a vendor: mark it sent, call, keep the answer, settle. The only module that makes a vendor
work or stop. No transaction and no connection is held during the call."""

import logging
import threading
from dataclasses import replace
from uuid import UUID

from cloudhub.catalog.find import provider_of
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.core.errors import Conflict
from cloudhub.generations import storage
from cloudhub.generations.asking import Step, await_result
from cloudhub.generations.crash_points import reach
from cloudhub.generations.errors import describe, error_json
from cloudhub.generations.finish import file_answer, finish_attempt
from cloudhub.generations.models import Attempt
from cloudhub.generations.right_to_send import Later, look_before_preparing, take_right_to_send, wait_for_turn
from cloudhub.generations.settle import mark_unknown, release_attempt, retry_attempt, settle_without_pictures
from cloudhub.generations.tell_lane import tell_departure, tell_ending
from cloudhub.generations.work import Work, adapter_failures, key_of, read_work
from cloudhub.lanes.circuit import FAILURES
from cloudhub.lanes.turn import Wait
from providers.base import (
    Busy,
    CloudGenerationResponse,
    Key,
    OutcomeUnknown,
    Pending,
    Provider,
    ProviderError,
    Rejected,
)
from providers.http import SEND_WITHIN_SECONDS, boot_clock, transmission
from providers.pictures import UnreadablePicture

logger = logging.getLogger(__name__)
REPEATED_CODES = ("rate_minute", "provider_5xx", "connect_failed_not_sent")
PAUSES = (1.0, 4.0)
# Beside an error: the vendor told it before the call was sent.
PREPARING = {"stage": "preparing"}
State = Attempt.State


def perform_attempt(attempt_id: UUID, stopping: threading.Event) -> Later | None:
    """Carry out an attempt that is `held`.

    Returns what to go on with later: the same attempt when its lane is full, or the one that repeats it when the
    vendor was busy.
    """
    work = _prepare(attempt_id, stopping)
    if not isinstance(work, Work) or stopping.is_set():
        return work if isinstance(work, Later) else None
    reach("before_sent")
    send_before = boot_clock() + SEND_WITHIN_SECONDS
    turn = take_right_to_send(work)
    if isinstance(turn, Wait):
        return wait_for_turn(work, turn)
    if not turn:
        return None
    release_connection()
    reach("after_sent")
    try:
        response = _call(work, send_before, stopping)
        if response is not None:
            finish_attempt(work, response, stopping)
            tell_ending(work, None)
    except Busy as error:
        return _after_busy(work, error, stopping)
    except ProviderError as error:
        _after_refusal(work.attempt_id, error)
        tell_ending(work, error)
    return None


def perform_to_end(attempt_id: UUID, stopping: threading.Event) -> None:
    """Carry out an attempt in this thread, waits and repeats included."""
    later: Later | None = Later(attempt_id, 0.0)
    while later is not None and not stopping.wait(later.seconds):
        later = perform_attempt(later.attempt_id, stopping)
        release_connection()


def _prepare(attempt_id: UUID, stopping: threading.Event) -> Work | Later | None:
    """Read what the call needs and do the vendor's free work for it.

    None when the attempt is not to be sent; what cannot be sent is released.
    """
    attempt = Attempt.objects.select_related("generation__model", "hold").filter(hold_id=attempt_id).first()
    if attempt is None or attempt.state != State.HELD:
        return None
    try:
        work = read_work(attempt)
    except Rejected as error:
        release_attempt(attempt_id, error_json(error, billed="no"))
        return None
    except (Conflict, UnreadablePicture) as error:
        release_attempt(attempt_id, describe("interrupted", f"{error} Nothing was sent."))
        return None
    wait = look_before_preparing(work)
    return wait_for_turn(work, wait) if wait is not None else _do_free_work(work, stopping)


def _do_free_work(work: Work, stopping: threading.Event) -> Work | Later | None:
    """The vendor's tokens and uploads; what it answers to them concerns its lane as any call's answer does."""
    release_connection()
    try:
        with adapter_failures(work, was_sent=False):
            return replace(work, request=work.provider.prepare(work.request, work.key))
    except Busy as error:
        return _after_busy(work, error, stopping, from_state=State.HELD)
    except ProviderError as error:
        stored = error_json(error, billed="no")
        release_attempt(work.attempt_id, stored | PREPARING if error.code in FAILURES else stored)
        if error.code in FAILURES:
            tell_ending(work, error)
    except (Conflict, UnreadablePicture) as error:
        release_attempt(work.attempt_id, describe("interrupted", f"{error} Nothing was sent."))
    return None


def remember_remote_id(attempt_id: UUID, pending: Pending) -> None:
    """Store the vendor's job id, so that a restart resumes at `check` and never at `start`."""
    rows = Attempt.objects.filter(hold_id=attempt_id, state__in=[State.SENT, State.UNKNOWN])
    run_transaction(lambda: rows.update(remote_id=pending.remote_id, vendor_request_id=pending.request_id[:300]))
    release_connection()
    reach("after_remote_id")


def _call(work: Work, send_before: float, stopping: threading.Event) -> CloudGenerationResponse | None:
    """Start the vendor's work and, where it answers later, ask until it is done."""
    previews = storage.preview_writer(work.attempt_id)
    with transmission(storage.incoming_path(work.attempt_id), send_before=send_before, on_preview=previews) as leave:
        try:
            with adapter_failures(work):
                step: Step = work.provider.start(work.request, work.key)
        except Busy as error:
            if leave.accepted:
                # Whatever an adapter says: a call that the vendor took must never be sent a second time.
                raise OutcomeUnknown(f"The vendor took the call, and then: {error.message}") from error
            raise
        finally:
            tell_departure(work, leave.left_at)
    reach("after_reply")
    if isinstance(step, Pending):
        remember_remote_id(work.attempt_id, step)
        _pass_on_cancellation(work, step)
        return await_result(work, step, stopping)
    return step


def resume_attempt(attempt_id: UUID, stopping: threading.Event) -> None:
    """Go on asking for a job that the vendor took before another process ended."""
    attempt = Attempt.objects.select_related("generation__model", "hold").get(hold_id=attempt_id)
    try:
        work = read_work(attempt)
    except (ProviderError, Conflict, UnreadablePicture) as error:
        _after_refusal(attempt_id, OutcomeUnknown(f"The vendor has the job but cannot be asked: {error}"))
        return
    try:
        pending = Pending(remote_id=attempt.remote_id)
        _pass_on_cancellation(work, pending)
        response = await_result(work, pending, stopping)
        if response is not None:
            finish_attempt(work, response, stopping)
            tell_ending(work, None)
    except ProviderError as error:
        _after_refusal(attempt_id, error)
        tell_ending(work, error)


def read_kept_answer(attempt: Attempt) -> bool:
    """Settle an attempt from the bytes that were kept of its answer, by the vendor's own decoding; nothing is sent.

    False when the answer was only a job id, which is remembered. Raises `ProviderError` as `start` does.
    """
    provider = provider_of(attempt.generation.model)
    try:
        key = key_of(attempt)
    except Rejected:
        # What came must not be lost because a key was taken away since; nothing leaves, so any text will do.
        key = _forgotten_key(provider)
    try:
        work = read_work(attempt, key=key)
    except UnreadablePicture as error:
        raise OutcomeUnknown(f"The kept answer cannot be read: {error}") from error
    with transmission(storage.incoming_path(attempt.pk), replay=True) as leave:
        try:
            with adapter_failures(work):
                step: Step = work.provider.start(work.request, work.key)
        except ProviderError as error:
            if leave.calls and not (leave.accepted and isinstance(error, Busy)):
                raise
            raise OutcomeUnknown(f"The kept answer cannot be read: {error.message}") from error
    if isinstance(step, Pending):
        remember_remote_id(attempt.pk, step)
        return False
    file_answer(work, step)
    return True


def _forgotten_key(provider: Provider) -> Key:
    form = provider.forms()[0]
    return Key(dict.fromkeys(form.required, "no-longer-known"), form=form.name, public=form.public)


def ask_vendor_to_stop(attempt: Attempt) -> None:
    """Pass a cancellation on where the vendor takes one; what it bills all the same is settled as usual."""
    try:
        _stop(read_work(attempt), attempt.remote_id)
    except (ProviderError, Conflict, UnreadablePicture) as error:
        logger.info("The vendor did not take the cancellation of attempt %s: %s", attempt.pk, error)


def _pass_on_cancellation(work: Work, pending: Pending) -> None:
    """Tell the vendor of a cancellation that came before the hub knew the job's id, or while nobody asked for it.

    `cancel_generation` writes first and looks for the id then, the caller the other way round: one of both sees the
    other, and where both do the vendor hears it twice.
    """
    rows = Attempt.objects.filter(hold_id=work.attempt_id)
    is_cancelled = rows.exclude(generation__cancel_requested_at=None).exists()
    release_connection()
    if is_cancelled:
        try:
            _stop(work, pending.remote_id)
        except ProviderError as error:
            logger.info("The vendor did not take the cancellation of attempt %s: %s", work.attempt_id, error)


def _stop(work: Work, remote_id: str) -> None:
    if work.provider.can_cancel:
        with adapter_failures(work):
            work.provider.cancel(remote_id, work.key)


def _after_refusal(attempt_id: UUID, error: ProviderError) -> None:
    if isinstance(error, Rejected):
        settle_without_pictures(attempt_id, error)
    else:
        mark_unknown(attempt_id, error_json(error), error.request_id)


def _after_busy(
    work: Work, error: Busy, stopping: threading.Event, *, from_state: Attempt.State = State.SENT
) -> Later | None:
    """Give the money back; where repeating is sensible, hold it again in one step and go on with that later."""
    tell_ending(work, error)
    stored = error_json(error)
    states: tuple[str, ...] = (State.SENT, State.UNKNOWN)
    if from_state == State.HELD:
        stored, states = stored | PREPARING, (State.HELD,)
    pause = _pause_before_repeat(work, error)
    is_over = pause is None or stopping.is_set()
    following = None if is_over else retry_attempt(work.attempt_id, stored, from_state=from_state)
    if following is None:
        release_attempt(work.attempt_id, stored, states=states, request_id=error.request_id)
    storage.clear_answer(work.attempt_id)
    release_connection()
    return Later(following, pause) if following is not None and pause is not None else None


def _pause_before_repeat(work: Work, error: Busy) -> float | None:
    """Seconds to wait before a new attempt, None when it makes no sense: a day limit, or the deadline comes first."""
    if error.code not in REPEATED_CODES:
        return None
    tries = Attempt.objects.values_list("try_number", flat=True).get(hold_id=work.attempt_id)
    pause = error.retry_after if error.retry_after is not None else PAUSES[min(tries, len(PAUSES) - 1)]
    return pause if pause < work.seconds_left else None
