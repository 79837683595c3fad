"""A prediction that ended without success: what happened and what is billed for it. Pure.

Official models are billed by what they give, so that a failed run costs nothing; other models are billed by the seconds
that they ran, also when they failed (https://replicate.com/docs/topics/billing). Whether a picture that a safety filter
withholds is billed is written nowhere: it is read as billed. A canceled prediction of a public model is billed, one
that was aborted before it started is not (https://replicate.com/changelog/2025-10-16-prediction-deadlines).
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.base import Rejected
from providers.reading import Redact, mapping, quotation, shown, text
from providers.replicate.job import Job
from providers.replicate.reading import number

# The vendor's models word refusals freely; seen are "NSFW content detected", "flagged as sensitive. (E005)", BFL's
# "Request Moderated" and "Content Moderated", and "All generated images contained NSFW content".
_OUTPUT = re.compile(
    r"nsfw|content moderated|generated (?:image|content|picture)s?\b.{0,60}(?:flagged|filtered|sensitive|moderat)"
    r"|output (?:image )?(?:was )?(?:flagged|filtered|blocked|moderat)",
    re.IGNORECASE,
)
_EITHER = re.compile(r"input or output", re.IGNORECASE)
_PROMPT = re.compile(
    r"\bE005\b|flagged|request moderated|sensitive|moderat|content polic|safety (?:filter|checker|system|polic)"
    r"|prohibited|violat",
    re.IGNORECASE,
)
_INPUT = re.compile(
    r"\bE006\b|invalid input|could not (?:read|load|open|download) .{0,30}image|unsupported image", re.IGNORECASE
)
OTHER_WORDS = "Change the prompt or the reference picture; the model's filter refused it."


def ended_badly(prediction: dict[str, Any], job: Job, redact: Redact) -> Rejected:
    """The error of a prediction with the status failed, canceled or aborted."""
    status = text(prediction.get("status"))
    if status == "aborted":
        return Rejected(
            "cancelled_before_send",
            "Replicate did not begin the prediction before its deadline. Nothing was run or billed.",
            remedy="Try again later, or choose a model that is always on.", request_id=job.id,
        )  # fmt: skip
    if status == "canceled":
        return Rejected(
            "cancelled_after_send", "The prediction was cancelled, or ran into its deadline. Replicate charges it.",
            request_id=job.id, billed=job.units,
        )  # fmt: skip
    return _failed(prediction, job, redact)


def _failed(prediction: dict[str, Any], job: Job, redact: Redact) -> Rejected:
    words = shown(text(prediction.get("error")), redact)
    code, remedy = _kind(words)
    is_refusal = code in ("refused_prompt", "refused_output")
    billed: Mapping[str, int] = {}
    if did_run(prediction) and (is_refusal or not job.official):
        billed = job.units
    tail = {
        (True, True): "Replicate does not say whether it charges this; it is booked as charged.",
        (True, False): "Replicate charges the time that the model ran.",
        (False, True): "It did not run and is not charged.",
        (False, False): "Replicate charges only what a model gives, so nothing was billed.",
    }[bool(billed), is_refusal]
    headline = "The model refused" if is_refusal else "The model failed"
    return Rejected(
        code, " ".join(part for part in (f"Replicate: {headline}.", quotation(words, "Replicate"), tail) if part),
        remedy=remedy, request_id=job.id, billed=billed,
    )  # fmt: skip


def without_pictures(prediction: dict[str, Any], job: Job) -> Rejected:
    """A prediction that succeeded and holds no address of a picture."""
    if prediction.get("data_removed") is True:
        return Rejected(
            "invalid_output",
            "Replicate made the picture and removed it again: it keeps results for one hour. It was charged.",
            request_id=job.id, billed=job.units,
        )  # fmt: skip
    billed = {} if job.official else job.units
    tail = "Replicate charges only what a model gives." if job.official else "Replicate charges the time that it ran."
    return Rejected(
        "invalid_output", f"Replicate: The model finished and gave no picture. {tail}", request_id=job.id, billed=billed
    )


def did_run(prediction: dict[str, Any]) -> bool:
    """Whether the model began to work, as far as the prediction tells; it does when nothing says otherwise."""
    seconds = number(mapping(prediction.get("metrics")).get("predict_time"))
    started = prediction.get("started_at", "unknown")
    return bool(seconds) or (seconds is None and started is not None)


def _kind(words: str) -> tuple[str, str]:
    if _OUTPUT.search(words) and not _EITHER.search(words):
        return "refused_output", OTHER_WORDS
    if _PROMPT.search(words):
        return "refused_prompt", OTHER_WORDS
    if _INPUT.search(words):
        return "capability", "Change what the model names, or use another reference picture."
    return "provider_5xx", "The model itself failed. Try again, or choose another model."
