"""Ask a vendor after a job that it took, until it is done. Asking is free; no connection is held meanwhile."""

import threading
import time

from cloudhub.generations.tell_lane import tell_of_questions
from cloudhub.generations.work import Work, adapter_failures
from providers.base import Busy, CloudGenerationResponse, OutcomeUnknown, Pending, Rejected

# What a vendor may say of the question and not of the job that is asked about.
ABOUT_THE_QUESTION = ("no_key", "key_invalid", "org_unverified", "billing_disabled", "permission_region")
# What may be said of either: it is of the job when the answer names the job.
OF_EITHER = ("capability", "model_retired")
TOO_MANY = ("rate_minute", "rate_day")
# A picture comes at most an eighth of its time late, and hundreds of long jobs stay within what vendors let ask.
SHARE_OF_AGE = 1 / 8
LONGEST_INTERVAL = 10.0
Step = Pending | CloudGenerationResponse


def ask_vendor(work: Work, remote_id: str) -> Step:
    """Ask once how a job stands. Raises `Busy` (to be asked again), `Rejected` (the job's own end) or
    `OutcomeUnknown`: a refusal of the question says nothing of a job that the vendor took."""
    try:
        with adapter_failures(work):
            return work.provider.check(remote_id, work.key)
    except Busy as error:
        if error.code in TOO_MANY:
            tell_of_questions(work, error)
        raise
    except Rejected as error:
        if error.code in ABOUT_THE_QUESTION or (error.code in OF_EITHER and not error.request_id):
            raise OutcomeUnknown(f"The vendor has the job but does not tell: {error.message}") from error
        raise


def await_result(work: Work, pending: Pending, stopping: threading.Event) -> CloudGenerationResponse | None:
    """Ask the vendor until the job is done. None when the hub stops: the next start goes on asking.

    Raises `Rejected` or `OutcomeUnknown`; a busy vendor is asked again, but not before it says.
    """
    began = time.monotonic()
    wait, named = pending.wait_seconds, 0.0
    while (left := began + work.provider.longest_wait_seconds - time.monotonic()) > 0 and named <= left:
        if stopping.wait(min(wait, left)):
            return None
        named = 0.0
        try:
            step = ask_vendor(work, pending.remote_id)
        except Busy as error:
            named = error.retry_after or 0.0
        else:
            if isinstance(step, CloudGenerationResponse):
                return step
            pending = step
        wait = max(pending.wait_seconds, named, interval_at(time.monotonic() - began))
    raise OutcomeUnknown(f"{work.provider.label} did not finish in {work.provider.longest_wait_seconds} seconds.")


def interval_at(age: float) -> float:
    """Seconds between two questions after a job that is asked about since `age` seconds."""
    return min(LONGEST_INTERVAL, age * SHARE_OF_AGE)
