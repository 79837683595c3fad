"""Recraft's error answers as errors of ours: what happened, whether it was billed, what to do.

https://www.recraft.ai/docs/api-reference/error-handling: a failed call has another status than 2xx; the form of its
body varies, plain words ("request unauthorized") or JSON, seen as {"code", "message"}; only 401 and 404 are listed.
`credits` stands in answers that succeed, and refused calls were not charged where people looked (400, 429).

No page says how a refusal by a filter looks, nor whether it is charged and whether a picture was drawn before: what
speaks of one is taken as an unknown outcome. So is every 5xx.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.openai_form import Complaint
from providers.reading import quotation

ACCOUNT = "https://app.recraft.ai/profile/api"
NOT_BILLED = "Nothing was run or billed."
MAYBE = "The picture may have been made and billed."
# Of the 4xx answers, the time-out and the cancelled call: the work may have been done.
MAYBE_RUN = (408, 499)
# Five requests a second and a hundred pictures a minute; the answer names no time.
USUAL_WAIT_SECONDS = 5.0

CHECK_KEY = f"Check that RECRAFT_API_TOKEN holds the whole token, or make a new one at {ACCOUNT}."
ADD_UNITS = f"Buy API units at {ACCOUNT}, then try again."
CHANGE_REQUEST = "Change what Recraft names, or choose a model that has it; if you did not ask for it, tell the owner."
CHECK_ADDRESS = "Check RECRAFT_BASE_URL (it ends with /v1); unset, it is Recraft's own."
LOOK_AT_UNITS = f"Look at the API units at {ACCOUNT} before you change the prompt and try again."
SLOWER = "Recraft takes 5 requests a second and 100 pictures a minute: wait a moment."

_MODERATED = re.compile(r"moderat|nsfw|safety|prohibited|inappropriate|content.?policy|not allowed content",
                        re.IGNORECASE)  # fmt: skip
_MONEY = re.compile(r"(?<![a-z])(?:not.enough|insufficient|no|low)(?![a-z]).{0,20}(?:credit|unit|balance|fund)|billing",
                    re.IGNORECASE)  # fmt: skip
_MODEL = re.compile(r"\bmodel\b.{0,60}\b(?:not found|not supported|unsupported|unknown|does not exist|deprecated)"
                    r"|(?:unknown|unsupported|invalid)[ _]model\b", re.IGNORECASE | re.DOTALL)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What an answer means: our code, a headline and a remedy."""

    code: str
    headline: str
    remedy: str


CASES: Mapping[int, Case] = {
    400: Case("capability", "Request not accepted", CHANGE_REQUEST),
    401: Case("key_invalid", "API credentials are invalid", CHECK_KEY),
    402: Case("billing_disabled", "The API units are used up", ADD_UNITS),
    403: Case("permission_region", "Permission denied", f"Look at the token and the account at {ACCOUNT}."),
    413: Case("capability", "Request too large", "Use smaller pictures: each may have less than 10 MB."),
}


def http_error(
    complaint: Complaint, *, model: str = "", successor: str = "", retry_after: float = USUAL_WAIT_SECONDS,
    request_id: str = "",
) -> ProviderError:  # fmt: skip
    """The error for an answer other than HTTP 200 to a costly call."""
    status, quoted = complaint.status, quotation(complaint.words, "Recraft")
    if status == 429 and not _MONEY.search(complaint.signs):
        message = sentence(status, "Rate limit exceeded", quoted, NOT_BILLED)
        return Busy("rate_minute", message, retry_after=retry_after, remedy=SLOWER, request_id=request_id)
    if not 300 <= status < 500 or status in MAYBE_RUN:
        headline = "Recraft failed" if status >= 500 else "Unexpected answer"
        code = "provider_5xx" if status >= 500 else "unknown_outcome"
        return OutcomeUnknown(sentence(status, headline, quoted, MAYBE), code=code, request_id=request_id)
    if status not in (401, 404) and _MODERATED.search(complaint.signs):
        message = sentence(
            status, "The content filter refused it", quoted, "Recraft does not say whether that is free."
        )
        return OutcomeUnknown(message, code="refused_output", remedy=LOOK_AT_UNITS, request_id=request_id)
    case = _case(complaint, model, successor)
    message = sentence(status, case.headline, quoted, NOT_BILLED)
    return Rejected(case.code, message, remedy=case.remedy, request_id=request_id)


def _case(complaint: Complaint, model: str, successor: str) -> Case:
    status = complaint.status
    if status in (400, 403, 429) and _MONEY.search(complaint.signs):
        return CASES[402]
    if status == 404 or (status in (400, 422) and _MODEL.search(complaint.signs)):
        remedy = f"Choose {successor} instead." if successor else "Choose another model."
        # A 404 of a path looks like one of a model: both may be what is wrong.
        remedy = f"{remedy} {CHECK_ADDRESS}" if status == 404 else remedy
        return Case("model_retired", f"Recraft does not offer {model} (any more)", remedy)
    if status < 400:
        return Case("capability", "The address leads elsewhere", CHECK_ADDRESS)
    return CASES.get(status, CASES[400])


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "Recraft API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"Recraft API error (HTTP {status}): {headline}.", *(part for part in rest if part)))
