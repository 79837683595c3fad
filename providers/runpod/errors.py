"""RunPod's error answers as errors of ours: what happened, that nothing was billed or that nobody knows, what to do.

https://docs.runpod.io/serverless/endpoints/send-requests (error handling, rate limits); the management API answers
RFC 7807 documents with title, status and detail. The jobs' host documents its statuses and no body.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from providers.base import Busy, ModelEntry, OutcomeUnknown, ProviderError, Rejected
from providers.reading import Redact, mapping, quotation, shown, text
from providers.runpod.reading import decoded

KEYS_PAGE = "https://console.runpod.io/user/settings"
BILLING_PAGE = "https://console.runpod.io/user/billing"
LARGEST_ERROR = 200_000
NOT_BILLED = "Nothing was run or billed."
CHECK_KEY = (
    f"Check that RUNPOD_API_KEY holds the whole key (it begins with rpa_) and that it still stands in {KEYS_PAGE} with "
    "access to this endpoint; else make a new one there."
)
ADD_CREDIT = f"Add credit in {BILLING_PAGE}."
CHANGE_FIELD = "Change what RunPod names. If you did not ask for it, tell the owner."


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
    403: Case("permission_region", "Permission denied", CHECK_KEY),
    413: Case("capability", "Request too large", "Use fewer or smaller reference pictures."),
}
# Of the 4xx answers, the time-out and the closed request: the job may have been made.
MAYBE_RUN = (408, 499)


def http_error(
    status: int, headers: Mapping[str, str], body: bytes, *, model: ModelEntry | None, redact: Redact
) -> ProviderError:
    """The error for an answer other than HTTP 200 to a costly call, or to a question about `model`."""
    words = shown(_words(body), redact)
    if status == 429:
        pause = headers.get("retry-after", "").strip()
        return Busy(
            "rate_minute", sentence(429, "Rate limit exceeded", quotation(words, "RunPod"), NOT_BILLED),
            retry_after=float(pause) if re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]+)?", pause) else None,
            remedy="Wait a moment; RunPod allows 1000 jobs every ten seconds for an endpoint.",
        )  # fmt: skip
    if status == 404 and model is not None:
        return _gone(words, model)
    if 400 <= status < 500 and status not in MAYBE_RUN:
        case = CASES.get(status, CASES[400])
        return Rejected(
            case.code, sentence(status, case.headline, quotation(words, "RunPod"), NOT_BILLED), remedy=case.remedy
        )
    headline = {500: "Internal error", 502: "Bad gateway", 503: "Not available", 504: "Deadline exceeded"}
    return OutcomeUnknown(
        sentence(status, headline.get(status, "Unexpected answer"), quotation(words, "RunPod"),
                 "The job may have been made and billed."),
        code="provider_5xx" if status >= 500 else "unknown_outcome",
        remedy="Look at the endpoint's requests in https://console.runpod.io/serverless before you repeat it.",
    )  # fmt: skip


def question_error(status: int, headers: Mapping[str, str], body: bytes, *, redact: Redact) -> ProviderError:
    """The error for an answer other than HTTP 200 to a free call: only the key can be refused, all else asked again."""
    error = http_error(status, headers, body, model=None, redact=redact)
    is_of_the_key = isinstance(error, Rejected) and error.code != "capability"
    if is_of_the_key or isinstance(error, Busy):
        return error
    return Busy("provider_5xx", sentence(status, "RunPod cannot answer now", "Nothing was billed by asking."))


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "RunPod API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"RunPod API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def _words(body: bytes) -> str:
    document = decoded(body)
    fields = mapping(document)
    for name in ("detail", "error", "message", "title"):
        if text(fields.get(name)).strip():
            return text(fields[name]).strip()
    page = body[:LARGEST_ERROR].decode("utf-8", "replace").strip()
    return "" if fields or "<" in page[:200] else page


def _gone(words: str, model: ModelEntry) -> Rejected:
    successor = model.lifecycle.successor
    return Rejected(
        "model_retired",
        sentence(404, "Endpoint not found", f"RunPod does not offer {model.id} to this key (any more).",
                 f"Its successor is {successor}." if successor else "", quotation(words, "RunPod"), NOT_BILLED),
        remedy=f"Choose {successor} instead of {model.id}." if successor
        else "Look for the endpoint in https://console.runpod.io, or choose another model.",
    )  # fmt: skip
