"""Stability's error answers as errors of ours: what happened, whether it was billed, what to do.

The envelope is {"id", "name", "errors": [sentences]}; a proxy in front may answer HTML. Failed calls are not charged:
https://kb.stability.ai/knowledge-base/api-key-rate-limit-information. What a 5xx did is not said anywhere.
402 stands in no list of 2026 and was met in the wild; 404 on a service's path means that the service is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.reading import Redact, mapping, quotation, shown, text

ACCOUNT = "https://platform.stability.ai/account"
LARGEST_ERROR = 20_000
LOCKOUT_SECONDS = 60.0
NOT_BILLED = "Nothing was run or billed."
MAYBE = "The picture may have been made and billed."
# Of the 4xx answers, the time-out and the cancelled call: the work may have been done.
MAYBE_RUN = (408, 499)

CHECK_KEY = f"Check that STABILITY_API_KEY holds the whole key (sk-…), or make a new one at {ACCOUNT}/keys."
ADD_CREDIT = f"Buy credits at {ACCOUNT}/credits, then try again."
CHANGE_REQUEST = (
    "Change what Stability names, or choose a model that has it; if you did not ask for it, tell the owner."
)
CHANGE_PROMPT = "Change the prompt or the picture; asking again unchanged will be refused again."
SLOWER = "Stability takes 150 requests in 10 seconds and then locks a key out for a minute: wait a minute."


@dataclass(frozen=True)
class Complaint:
    """An error answer, read: `words` is fit to be shown, `request_id` the vendor's support id."""

    status: int
    name: str
    words: str
    request_id: str


@dataclass(frozen=True)
class Case:
    """What a status means: our code, a headline and a remedy."""

    code: str
    headline: str
    remedy: str


CASES: Mapping[int, Case] = {
    400: Case("capability", "Request not accepted", CHANGE_REQUEST),
    401: Case("key_invalid", "API credentials are invalid", CHECK_KEY),
    402: Case("billing_disabled", "The credits are used up", ADD_CREDIT),
    403: Case("permission_region", "Permission denied", f"Look at the key and the organisation at {ACCOUNT}."),
    413: Case("capability", "Request too large", "Use smaller pictures: a call may have 10 MiB."),
    422: Case("capability", "Request understood and refused", "Write the prompt in English, or change what is named."),
}


def read_complaint(status: int, body: bytes, redact: Redact, request_id: str = "") -> Complaint:
    """An error body of any kind. Never raises."""
    try:
        document = mapping(orjson.loads(body))
    except ValueError:
        document = {}
    sentences = document.get("errors")
    found = [text(sentence) for sentence in sentences] if isinstance(sentences, list) else []
    words = " ".join(part for part in (*found, text(document.get("message"))) if part)
    if not document:
        page = body[:LARGEST_ERROR].decode("utf-8", "replace")
        words = "" if "<" in page[:200] else page
    support_id = shown(text(document.get("id")), redact, 200)
    return Complaint(status, text(document.get("name")), shown(words, redact), request_id or support_id)


def http_error(
    complaint: Complaint, *, model: str = "", successor: str = "", retry_after: float = 0.0
) -> ProviderError:  # fmt: skip
    """The error for an answer other than HTTP 200 to a costly call. `retry_after` is the answer's own, in seconds."""
    status, quoted = complaint.status, quotation(complaint.words, "Stability")
    if complaint.name == "content_moderation" and 400 <= status < 500:
        message = sentence(status, "The filter refused the prompt or the picture", quoted, NOT_BILLED)
        return Rejected("refused_prompt", message, remedy=CHANGE_PROMPT, request_id=complaint.request_id)
    if status == 404:
        return _gone(complaint, model, successor)
    if status == 429:
        wait = max(LOCKOUT_SECONDS, retry_after)
        message = sentence(status, "Rate limit exceeded", quoted, NOT_BILLED)
        return Busy("rate_minute", message, retry_after=wait, remedy=SLOWER, request_id=complaint.request_id)
    if 400 <= status < 500 and status not in MAYBE_RUN:
        case = CASES.get(status, CASES[400])
        message = sentence(status, case.headline, quoted, NOT_BILLED)
        return Rejected(case.code, message, remedy=case.remedy, request_id=complaint.request_id)
    headlines = {500: "Internal error", 502: "Bad gateway", 503: "Not available", 504: "Deadline exceeded"}
    message = sentence(status, headlines.get(status, "Unexpected answer"), quoted, MAYBE)
    code = "provider_5xx" if status >= 500 else "unknown_outcome"
    return OutcomeUnknown(message, code=code, request_id=complaint.request_id)


def job_error(complaint: Complaint) -> ProviderError:
    """The error for an answer other than 200 or 202 to the question after a job, which is free to repeat."""
    if complaint.status == 404:
        message = "Stability does not know the job (any more): it keeps results for 24 hours and for the same key."
        return OutcomeUnknown(sentence(404, "Result not found", message, MAYBE), request_id=complaint.request_id)
    if complaint.status >= 500 or complaint.status in MAYBE_RUN:
        message = sentence(complaint.status, "Stability cannot tell now", quotation(complaint.words, "Stability"))
        return Busy("provider_5xx", message, request_id=complaint.request_id)
    error = http_error(complaint)
    if isinstance(error, Rejected) and error.code == "capability":
        return OutcomeUnknown(f"{error.message.removesuffix(NOT_BILLED)}{MAYBE}", request_id=complaint.request_id)
    return error


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "Stability API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"Stability API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def _gone(complaint: Complaint, model: str, successor: str) -> Rejected:
    follow = f"Its successor is {successor}." if successor else ""
    message = sentence(404, "Service not found", f"Stability does not offer {model} (any more).", follow,
                       quotation(complaint.words, "Stability"), NOT_BILLED)  # fmt: skip
    remedy = f"Choose {successor} instead." if successor else "Choose another model, or check STABILITY_BASE_URL."
    return Rejected("model_retired", message, remedy=remedy, request_id=complaint.request_id)
