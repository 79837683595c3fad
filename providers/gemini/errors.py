"""Google's error answers as errors of ours: what happened, that nothing was billed or that nobody knows, what to do.

The rows are those of https://ai.google.dev/gemini-api/docs/troubleshooting and of real answers. A body may be Google's
envelope, a list of one envelope, or a proxy's HTML.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.gemini.quota import too_many_requests
from providers.gemini.reading import Redact, items, mapping, quotation, shown, text

AI_STUDIO_KEYS = "https://aistudio.google.com/apikey"
LARGEST_ERROR = 200_000
# Of the 4xx answers, the time-out and the cancelled call: the work may have been done.
MAYBE_RUN = (408, 499)
NOT_BILLED = "Nothing was run or billed."

NEW_KEY = (
    f"Make a new key in Google AI Studio ({AI_STUDIO_KEYS}) and set GOOGLE_API_KEY to it. "
    "New keys begin with AQ.; Google is switching off the older ones, which begin with AIza."
)
CHECK_KEY = (
    "Check that GOOGLE_API_KEY holds the whole key (new ones begin with AQ., older ones with AIza), that it was not "
    f"restricted or deleted in Google AI Studio ({AI_STUDIO_KEYS}), and that the Gemini API is enabled in its Google "
    "Cloud project; else make a new key there."
)
CHECK_PERMISSION = (
    "Check that the key may use this model, enable the Generative Language API in Google Cloud Console, and verify "
    "that billing is enabled for the key's project."
)
ENABLE_BILLING = (
    f"Image models have no free quota: switch on billing for the key's project in Google AI Studio ({AI_STUDIO_KEYS}), "
    "see https://ai.google.dev/gemini-api/docs/billing."
)
OTHER_REGION = "See https://ai.google.dev/gemini-api/docs/available-regions; a model of another vendor may serve you."
CHANGE_REQUEST = "Change what Google names, or choose a model that has it; if you did not ask for it, tell the owner."


@dataclass(frozen=True)
class Complaint:
    """An error answer, read: `signs` is everything that tells one case from another, `words` is fit to be shown."""

    status: int
    signs: str
    words: str
    details: tuple[Mapping[str, Any], ...]
    from_google: bool


@dataclass(frozen=True)
class Case:
    """A row: when status and a sign match, this code, headline and remedy."""

    status: int
    sign: str
    code: str
    headline: str
    remedy: str


CREDENTIALS, PERMISSION = "API credentials are invalid", "Permission denied"
CASES = (
    Case(400, "API_KEY_INVALID|API key not valid|API key not found", "key_invalid", CREDENTIALS, CHECK_KEY),
    Case(400, "API_KEY_EXPIRED|API key expired", "key_invalid", CREDENTIALS, NEW_KEY),
    Case(400, "User location is not supported", "permission_region", "Region not supported", OTHER_REGION),
    Case(400, "FAILED_PRECONDITION.*billing", "billing_disabled", "Billing is not enabled", ENABLE_BILLING),
    Case(400, "", "capability", "Request not accepted", CHANGE_REQUEST),
    Case(401, "ACCESS_TOKEN_TYPE_UNSUPPORTED", "key_invalid", CREDENTIALS, NEW_KEY),
    Case(401, "", "key_invalid", CREDENTIALS, CHECK_KEY),
    Case(402, "", "billing_disabled", "Payment required", ENABLE_BILLING),
    Case(403, "unregistered callers", "no_key", f"{PERMISSION}, no key arrived", CHECK_KEY),
    Case(403, "reported as leaked", "key_invalid", f"{CREDENTIALS}, the key was reported as leaked", NEW_KEY),
    Case(403, "BILLING_DISABLED|CONSUMER_SUSPENDED", "billing_disabled", PERMISSION, ENABLE_BILLING),
    Case(
        403, "API_KEY_SERVICE_BLOCKED", "permission_region", f"{PERMISSION}, the key is restricted to other APIs",
        f"Allow the Generative Language API for this key in Google AI Studio ({AI_STUDIO_KEYS}), or make a new key.",
    ),
    Case(
        403, "SERVICE_DISABLED", "permission_region", f"{PERMISSION}, the Gemini API is switched off",
        "Enable the Generative Language API in Google Cloud Console{activation}, wait a few minutes, then try again.",
    ),
    Case(403, "", "permission_region", PERMISSION, CHECK_PERMISSION),
    Case(413, "", "capability", "Request too large", "Use fewer or smaller reference pictures."),
)  # fmt: skip


def read_complaint(status: int, body: bytes, redact: Redact) -> Complaint:
    """An error body of any kind. Never raises."""
    try:
        document = orjson.loads(body)
    except ValueError:
        document = None
    if isinstance(document, list):
        document = next(iter(items(document)), None)
    error = mapping(mapping(document).get("error"))
    details = items(error.get("details"))
    reasons = " ".join(text(detail.get("reason")) for detail in details)
    message = text(error.get("message"))
    if not error:
        page = body[:LARGEST_ERROR].decode("utf-8", "replace")
        message = "" if "<" in page[:200] else page
    signs = f"{text(error.get('status'))} {reasons} {message}"
    return Complaint(status, signs, shown(message, redact), tuple(details), bool(error))


def http_error(
    status: int, body: bytes, *, model: str, successor: str,
    redact: Redact, seconds_to_reset: float, request_id: str = "",
) -> ProviderError:  # fmt: skip
    """The error for an answer other than HTTP 200 to a costly call.

    `seconds_to_reset` is how long until Google's day quotas open again, see `quota.seconds_to_reset`.
    """
    complaint = read_complaint(status, body, redact)
    if status == 404:
        return _not_found(complaint, model, successor, request_id)
    if status == 429:
        return too_many_requests(
            complaint.signs, complaint.details, complaint.words,
            seconds_to_reset=seconds_to_reset, request_id=request_id, billing_remedy=ENABLE_BILLING,
        )  # fmt: skip
    for case in CASES:
        if case.status == status and re.search(case.sign, complaint.signs, re.IGNORECASE | re.DOTALL):
            return _rejected(case, complaint, redact, request_id)
    if 400 <= status < 500 and status not in MAYBE_RUN:
        other = Case(status, "", "capability", "Request not accepted", CHANGE_REQUEST)
        return _rejected(other, complaint, redact, request_id)
    return _vendor_failed(complaint, request_id)


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "Gemini API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"Gemini API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def _rejected(case: Case, complaint: Complaint, redact: Redact, request_id: str) -> Rejected:
    addresses = (text(mapping(detail.get("metadata")).get("activationUrl")) for detail in complaint.details)
    activation = next((f" ({shown(found, redact)})" for found in addresses if found.startswith("https://")), "")
    return Rejected(
        case.code,
        sentence(complaint.status, case.headline, quotation(complaint.words), NOT_BILLED),
        remedy=case.remedy.replace("{activation}", activation),
        request_id=request_id,
    )


def _not_found(complaint: Complaint, model: str, successor: str, request_id: str) -> Rejected:
    """Google no longer has the model, or not for this key. It sometimes names the successor itself."""
    named = re.search(r"\buse (?:models/)?(gemini-[a-z0-9][a-z0-9.-]*[a-z0-9])", complaint.signs)
    successor = successor or (named[1] if named else "")
    gone = f"Google does not offer {model} to this key (any more)."
    follow = f"Its successor is {successor}." if successor else ""
    astray = "" if complaint.from_google else "The answer is not Google's: GOOGLE_GEMINI_BASE_URL may be wrong."
    return Rejected(
        "model_retired",
        sentence(404, "Model not found", gone, follow, quotation(complaint.words), astray, NOT_BILLED),
        remedy=f"Choose {successor} instead of {model}." if successor else "Choose another model.",
        request_id=request_id,
    )


def _vendor_failed(complaint: Complaint, request_id: str) -> ProviderError:
    quoted = quotation(complaint.words)
    if complaint.status == 503 and complaint.from_google:
        overloaded = sentence(503, "The model is overloaded", quoted, NOT_BILLED)
        wait = "Wait a minute and try again, or choose another model."
        return Busy("provider_5xx", overloaded, remedy=wait, request_id=request_id)
    headlines = {504: "Deadline exceeded", 500: "Internal error", 502: "Bad gateway", 503: "Not available"}
    headline = headlines.get(complaint.status, "Unexpected answer")
    return OutcomeUnknown(
        sentence(complaint.status, headline, quoted, "The picture may have been made and billed."),
        code="unknown_outcome" if complaint.status < 500 else "provider_5xx",
        request_id=request_id,
    )
