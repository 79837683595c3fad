"""Ideogram's error answers as errors of ours: what happened, whether it was billed, what to do.

https://developer.ideogram.ai/ideogram-api/errors and …/rate-limits: what is refused before it runs (400 to 429) is not
billed, what ran is, also when the safety check keeps the picture back, and a generation that fails is not. Bodies of
402 and 429 have `error` and `reject_reason`; all others are of no stated form.

Chosen where the pages are silent: an answer 5xx, or 408, says of nothing whether the work was done, so its outcome is
unknown, 503 ("temporarily unavailable") included. When `daily_limit` opens again is not said: it is asked hourly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from providers.base import Busy, Limit, OutcomeUnknown, ProviderError, Rejected
from providers.reading import Redact, mapping, pause_of, quotation, shown, text, whole

SETTINGS = "https://ideogram.ai/manage-api"
RATE_LIMITS = "https://developer.ideogram.ai/ideogram-api/rate-limits"
LARGEST_ERROR = 20_000
USUAL_WAIT = 5.0
A_DAYS_WAIT = 3600.0
NOT_BILLED = "Nothing was run or billed."
MAYBE = "The pictures may have been made and billed."
# Of the 4xx answers, the time-out and the cancelled call: the work may have been done.
MAYBE_RUN = (408, 499)

CHECK_KEY = f"Check that IDEOGRAM_API_KEY holds the whole key, or make a new one at {SETTINGS}."
ADD_CREDIT = f"Add credit or look at the plan at {SETTINGS}, then try again."
CHANGE_REQUEST = "Change what Ideogram names, or choose a model that has it; if you did not ask for it, tell the owner."
CHANGE_PROMPT = "Change the prompt or the picture; asking again unchanged will be refused again."
FEWER = "Ideogram makes 10 pictures of an organisation at once: wait until some of yours are done."
ASK_FOR_ACCESS = "Ask partnership@ideogram.ai for access, or choose another model."


@dataclass(frozen=True)
class Complaint:
    """An error answer, read: `words` is fit to be shown, `reason` is `reject_reason`, `at_once` the limit it names."""

    status: int
    words: str = ""
    reason: str = ""
    at_once: int | None = None


@dataclass(frozen=True)
class Case:
    """What a status or a reason means: our code, a headline and a remedy."""

    code: str
    headline: str
    remedy: str


CASES: Mapping[int, Case] = {
    400: Case("capability", "Request not accepted", CHANGE_REQUEST),
    401: Case("key_invalid", "API credentials are invalid", CHECK_KEY),
    402: Case("billing_disabled", "The balance or the plan does not allow it", ADD_CREDIT),
    403: Case("permission_region", "Permission denied", ASK_FOR_ACCESS),
    413: Case("capability", "Request too large", "Use smaller pictures: one may have 25 MB."),
    422: Case("refused_prompt", "The safety check refused the prompt or the picture", CHANGE_PROMPT),
}
REASONS: Mapping[str, Case] = {
    "insufficient_funds": Case("billing_disabled", "The credits are used up", ADD_CREDIT),
    "subscription_required": Case("billing_disabled", "The account needs a subscription for it", ADD_CREDIT),
    "priority_credit_required": Case("billing_disabled", "The account needs priority credits for it", ADD_CREDIT),
    "feature_limit": Case("permission_region", "The account's plan does not have it", ASK_FOR_ACCESS),
}


def read_complaint(status: int, body: bytes, redact: Redact) -> Complaint:
    """An error body of any kind. Never raises."""
    try:
        document = orjson.loads(body)
    except ValueError:
        page = body[:LARGEST_ERROR].decode("utf-8", "replace")
        return Complaint(status, "" if "<" in page[:200] else shown(page, redact))
    answer = mapping(document)
    words = next((found for name in ("error", "message", "detail") if (found := text(answer.get(name)))), "")
    at_once = whole(answer.get("max_inflight_requests"))
    reason = shown(text(answer.get("reject_reason")), redact, 60)
    return Complaint(status, shown(words, redact), reason, at_once if at_once and at_once > 0 else None)


def http_error(
    complaint: Complaint, *, model: str = "", successor: str = "", retry_after: str | None = None
) -> ProviderError:
    """The error for an answer other than a success to a costly call."""
    status, quoted = complaint.status, quotation(complaint.words, "Ideogram")
    if status == 429 or (status == 402 and complaint.reason == "inflight_limit"):
        return _too_many(complaint, quoted, retry_after)
    if status == 402 and complaint.reason == "daily_limit":
        message = sentence(status, "The day's limit is reached", quoted, NOT_BILLED)
        return Busy("rate_day", message, retry_after=pause_of(retry_after, A_DAYS_WAIT))
    if status == 404:
        return _gone(model, successor, quoted)
    if 400 <= status < 500 and status not in MAYBE_RUN:
        case = (REASONS.get(complaint.reason) if status == 402 else None) or CASES.get(status, CASES[400])
        return Rejected(case.code, sentence(status, case.headline, quoted, NOT_BILLED), remedy=case.remedy)
    headlines = {500: "Internal error", 502: "Bad gateway", 503: "Not available", 504: "Deadline exceeded"}
    code = "provider_5xx" if status >= 500 else "unknown_outcome"
    return OutcomeUnknown(sentence(status, headlines.get(status, "Unexpected answer"), quoted, MAYBE), code=code)


def generation_error(complaint: Complaint, generation: str) -> ProviderError:
    """The error for an answer other than 200 to the question after a generation, which is free to repeat."""
    status, quoted = complaint.status, quotation(complaint.words, "Ideogram")
    if status == 404:
        message = sentence(404, "Ideogram does not know the generation (any more)", quoted, MAYBE)
        return OutcomeUnknown(message, request_id=generation)
    error = question_error(complaint)
    if isinstance(error, Busy) or error.code in ("key_invalid", "permission_region", "billing_disabled"):
        return error
    message = sentence(status, "The generation cannot be asked for", quoted, MAYBE)
    return OutcomeUnknown(message, request_id=generation)


def question_error(complaint: Complaint) -> ProviderError:
    """The error for an answer to a call that costs nothing: never one that may have cost."""
    if complaint.status >= 500 or complaint.status in MAYBE_RUN or complaint.status < 400:
        message = sentence(complaint.status, "Ideogram cannot tell now", quotation(complaint.words, "Ideogram"))
        return Busy("provider_5xx", message, retry_after=USUAL_WAIT, remedy="Try again in a few minutes.")
    return http_error(complaint)


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "Ideogram API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"Ideogram API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def _too_many(complaint: Complaint, quoted: str, retry_after: str | None) -> Busy:
    met = complaint.at_once
    limit = None if met is None else Limit(kind="parallel", count=met, source=RATE_LIMITS)
    message = sentence(complaint.status, "Too many pictures in progress", quoted, NOT_BILLED)
    wait = pause_of(retry_after, USUAL_WAIT)
    return Busy("rate_minute", message, retry_after=wait, limit=limit, remedy=FEWER)


def _gone(model: str, successor: str, quoted: str) -> Rejected:
    follow = f"Its successor is {successor}." if successor else ""
    message = sentence(404, "Model not found", f"Ideogram does not offer {model} (any more).", follow, quoted,
                       NOT_BILLED)  # fmt: skip
    remedy = f"Choose {successor} instead." if successor else "Choose another model, or check IDEOGRAM_BASE_URL."
    return Rejected("model_retired", message, remedy=remedy)
