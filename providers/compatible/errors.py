"""The errors of servers and gateways as errors of ours; their bodies differ, so that the status says most.

Statuses: https://developers.openai.com/api/docs/guides/error-codes, which compatible servers follow; 451 for refusals
and 422 for wrong fields were seen at gateways and at servers built on FastAPI. No server documents an answer of 500
or more that proves that nothing ran.
"""

import re

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.compatible.wire import PREFIX
from providers.openai_form import Complaint
from providers.reading import quotation

MAYBE_RUN = (408, 409, 425, 499)
NOT_BILLED = "Nothing was run or billed."
CHECK_KEY = "Check OPENAI_COMPATIBLE_API_KEY, which goes to the server of OPENAI_COMPATIBLE_BASE_URL alone."
CHECK_ADDRESS = "Check the address: most servers want it with /v1, such as http://127.0.0.1:8080/v1."
LEAVE_OUT = 'Register the model with "facts": {"response_format": ""} in its capabilities, so that it is not sent.'
CHANGE = "Change what the server names, or what the registration's capabilities say that it takes."
_MODERATED = re.compile(r"moderation|content_policy|content_?filter|safety system|nsfw", re.IGNORECASE)
_MONEY = re.compile(r"insufficient_quota|insufficient (?:credit|balance|funds)|billing|budget|spend", re.IGNORECASE)
_MODEL = re.compile(r"model_not_found|\bmodel\b.{0,80}\b(?:not found|does not exist|unknown|not loaded|deprecated)",
                    re.IGNORECASE | re.DOTALL)  # fmt: skip


def http_error(
    complaint: Complaint, *, model: str, retry_after: float | None = None, request_id: str = ""
) -> ProviderError:  # fmt: skip
    """The error for an answer other than HTTP 200 to a costly call."""
    status = complaint.status
    code, headline, remedy = _case(complaint, model)
    message = _sentence(status, headline, quotation(complaint.words, "The server"), NOT_BILLED)
    if status == 429 and code == "rate_minute":
        return Busy(code, message, retry_after=retry_after, remedy=remedy, request_id=request_id)
    if code:
        return Rejected(code, message, remedy=remedy, request_id=request_id)
    return OutcomeUnknown(
        _sentence(status, "The server failed", quotation(complaint.words, "The server"),
                  "The picture may have been made and billed."),
        code="unknown_outcome" if status < 500 else "provider_5xx", request_id=request_id,
    )  # fmt: skip


def _case(complaint: Complaint, model: str) -> tuple[str, str, str]:
    """Code, headline and remedy; an empty code where nobody knows whether it ran."""
    status, signs = complaint.status, complaint.signs
    if status in (400, 403, 422, 451) and (status == 451 or _MODERATED.search(signs)):
        return "refused_prompt", "The prompt was refused", ""
    if status in (402, 403, 429) and (status == 402 or _MONEY.search(signs)):
        return "billing_disabled", "The account has no credit or budget left", ""
    if status in (400, 404, 422) and _MODEL.search(signs):
        return "model_retired", f"The server has no model {model}", "Register a model that the server has."
    rows = {
        401: ("key_invalid", "API credentials are invalid", CHECK_KEY),
        403: ("permission_region", "Permission denied", CHECK_KEY),
        404: ("capability", "The server has no such address", CHECK_ADDRESS),
        405: ("capability", "The server has no such address", CHECK_ADDRESS),
        413: ("capability", "Request too large", "Use fewer or smaller reference pictures."),
        429: ("rate_minute", "Rate limit exceeded", ""),
    }
    if status in rows:
        return rows[status]
    if 400 <= status < 500 and status not in MAYBE_RUN:
        remedy = LEAVE_OUT if "response_format" in signs else CHANGE
        return "capability", "Request not accepted", remedy
    if 300 <= status < 400:
        return "capability", "The address leads elsewhere", CHECK_ADDRESS
    return "", "", ""


def _sentence(status: int, headline: str, *rest: str) -> str:
    return " ".join((f"{PREFIX} error (HTTP {status}): {headline}.", *(part for part in rest if part)))
