"""fal's error answers as errors of ours: what happened, whether it is billed, what to do.

Refused by a model: {"detail": [{"loc", "msg", "type"}]}, https://fal.ai/docs/documentation/model-apis/errors.md. Failed
around it: {"detail": "…", "error_type": "…"}, https://fal.ai/docs/documentation/model-apis/request-errors.md.
Billing, https://fal.ai/docs/documentation/model-apis/faq.md: server errors (5xx) are never charged; "client-side errors
like invalid inputs (HTTP 422) may still be charged if a runner spent GPU time". Whether it did is not told, so that
every request that a model refused is booked as charged. What the queue itself refuses reached no runner.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.base import Busy, ModelEntry, OutcomeUnknown, ProviderError, Rejected
from providers.fal.job import Job
from providers.reading import Redact, items, mapping, pause_of, quotation, shown, text

KEYS_PAGE = "https://fal.ai/dashboard/keys"
BILLING_PAGE = "https://fal.ai/dashboard/billing"
LARGEST_ERROR = 200_000
USUAL_PAUSE = 2.0
NOT_BILLED = "Nothing was run or billed."
CHECK_KEY = f"Check that FAL_KEY holds the whole key (id, colon and secret) and that it still stands in {KEYS_PAGE}."
ADD_CREDIT = f"Add credit in {BILLING_PAGE}; below its lock threshold an account is locked."
CHANGE_WISH = "Change the prompt or the reference picture; the model's filter refused it."
CHANGE_FIELD = "Change what fal names. If you did not ask for it, register the model again: its inputs changed."
_LOCKED = re.compile(r"balance|locked|credit|billing|top up", re.IGNORECASE)
_REFUSED = re.compile(r"content_policy|content policy|safety|nsfw|moderat|flagged|sensitive|prohibited", re.IGNORECASE)
_OUTPUT = re.compile(r"\b(?:output|generated|result)", re.IGNORECASE)
# Of the 4xx answers to a submission, the time-out and the closed request: it may stand in the queue.
MAYBE_QUEUED = (408, 499)
# https://fal.ai/docs/documentation/model-apis/request-errors.md: error types beside HTTP 5xx.
SERVER_KINDS = re.compile(r"(?:request|startup|generation)_timeout|runner_\w+|internal_\w+|server_error|downstream_\w+")
CANCELLED_KINDS = ("client_cancelled", "client_disconnected")


@dataclass(frozen=True)
class Case:
    """A row: with this status this code, headline and remedy."""

    code: str
    headline: str
    remedy: str


CASES = {
    400: Case("capability", "Request not accepted", CHANGE_FIELD),
    401: Case("key_invalid", "API credentials are invalid", CHECK_KEY),
    402: Case("billing_disabled", "Insufficient credit", ADD_CREDIT),
    403: Case("permission_region", "Permission denied", f"Check in {KEYS_PAGE} that the key has the scope API."),
    413: Case("capability", "Request too large", "Use fewer or smaller reference pictures."),
    422: Case("capability", "Input validation failed", CHANGE_FIELD),
}  # fmt: skip


def submit_error(
    status: int, headers: Mapping[str, str], body: bytes, *, model: ModelEntry | None, redact: Redact
) -> ProviderError:
    """The error for an answer other than HTTP 2xx to a submission, or to a free read when `model` is None."""
    document = read_body(body)
    words = shown(words_of(document, body), redact)
    if status == 429:
        return Busy(
            "rate_minute", sentence(status, "Too many requests", quotation(words, "fal"), NOT_BILLED),
            retry_after=pause_of(headers.get("retry-after"), USUAL_PAUSE),
            remedy="Wait a moment; new accounts have two requests at work at a time.",
        )  # fmt: skip
    if model is not None and status == 404:
        return _gone(words, model)
    if 400 <= status < 500 and status not in MAYBE_QUEUED:
        is_locked = status == 403 and _LOCKED.search(words)
        case = CASES.get(402 if is_locked else status, CASES[400])
        told = sentence(status, case.headline, quotation(words, "fal"), NOT_BILLED)
        return Rejected(case.code, told, remedy=case.remedy)
    return OutcomeUnknown(
        sentence(status, "The queue failed" if status >= 500 else "Unexpected answer", quotation(words, "fal"),
                 "The request may have been taken and billed."),
        code="provider_5xx" if status >= 500 else "unknown_outcome",
        remedy="Look for the request in https://fal.ai/dashboard/requests before you repeat it.",
    )  # fmt: skip


def question_error(status: int, headers: Mapping[str, str], body: bytes, *, redact: Redact) -> ProviderError:
    """The error for an answer other than HTTP 200 to a free read: whatever is not a refusal may be asked again."""
    error = submit_error(status, headers, body, model=None, redact=redact)
    if isinstance(error, Rejected | Busy) and status != 404:
        return error
    return Busy("provider_5xx", sentence(status, "fal cannot answer now", "Nothing was billed by asking."))


def job_error(status: int, headers: Mapping[str, str], body: bytes, *, redact: Redact) -> Busy:
    """As `question_error`, for a question about a request: only the question can be refused, never the request."""
    error = question_error(status, headers, body, redact=redact)
    if isinstance(error, Busy):
        return error
    code = error.code if error.code in ("key_invalid", "permission_region", "billing_disabled") else "provider_5xx"
    return Busy(code, sentence(status, "fal does not answer the question", "It is asked again."), remedy=error.remedy)


def tells_of_the_request(status: int, headers: Mapping[str, str], body: bytes, progress: Mapping[str, Any]) -> bool:
    """Whether an error at a result's address is the request's own end, not a gateway's word about the question.

    A request that failed has an error type, one that a model refused a list of details or HTTP 422. Anything else is
    asked again: a picture that is there must not be given up for a gateway that is down.
    """
    if status in (401, 403, 429):
        return False
    document = read_body(body)
    if "still in progress" in words_of(document, b"").lower():
        return False
    is_named = bool(progress.get("error") or progress.get("error_type"))
    has_kind = "x-fal-error-type" in headers or bool(document.get("error_type"))
    return status == 422 or is_named or has_kind or isinstance(document.get("detail"), list)


def request_failed(
    status: int, headers: Mapping[str, str], body: bytes, progress: Mapping[str, Any], job: Job, *, redact: Redact
) -> Rejected:
    """The error of a request that ended badly: `status` is that of its result, 0 when only the progress tells it."""
    document = read_body(body)
    words = shown(words_of(document, b"") or text(progress.get("error")), redact)
    kind = kind_of(document) or headers.get("x-fal-error-type", "") or text(progress.get("error_type"))
    return _failure(status, kind, words, job)


def _failure(status: int, kind: str, words: str, job: Job) -> Rejected:
    said = quotation(words, "fal")
    if kind in CANCELLED_KINDS or status == 499:
        message = _joined("The request was cancelled.", said, "Whether fal charges it is not told; it is booked so.")
        return Rejected("cancelled_after_send", message, request_id=job.id, billed=job.units)
    if status >= 500 or SERVER_KINDS.fullmatch(kind):
        message = _joined("fal: The model failed.", said, "fal never charges server errors.")
        remedy = "The model itself failed. Try again, or choose another model."
        return Rejected("provider_5xx", message, remedy=remedy, request_id=job.id)
    is_refusal = bool(_REFUSED.search(f"{kind} {words}"))
    code = "capability"
    if is_refusal:
        code = "refused_output" if _OUTPUT.search(words) else "refused_prompt"
    headline = "The model refused" if is_refusal else "The model did not accept the wish"
    message = _joined(f"fal: {headline}.", said, "fal may charge what a model refuses; it is booked as charged.")
    return Rejected(
        code, message, remedy=CHANGE_WISH if is_refusal else CHANGE_FIELD, request_id=job.id, billed=job.units
    )


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "fal API error (HTTP 429): Too many requests. …"."""
    return " ".join((f"fal API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def read_body(body: bytes) -> dict[str, Any]:
    """An error document of any kind. Never raises."""
    try:
        return mapping(orjson.loads(body))
    except ValueError:
        return {}


def kind_of(document: Mapping[str, Any]) -> str:
    """The machine's word for an error: `error_type`, or the type of the first detail."""
    return text(document.get("error_type")) or next(
        (text(one.get("type")) for one in items(document.get("detail")) if text(one.get("type"))), ""
    )


def words_of(document: Mapping[str, Any], body: bytes) -> str:
    """What an error says: its detail or details with the field in front, the platform's message, else the page."""
    detail, error = document.get("detail"), document.get("error")
    told = [f"{_field(one.get('loc'))}{text(one.get('msg'))}" for one in items(detail) if text(one.get("msg"))]
    message = text(mapping(error).get("message")) or text(error) or text(document.get("message"))
    found = text(detail).strip() or "; ".join(told) or message.strip()
    if found:
        return found
    page = body[:LARGEST_ERROR].decode("utf-8", "replace")
    return "" if document or "<" in page[:200] else page


def _field(place: Any) -> str:
    names = [one for one in place if isinstance(one, str) and one != "body"] if isinstance(place, list) else []
    return f"{names[0]}: " if names else ""


def _gone(words: str, model: ModelEntry) -> Rejected:
    successor = model.lifecycle.successor
    follow = f"Its successor is {successor}." if successor else ""
    told = sentence(404, "Model not found", f"fal does not offer {model.id} (any more).", follow,
                    quotation(words, "fal"), NOT_BILLED)  # fmt: skip
    remedy = f"Choose {successor} instead of {model.id}." if successor else "Choose another model."
    return Rejected("model_retired", told, remedy=remedy)
