"""Replicate's error answers as errors of ours: what happened, that nothing was billed or that nobody knows, what to do.

A body is an RFC 7807 document: title, detail, status; with 422 also `invalid_fields`, with 429 also `retry_after`.
https://replicate.com/docs/reference/http and …/topics/predictions/rate-limits
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.base import Busy, ModelEntry, OutcomeUnknown, ProviderError, Rejected
from providers.reading import LONGEST_PAUSE_SECONDS, Redact, items, mapping, quotation, retry_after, shown, text
from providers.replicate.reading import number

TOKENS_PAGE = "https://replicate.com/account/api-tokens"
BILLING_PAGE = "https://replicate.com/account/billing"
LARGEST_ERROR = 200_000
NOT_BILLED = "Nothing was run or billed."
CHECK_TOKEN = (
    f"Check that REPLICATE_API_TOKEN holds the whole token (it begins with r8_) and that it still stands in "
    f"{TOKENS_PAGE}; else make a new one there."
)
ADD_CREDIT = f"Add credit in {BILLING_PAGE} and wait a few minutes; it can be set to refill by itself."
CHANGE_FIELD = "Change what Replicate names. If you did not ask for it, register the model again: its inputs changed."
_RESETS = re.compile(r"resets in ~?([0-9]+(?:\.[0-9]+)?) ?s", re.IGNORECASE)
_LOW_CREDIT = re.compile(r"rate limit .{0,80}reduced|in credit|payment method", re.IGNORECASE)
_NO_VERSION = re.compile(r"invalid version|version does not exist|not permitted", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """A row: with this status this code, headline and remedy."""

    code: str
    headline: str
    remedy: str


CASES = {
    400: Case("capability", "Request not accepted", CHANGE_FIELD),
    401: Case("key_invalid", "API credentials are invalid", CHECK_TOKEN),
    402: Case("billing_disabled", "Insufficient credit", ADD_CREDIT),
    403: Case("permission_region", "Permission denied", f"Check in {TOKENS_PAGE} whose token it is."),
    413: Case("capability", "Request too large", "Use fewer or smaller reference pictures."),
    422: Case("capability", "Input validation failed", CHANGE_FIELD),
}  # fmt: skip
# Of the 4xx answers, the time-out and the closed request: the prediction may have been made.
MAYBE_RUN = (408, 499)


def http_error(
    status: int, headers: Mapping[str, str], body: bytes, *, model: ModelEntry | None, redact: Redact
) -> ProviderError:
    """The error for an answer other than HTTP 2xx to a costly call, or to a question about `model`."""
    document = read_body(body)
    words = shown(_words(document, body), redact)
    if status == 429:
        return _throttled(headers, document, words)
    if model is not None and (status == 404 or (status == 422 and _NO_VERSION.search(words))):
        return _gone(status, words, model)
    if 400 <= status < 500 and status not in MAYBE_RUN:
        case = CASES.get(status, CASES[400])
        fields = f"It names {', '.join(named)}." if (named := invalid_fields(document, redact)) else ""
        return Rejected(
            case.code,
            sentence(status, case.headline, fields, quotation(words, "Replicate"), NOT_BILLED),
            remedy=case.remedy,
        )
    headline = {500: "Internal error", 502: "Bad gateway", 503: "Not available", 504: "Deadline exceeded"}
    return OutcomeUnknown(
        sentence(status, headline.get(status, "Unexpected answer"), quotation(words, "Replicate"),
                 "The prediction may have been made and billed."),
        code="provider_5xx" if status >= 500 else "unknown_outcome",
        remedy="Look for the prediction in https://replicate.com/predictions before you repeat it.",
    )  # fmt: skip


def question_error(status: int, headers: Mapping[str, str], body: bytes, *, redact: Redact) -> ProviderError:
    """The error for an answer other than HTTP 200 to a free read: whatever is not a refusal may be asked again."""
    error = http_error(status, headers, body, model=None, redact=redact)
    if isinstance(error, Rejected | Busy) and status != 404:
        return error
    return Busy("provider_5xx", sentence(status, "Replicate cannot answer now", "Nothing was billed by asking."))


def job_error(status: int, headers: Mapping[str, str], body: bytes, *, redact: Redact) -> ProviderError:
    """As `question_error`, for a question about a prediction: only the token can be refused, never the prediction."""
    error = question_error(status, headers, body, redact=redact)
    if isinstance(error, Rejected) and error.code == "capability":
        return Busy("provider_5xx", error.message)
    return error


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "Replicate API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"Replicate API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def read_body(body: bytes) -> dict[str, Any]:
    """An error document of any kind. Never raises."""
    try:
        return mapping(orjson.loads(body))
    except ValueError:
        return {}


def invalid_fields(document: dict[str, Any], redact: Redact) -> list[str]:
    """The inputs that a 422 names, without the "input." before them; a missing one stands in its description."""
    found = []
    for entry in items(document.get("invalid_fields")):
        name = text(entry.get("field")).removeprefix("input").removeprefix(".")
        missing = re.match(r"([\w.]+) is required", text(entry.get("description")))
        if name or missing:
            found.append(shown(name or missing[1], redact, 100))  # type: ignore[index]
    return list(dict.fromkeys(found))


def _words(document: dict[str, Any], body: bytes) -> str:
    detail, title = text(document.get("detail")).strip(), text(document.get("title")).strip()
    if detail or title:
        return detail or title
    page = body[:LARGEST_ERROR].decode("utf-8", "replace")
    return "" if document or "<" in page[:200] else page


def _throttled(headers: Mapping[str, str], document: dict[str, Any], words: str) -> Busy:
    low = bool(_LOW_CREDIT.search(words))
    return Busy(
        "rate_minute",
        sentence(429, "Rate limit exceeded", quotation(words, "Replicate"), NOT_BILLED),
        retry_after=_pause(headers, document, words),
        remedy=f"Replicate allows few calls while there is little credit. {ADD_CREDIT}" if low
        else "Wait a moment; Replicate allows 600 new predictions a minute.",
    )  # fmt: skip


def _pause(headers: Mapping[str, str], document: dict[str, Any], words: str) -> float | None:
    """Seconds to wait, from the header, the body's number or its words; the longest of them."""
    named = _RESETS.search(words)
    found = [number(document.get("retry_after")), float(named[1]) if named else None]
    found.append(retry_after(headers.get("retry-after")))
    seconds = [min(value, LONGEST_PAUSE_SECONDS) for value in found if value is not None and value >= 0]
    return max(seconds, default=None)


def _gone(status: int, words: str, model: ModelEntry) -> Rejected:
    successor = model.lifecycle.successor
    follow = f"Its successor is {successor}." if successor else ""
    return Rejected(
        "model_retired",
        sentence(status, "Model not found", f"Replicate does not offer {model.id} to this token (any more).", follow,
                 quotation(words, "Replicate"), NOT_BILLED),
        remedy=f"Choose {successor} instead of {model.id}." if successor
        else "Register the model again, which takes its newest version, or choose another one.",
    )  # fmt: skip
