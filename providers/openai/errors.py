"""OpenAI's error answers as errors of ours: what happened, that nothing was billed or that nobody knows, what to do.

The rows are those of https://developers.openai.com/api/docs/guides/error-codes, of the spend-limit and rate-limit pages
and of recorded answers. OpenAI does not say whether a picture that its filter withholds after drawing is charged, so
that such a call stays open until somebody knows.
"""

import re
from dataclasses import dataclass

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.openai.limits import BILLING_CODES, lacks_money, too_many_requests
from providers.openai_form import Complaint
from providers.reading import mapping, quotation, text

KEYS_PAGE = "https://platform.openai.com/api-keys"
ORGANISATION_PAGE = "https://platform.openai.com/settings/organization/general"
BILLING_PAGE = "https://platform.openai.com/settings/organization/billing"
LIMITS_PAGE = "https://platform.openai.com/settings/organization/limits"
# Of the 4xx answers, those that do not prove that nothing ran: time-out, conflict, a client that left.
MAYBE_RUN = (408, 409, 499)
NOT_BILLED = "Nothing was run or billed."

CHECK_KEY = f"Check that OPENAI_API_KEY holds the whole key and that it was not revoked; make a new one at {KEYS_PAGE}."
CHECK_SCOPES = (
    f"Give the key the permissions Models (read) and Model capabilities (write) at {KEYS_PAGE}, or make an "
    "unrestricted one; an address that the organisation does not allow is refused the same way."
)
VERIFY = (
    f"The organisation's owner verifies it at {ORGANISATION_PAGE}; it may take half an hour until image models open. "
    "Until then a model of another vendor may serve you."
)
ADD_CREDIT = f"Add credit at {BILLING_PAGE}, or raise the spend limit at {LIMITS_PAGE}."
CHANGE_REQUEST = "Change what OpenAI names, or choose a model that has it; if you did not ask for it, tell the owner."
CHANGE_PROMPT = "Change the prompt or the reference pictures; the same wish will be refused again."
OTHER_REGION = "See https://developers.openai.com/api/docs/supported-countries; another vendor's model may serve you."
OPEN_PROJECT = f"Allow the model for the key's project at {LIMITS_PAGE}, or use a key of another project."
LOOK_AT_USAGE = (
    "Change the prompt. Whether OpenAI charges a withheld picture stands in its usage page alone "
    "(https://platform.openai.com/usage); the owner settles or releases the call."
)

