"""Together's error answers as errors of ours: what happened, whether it was billed, what to do.

The envelope is {"error": {"message", "type", "param", "code"}}; https://docs.together.ai/docs/error-codes. Its
403 is about long prompts of chats; for pictures it is met as `third_party_data_sharing_blocked`
(https://github.com/togethercomputer/skills). The safety checker answers 422
(https://docs.together.ai/docs/inference/images/parameters); neither its words nor whether a withheld picture is billed
are documented: a 422 that names no field, and any answer that speaks of safety, is an unknown outcome. A 503 that says
"engine overloaded" did not run; any other answer of 500 and more may have drawn.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.openai_form import Complaint
from providers.reading import items, pause_of, quotation
from providers.together.wire import PREFIX, USAGE_PAGE

KEYS_PAGE = "https://api.together.ai/settings/projects/~current/api-keys"
MODELS_PAGE = "https://docs.together.ai/docs/serverless/models"
NOT_BILLED = "Nothing was run or billed."
MAYBE = "The picture may have been made and billed."
# Of the 4xx answers, those after which the work may have been done.
MAYBE_RUN = (408, 409, 425, 499)
CHECK_KEY = f"Check that TOGETHER_API_KEY holds the whole key, or make a new one at {KEYS_PAGE}."
ALLOW_MAKERS = (
    "An owner of the organisation at Together allows it under Settings, Privacy (“passthrough models”); prompts then "
    "go to the model's maker. Or choose a model that Together serves itself."
)
CHANGE = "Change what Together names, or choose a model that has it."
CHANGE_PROMPT = f"Change the prompt or the picture; look at {USAGE_PAGE} for whether it was billed."
_SAFETY = re.compile(r"nsfw|safety|moderat|content.?(?:filter|policy)|flagged|inappropriate", re.IGNORECASE)
_SHARING = re.compile(r"third.?party.?data.?sharing|passthrough", re.IGNORECASE)
_GONE = re.compile(
    r"non-serverless model|model_not_(?:available|found)"
    r"|\bmodel\b.{0,120}\b(?:not (?:found|available|supported)|does not exist|deprecated)",
    re.IGNORECASE | re.DOTALL,
)
_OVERLOADED = re.compile(r"overload|capacity|high traffic", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """What a status means: our code, a headline and a remedy."""

    code: str
    headline: str
    remedy: str


CASES: Mapping[int, Case] = {
    400: Case("capability", "Request not accepted", CHANGE),
    401: Case("key_invalid", "API credentials are invalid", CHECK_KEY),
    402: Case("billing_disabled", "The account has no credit left", f"Add credit at {USAGE_PAGE}, then try again."),
    403: Case("permission_region", "Permission denied", f"Look at the key and its project at {KEYS_PAGE}."),
    413: Case("capability", "Request too large", "Use fewer or smaller reference pictures."),
    422: Case("capability", "Request understood and refused", CHANGE),
}
SHARING_BLOCKED = Case("permission_region", "The organisation does not share data with the model's maker", ALLOW_MAKERS)


def http_error(
    complaint: Complaint, headers: Mapping[str, str], *, model: str = "", successor: str = "", request_id: str = ""
) -> ProviderError:  # fmt: skip
    """The error for an answer other than HTTP 200 to a costly call."""
    status, quoted = complaint.status, quotation(complaint.words, "Together")
    if _was_withheld(complaint):
        message = sentence(status, "The safety checker withheld the picture or refused the prompt", quoted,
                           "Whether Together bills that is not documented.")  # fmt: skip
        return OutcomeUnknown(message, code="refused_output", remedy=CHANGE_PROMPT, request_id=request_id)
    if status == 429:
        message = sentence(status, "Rate limit exceeded", quoted, NOT_BILLED)
        return Busy("rate_minute", message, retry_after=_pause(headers), request_id=request_id)
    if status == 503 and complaint.is_envelope and _OVERLOADED.search(complaint.signs):
        message = sentence(status, "Together is overloaded", quoted, NOT_BILLED)
        return Busy("provider_5xx", message, retry_after=_pause(headers), request_id=request_id,
                    remedy="Wait a minute and try again, or choose another model.")  # fmt: skip
    if 400 <= status < 500 and status not in MAYBE_RUN:
        return _refused(complaint, quoted, model, successor, request_id)
    headlines = {500: "Internal error", 502: "Bad gateway", 503: "Not available", 504: "Time-out", 524: "Time-out"}
    message = sentence(status, headlines.get(status, "Unexpected answer"), quoted, MAYBE)
    code = "provider_5xx" if status >= 500 else "unknown_outcome"
    return OutcomeUnknown(message, code=code, request_id=request_id)


def question_error(complaint: Complaint, headers: Mapping[str, str]) -> ProviderError:
    """The error for a call that costs nothing: never one that may have cost."""
    if complaint.status >= 500 or complaint.status in MAYBE_RUN:
        message = sentence(complaint.status, "Together cannot answer now", "Nothing was billed.")
        return Busy("provider_5xx", message, remedy="Try again in a few minutes.")
    error = http_error(complaint, headers)
    if isinstance(error, OutcomeUnknown):
        quoted = quotation(complaint.words, "Together")
        message = sentence(complaint.status, "Question not answered", quoted, NOT_BILLED)
        return Rejected("capability", message, remedy=CHANGE)
    return error


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "Together API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"{PREFIX} error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def _was_withheld(complaint: Complaint) -> bool:
    """Whether the safety checker may have spoken."""
    if complaint.status not in (400, 403, 422):
        return False
    names_field = bool(complaint.param) or bool(items(complaint.details.get("detail")))
    return bool(_SAFETY.search(complaint.signs)) or (complaint.status == 422 and not names_field)


def _refused(complaint: Complaint, quoted: str, model: str, successor: str, request_id: str) -> Rejected:
    status = complaint.status
    if status == 404 or (status == 400 and _GONE.search(complaint.signs)):
        follow = f"Its successor is {successor}." if successor else ""
        message = sentence(status, f"Together does not offer {model or 'that'} (any more)", follow, quoted, NOT_BILLED)
        remedy = f"Choose {successor} instead." if successor else f"Choose another model of {MODELS_PAGE}."
        return Rejected("model_retired", message, remedy=remedy, request_id=request_id)
    case = CASES.get(status, CASES[400])
    if status == 403 and _SHARING.search(complaint.signs):
        case = SHARING_BLOCKED
    # A sentence about a wrong key may repeat it.
    quoted = "" if case.code == "key_invalid" else quoted
    message = sentence(status, case.headline, quoted, NOT_BILLED)
    return Rejected(case.code, message, remedy=case.remedy, request_id=request_id)


def _pause(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the answer names them, None without. https://docs.together.ai/docs/serverless/rate-limits"""
    named = headers.get("retry-after") or headers.get("x-ratelimit-reset")
    return pause_of(named, 0.0) or None
