"""A job that ended without pictures: what happened and what is billed for it. Pure.

Public endpoints charge nothing for failed generations (https://docs.runpod.io/public-endpoints/overview). An own
endpoint charges the seconds that its workers were up, also for jobs that failed
(https://docs.runpod.io/serverless/pricing). What a public endpoint's output names as its cost is booked in any case.

What a job that was cancelled, or lost, ran before its end no page says, and its answer may name neither worker nor
time. The safe reading: only one that worked for zero milliseconds by its own word never left the queue and is not
charged; every other is booked at its bound, but for a public endpoint's lost one, which is a failed generation.
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.base import Rejected
from providers.reading import Redact, mapping, quotation, shown, text
from providers.runpod import usage
from providers.runpod.job import Job
from providers.runpod.reading import decoded, items, whole

# The text of a safety refusal is not documented: https://docs.runpod.io/public-endpoints/models/… name only the switch.
_REFUSED = re.compile(
    r"nsfw|flagged|safety (?:check|filter|system)|moderat|content polic|sensitive content|prohibited|inappropriate",
    re.IGNORECASE,
)
_OF_THE_PROMPT = re.compile(r"\bprompt\b|\binput\b", re.IGNORECASE)
_OF_THE_WISH = re.compile(
    r"workflow validation|validation failed|missing '|invalid (?:input|json|prompt|image|size|value)|must be "
    r"|not supported|is required|decoding base64|upload one or more input images",
    re.IGNORECASE,
)
CHANGE_WISH = "Change the prompt or the reference picture; the model's filter refused it."


def failed(document: Mapping[str, Any], job: Job, redact: Redact) -> Rejected:
    """The error of a job with the status FAILED."""
    words = shown(error_words(document), redact)
    billed = usage.charge_without_picture(document, job.units, public=job.public)
    tail = "The worker's time is charged." if not job.public else "Failed generations are not charged."
    if job.public and billed:
        tail = "RunPod names what it charges for it all the same."
    if _REFUSED.search(words):
        code = "refused_prompt" if _OF_THE_PROMPT.search(words) else "refused_output"
        remedy, headline = CHANGE_WISH, "RunPod: The model refused."
    elif _OF_THE_WISH.search(words):
        code, headline = "capability", "RunPod: The endpoint did not accept the wish."
        remedy = "Change what it names; a workflow's own mistakes the owner mends by registering the endpoint again."
    else:
        code, headline = "provider_5xx", "RunPod: The job failed."
        remedy = "Try again, or look at the endpoint's logs in https://console.runpod.io/serverless."
    message = " ".join(part for part in (headline, quotation(words, "RunPod"), tail) if part)
    return Rejected(code, message, remedy=remedy, request_id=job.id, billed=billed)


def timed_out(document: Mapping[str, Any], job: Job) -> Rejected:
    """The error of a job with the status TIMED_OUT: never picked up, or lost by its worker."""
    ran = not (job.public or never_ran(document))
    tail = "The worker's time is charged." if ran else "It is not charged."
    return Rejected(
        "provider_5xx", f"RunPod: The job was not finished in time. {tail}",
        remedy="Try again; an own endpoint may need more workers or a longer execution time-out.", request_id=job.id,
        billed=job.units if ran else {},
    )  # fmt: skip


def cancelled(document: Mapping[str, Any], job: Job) -> Rejected:
    """The error of a job with the status CANCELLED, booked at its bound unless it surely never ran."""
    if never_ran(document):
        return Rejected(
            "cancelled_before_send", "RunPod cancelled the job before a worker took it. It is not charged.",
            request_id=job.id,
        )  # fmt: skip
    return Rejected(
        "cancelled_after_send", "RunPod cancelled the job, which may have been at work; it is booked as charged.",
        request_id=job.id, billed=job.units,
    )  # fmt: skip


def without_pictures(document: Mapping[str, Any], job: Job, redact: Redact) -> Rejected:
    """A completed job whose output holds no picture, or none that can be read; its errors are told."""
    if error_words(document):
        return failed(document, job, redact)
    words = shown(" ".join(text(error) for error in items(mapping(document.get("output")).get("errors"))), redact)
    billed = usage.charge_without_picture(document, job.units, public=job.public)
    tail = "It is charged all the same." if billed else "It is not charged."
    sentences = ("RunPod: The job finished and gave no readable PNG, JPEG or WebP.", quotation(words, "RunPod"), tail)
    return Rejected("invalid_output", " ".join(part for part in sentences if part), request_id=job.id, billed=billed)


def never_ran(document: Mapping[str, Any]) -> bool:
    """Whether the answer says that no worker took the job: no time at work, and no worker's name."""
    return whole(document.get("executionTime")) == 0 and not text(document.get("workerId"))


def error_words(document: Mapping[str, Any]) -> str:
    """The words of an `error`, which is text, sometimes JSON inside text, sometimes an object of its own."""
    raw = document.get("error") or mapping(document.get("output")).get("error")
    inner = mapping(decoded(raw.encode())) if isinstance(raw, str) and raw.lstrip().startswith("{") else mapping(raw)
    for name in ("error_message", "message", "error", "detail"):
        if text(inner.get(name)):
            return text(inner[name])
    return text(raw)
