"""BFL's error answers and end states as errors of ours: what happened, whether it was billed, what to do.

Answers: https://docs.bfl.ai/api_integration/errors. States: https://docs.bfl.ai/api-reference/utility/get-result. Only
a task that becomes Ready costs credits; what the filter stops is free:
https://help.bfl.ai/articles/4212278032-my-prompt-is-getting-moderated
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.reading import Redact, decoded, mapping, quotation, shown, text

DASHBOARD = "https://dashboard.bfl.ai"
LARGEST_ERROR = 20_000
USUAL_WAIT = 5.0
NOT_BILLED = "Nothing was run or billed."
MAYBE = "The picture may have been made and billed."
READY = "Ready"
# Whatever else a task's state is called (Pending, Reasoning, Generating, …), it goes on.
END_STATES = ("Request Moderated", "Content Moderated", "Error", "Failed", "Task not found")
# Of the 4xx answers, the time-out and the cancelled call: the work may have been done.
MAYBE_RUN = (408, 499)
_ABOUT_KEY = re.compile(r"authenticat|api[ -]?key|x-key|invalid key|credential", re.IGNORECASE)
_ABOUT_CONTENT = re.compile(r"moderat|content_policy|safety", re.IGNORECASE)

CHECK_KEY = f"Check that BFL_API_KEY holds the whole key, or make a new one at {DASHBOARD}."
ADD_CREDIT = f"Buy credits at {DASHBOARD}, then try again."
CHANGE_REQUEST = "Change what BFL names or choose a model that has it; if you did not ask for it, tell the owner."
CHANGE_PROMPT = "Change the prompt or the reference pictures; asking again unchanged will be refused again."
FEWER = "BFL carries out 24 tasks of a key at once: wait until one of yours is done."


@dataclass(frozen=True)
class Complaint:
    """An error answer, read: `state` is a task's, where the body names one; `words` are fit to be shown."""

    status: int
    state: str
    words: str


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
    403: Case("permission_region", "Permission denied", f"Look at what the key may do at {DASHBOARD}."),
    413: Case("capability", "Request too large", "Use fewer or smaller reference pictures."),
    422: Case("capability", "Request not accepted", CHANGE_REQUEST),
}


def read_complaint(status: int, body: bytes, redact: Redact) -> Complaint:
    """An answer of any kind. Never raises."""
    try:
        document = decoded(body)
    except ValueError:
        page = body[:LARGEST_ERROR].decode("utf-8", "replace")
        return Complaint(status, "", "" if "<" in page[:200] else shown(page, redact))
    answer = mapping(document)
    parts = [*_sentences(answer.get("detail")), text(answer.get("message")), *_sentences(answer.get("details"))]
    words = "; ".join(part for part in parts if part) or text(answer.get("error"))
    return Complaint(status, shown(text(answer.get("status")), redact, 60), shown(words, redact))


def _sentences(detail: Any) -> list[str]:
    """BFL's `detail` (text, or FastAPI's list of places and messages) or `details` (text, or lists by name)."""
    if isinstance(detail, str):
        return [detail]
    if isinstance(detail, list):
        return [_one(item) for item in detail]
    if isinstance(detail, dict):
        return [f"{name}: {', '.join(_sentences(value)) or value}" for name, value in detail.items()]
    return []


def _one(item: Any) -> str:
    if isinstance(item, str):
        return item
    error = mapping(item)
    place = error.get("loc")
    where = ".".join(str(part) for part in place if part != "body") if isinstance(place, list) else ""
    return ": ".join(part for part in (where, text(error.get("msg"))) if part)


def submit_error(
    complaint: Complaint, *, model: str = "", successor: str = "", retry_after: float | None = None
) -> ProviderError:  # fmt: skip
    """The error for an answer other than a success to a submission, which costs nothing before a task is Ready."""
    status, quoted = complaint.status, quotation(complaint.words, "BFL")
    if complaint.state in END_STATES[:2]:
        return state_error(complaint, "", {})
    if status == 404:
        return _gone(complaint, model, successor)
    if status == 429:
        message = sentence(429, "Rate limit exceeded", quoted, NOT_BILLED)
        wait = USUAL_WAIT if retry_after is None else retry_after
        return Busy("rate_minute", message, retry_after=wait, remedy=FEWER)
    if 400 <= status < 500 and status not in MAYBE_RUN:
        about_key = status == 403 and _ABOUT_KEY.search(complaint.words)
        case = CASES[401] if about_key else CASES.get(status, CASES[400])
        return Rejected(case.code, sentence(status, case.headline, quoted, NOT_BILLED), remedy=case.remedy)
    headlines = {500: "Internal error", 502: "Bad gateway", 503: "Not available", 504: "Deadline exceeded"}
    code = "provider_5xx" if status >= 500 else "unknown_outcome"
    return OutcomeUnknown(sentence(status, headlines.get(status, "Unexpected answer"), quoted, MAYBE), code=code)


def state_error(complaint: Complaint, task: str, most: Mapping[str, int]) -> ProviderError:
    """The error for a task's end state other than Ready. `most` is what a task may cost at most."""
    state, quoted = complaint.state, quotation(complaint.words, "BFL")
    free = "BFL does not charge for it."
    if state == "Request Moderated" or (state in ("Error", "Failed") and _ABOUT_CONTENT.search(complaint.words)):
        message = f"BFL's filter refused the prompt or a reference picture ({state}). {quoted} {free}"
        return Rejected("refused_prompt", _plain(message), remedy=CHANGE_PROMPT, request_id=task)
    if state == "Content Moderated":
        message = f"BFL made the picture and its filter withheld it ({state}). {quoted} {free}"
        return Rejected("refused_output", _plain(message), remedy=CHANGE_PROMPT, request_id=task)
    if state in ("Error", "Failed"):
        message = f"BFL failed to make the picture ({state}). {quoted} {free}"
        return Rejected("provider_5xx", _plain(message), remedy="Nothing was billed: try again.", request_id=task)
    message = (
        f"BFL does not know the task ({state}): the id is wrong or too old, or it lives in another region. {MAYBE}"
    )
    remedy = f"Compare the credits at {DASHBOARD} before you repeat it; the owner settles or releases the call."
    return OutcomeUnknown(message, remedy=remedy, request_id=task)


def question_error(complaint: Complaint, task: str) -> ProviderError:
    """The error for an answer without a state to the question after a task, which is free to repeat."""
    status = complaint.status
    if status == 429 or status >= 500 or status in MAYBE_RUN:
        message = sentence(status, "BFL cannot tell now", quotation(complaint.words, "BFL"))
        return Busy("provider_5xx" if status != 429 else "rate_minute", message, retry_after=USUAL_WAIT)
    error = submit_error(complaint)
    if isinstance(error, Rejected) and error.code not in ("capability", "model_retired", "refused_prompt"):
        return error
    message = sentence(status, "The task cannot be asked for", quotation(complaint.words, "BFL"), MAYBE)
    return OutcomeUnknown(message, request_id=task)


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "BFL API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"BFL API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def _plain(message: str) -> str:
    return " ".join(message.split())


def _gone(complaint: Complaint, model: str, successor: str) -> Rejected:
    follow = f"Its successor is {successor}." if successor else ""
    message = sentence(404, "Model not found", f"BFL does not offer {model} (any more).", follow,
                       quotation(complaint.words, "BFL"), NOT_BILLED)  # fmt: skip
    remedy = f"Choose {successor} instead." if successor else "Choose another model, or check BFL_BASE_URL."
    return Rejected("model_retired", message, remedy=remedy)