_GONE = re.compile(
    r"\bmodel_not_found\b|\bmodel\b.{0,80}\b(?:does not exist|not found|deprecated|retired|shut down|decommissioned)",
    re.IGNORECASE | re.DOTALL,
)
_MODERATED = re.compile(r"\bmoderation_blocked\b|\bcontent_policy_violation\b|safety system", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """A row: when status and a sign match, this code, headline and remedy."""

    statuses: tuple[int, ...]
    sign: str
    code: str
    headline: str
    remedy: str


RESTRICTED = "missing scopes|insufficient permissions"
CREDENTIALS, PERMISSION = "API credentials are invalid", "Permission denied"
CASES = (
    Case((400, 401, 403, 404), "must be verified", "org_unverified", "The organisation is not verified", VERIFY),
    Case((401, 403), RESTRICTED, "permission_region",
         f"{PERMISSION}, the key is restricted", CHECK_SCOPES),
    Case((401, 403), r"\bIP\b.{0,40}(?:not authorized|not allowed)", "permission_region",
         f"{PERMISSION}, the hub's address is not allowed", CHECK_SCOPES),
    Case((401,), "", "key_invalid", CREDENTIALS, CHECK_KEY),
    Case((402,), "", "billing_disabled", "Payment required", ADD_CREDIT),
    Case((400, 403), "billing_hard_limit_reached|billing_not_active|" + "|".join(BILLING_CODES), "billing_disabled",
         "The account's credit is used up or its spend limit is reached", ADD_CREDIT),
    Case((403,), "unsupported_country|country, region, or territory", "permission_region", "Region not supported",
         OTHER_REGION),
    Case((403,), "does not have access to model", "permission_region", f"{PERMISSION}, the project lacks the model",
         OPEN_PROJECT),
    Case((403,), "", "permission_region", PERMISSION, CHECK_SCOPES),
    Case((413,), "", "capability", "Request too large", "Use fewer or smaller reference pictures."),
)  # fmt: skip


def http_error(
    complaint: Complaint, *, model: str, successor: str, is_past: bool, retry_after: float | None, request_id: str = ""
) -> ProviderError:
    """The error for an answer other than HTTP 200 to a costly call.

    `is_past` says that the catalogue has the model as shut down; `retry_after` is what the headers said, in seconds.
    """
    status = complaint.status
    if status == 429:
        return too_many_requests(complaint, retry_after=retry_after, remedy=ADD_CREDIT, request_id=request_id)
    if status in (400, 403) and _MODERATED.search(complaint.signs):
        return moderated(complaint, request_id)
    if _is_gone(complaint, is_past):
        return _not_found(complaint, model, successor, request_id)
    for case in CASES:
        if status in case.statuses and re.search(case.sign, complaint.signs, re.IGNORECASE | re.DOTALL):
            return _rejected(case, complaint, request_id)
    if 400 <= status < 500 and status not in MAYBE_RUN:
        return _rejected(Case((), "", "capability", "Request not accepted", CHANGE_REQUEST), complaint, request_id)
    return _vendor_failed(complaint, retry_after, request_id)


def limits_of_known_key(complaint: Complaint) -> str:
    """What a key lacks that OpenAI knows, as a sentence; empty when the answer does not show that it is known."""
    if complaint.status in (401, 403) and re.search(RESTRICTED, complaint.signs, re.IGNORECASE):
        return (
            "OpenAI knows the key and does not let it list the models. It can draw when it has the permission Model "
            "capabilities (write)."
        )
    if complaint.status == 429 and lacks_money(complaint):
        return f"OpenAI knows the key, but its account's credit is used up or its spend limit is reached. {ADD_CREDIT}"
    return ""


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "OpenAI API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"OpenAI API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def moderated(complaint: Complaint, request_id: str, *, had_begun: bool = False) -> ProviderError:
    """A refusal by the filter: of the prompt before anything was drawn, or of the drawn picture.

    `had_begun` says that the stream had begun, so that without a stage the picture was being drawn.
    """
    stage = text(mapping(complaint.details.get("moderation_details")).get("moderation_stage"))
    quoted = quotation(complaint.words, "OpenAI")
    if stage in ("output", "unknown") or (had_begun and not stage):
        message = sentence(complaint.status, "The picture was withheld by the safety system", quoted,
                           "OpenAI does not say whether it charges for that.")  # fmt: skip
        return OutcomeUnknown(message, code="refused_output", remedy=LOOK_AT_USAGE, request_id=request_id)
    message = sentence(complaint.status, "The prompt was refused by the safety system", quoted, NOT_BILLED)
    return Rejected("refused_prompt", message, remedy=CHANGE_PROMPT, request_id=request_id)


def stream_error(complaint: Complaint, request_id: str) -> ProviderError:
    """An error that came in the stream, after HTTP 200: the work had begun."""
    if _MODERATED.search(complaint.signs):
        return moderated(complaint, request_id, had_begun=True)
    return OutcomeUnknown(
        sentence(complaint.status, "The stream ended with an error", quotation(complaint.words, "OpenAI"),
                 "The picture may have been made and billed."),
        code="provider_5xx", request_id=request_id,
    )  # fmt: skip


def _is_gone(complaint: Complaint, is_past: bool) -> bool:
    """Retired models were answered with 400, 403 and 404 alike. A 403 may also mean the project of a living one."""
    if not _GONE.search(complaint.signs):
        return complaint.status == 404 and is_past
    return complaint.status in (400, 404, 410) or (complaint.status == 403 and is_past)


def _not_found(complaint: Complaint, model: str, successor: str, request_id: str) -> Rejected:
    gone = f"OpenAI does not offer {model} to this key (any more)."
    follow = f"Its successor is {successor}." if successor else ""
    return Rejected(
        "model_retired",
        sentence(complaint.status, "Model not found", gone, follow, quotation(complaint.words, "OpenAI"), NOT_BILLED),
        remedy=f"Choose {successor} instead of {model}." if successor else "Choose another model.",
        request_id=request_id,
    )


def _rejected(case: Case, complaint: Complaint, request_id: str) -> Rejected:
    # OpenAI's sentence about a wrong key repeats it, in part: that helps nobody here.
    quoted = "" if case.code == "key_invalid" else quotation(complaint.words, "OpenAI")
    astray = "" if complaint.is_envelope else "The answer is not OpenAI's: OPENAI_BASE_URL may be wrong."
    message = sentence(complaint.status, case.headline, quoted, astray, NOT_BILLED)
    return Rejected(case.code, message, remedy=case.remedy, request_id=request_id)


def _vendor_failed(complaint: Complaint, retry_after: float | None, request_id: str) -> ProviderError:
    quoted = quotation(complaint.words, "OpenAI")
    overloaded = re.search(r"overloaded|slow.?down", complaint.signs, re.IGNORECASE)
    if complaint.status == 503 and complaint.is_envelope and overloaded:
        message = sentence(503, "OpenAI is overloaded", quoted, NOT_BILLED)
        wait = "Wait a minute and try again, or choose another model."
        return Busy("provider_5xx", message, retry_after=retry_after, remedy=wait, request_id=request_id)
    headlines = {500: "Internal error", 502: "Bad gateway", 503: "Not available", 504: "Time-out", 524: "Time-out"}
    return OutcomeUnknown(
        sentence(complaint.status, headlines.get(complaint.status, "Unexpected answer"), quoted,
                 "The picture may have been made and billed."),
        code="unknown_outcome" if complaint.status < 500 else "provider_5xx", request_id=request_id,
    )  # fmt: skip
