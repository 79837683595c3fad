"""Bring a vendor's finished answer home: kept durably, then settled."""

import logging
import threading
import time
from contextlib import suppress

from cloudhub.core.database import release_connection
from cloudhub.core.errors import Unavailable
from cloudhub.generations.answers import keep_answer
from cloudhub.generations.crash_points import reach
from cloudhub.generations.errors import error_json
from cloudhub.generations.settle import mark_unknown, settle_attempt
from cloudhub.generations.work import Work, adapter_failures
from providers.base import CloudGenerationResponse, ProviderError

logger = logging.getLogger(__name__)
SAVE_PAUSES = (0.2, 1.0, 3.0)
SAVE_AGAIN_SECONDS = 30.0


def finish_attempt(work: Work, response: CloudGenerationResponse, stopping: threading.Event) -> None:
    """Keep the answer durably, then settle. An answer that cannot be filed is paid: it is tried again until it can.

    Raises `OutcomeUnknown` when the adapter cannot say what is billed.
    """
    for pause in SAVE_PAUSES:
        if file_answer(work, response):
            return
        time.sleep(pause)
    error = ProviderError("save_failed_paid", "The picture came and could not be stored on the hub's disk.")
    with suppress(Unavailable):
        mark_unknown(work.attempt_id, error_json(error), response.request_id)
    release_connection()
    while not file_answer(work, response):
        if stopping.wait(SAVE_AGAIN_SECONDS):
            return


def file_answer(work: Work, response: CloudGenerationResponse) -> bool:
    """Keep and settle an answer; False when the disk does not take it. Raises `OutcomeUnknown` as `finish_attempt`."""
    with adapter_failures(work):
        billed = work.provider.billed(response, work.entry)
    try:
        answer = keep_answer(work.attempt_id, response, billed)
    except OSError:
        logger.exception("The answer of attempt %s could not be stored.", work.attempt_id)
        return False
    reach("after_answer_kept")
    settle_attempt(work.attempt_id, answer)
    reach("after_settled")
    return True
