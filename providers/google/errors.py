"""Google's error answers as errors of ours: what happened, that nothing was billed or that nobody knows, what to do.

A body may be Google's envelope, a list of one envelope, or a proxy's HTML. The rows stand in `services`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.google.quota import too_many_requests
from providers.google.services import CHANGE_REQUEST, Case, Service
from providers.reading import Redact, items, mapping, quotation, shown, text

LARGEST_ERROR = 200_000
# Of the 4xx answers, the time-out and the cancelled call: the work may have been done.
MAYBE_RUN = (408, 499)
NOT_BILLED = "Nothing was run or billed."


@dataclass(frozen=True)
class Complaint:
    """An error answer, read: `signs` is everything that tells one case from another, `words` is fit to be shown."""

    status: int
    signs: str
    words: str
    details: tuple[Mapping[str, Any], ...]
    from_google: bool


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
    status: int, body: bytes, *, service: Service, model: str, successor: str,
    redact: Redact, seconds_to_reset: float, request_id: str = "",
) -> ProviderError:  # fmt: skip
    """The error for an answer other than HTTP 200 to a costly call.

    `seconds_to_reset` is how long until Google's day quotas open again, see `quota.seconds_to_reset`.
    """
    complaint = read_complaint(status, body, redact)
    if status == 404:
        return _not_found(complaint, service, model, successor, request_id)
    if status == 429:
        return too_many_requests(
            complaint.signs, complaint.details, complaint.words,
            service=service, seconds_to_reset=seconds_to_reset, request_id=request_id,
        )  # fmt: skip
    for case in service.cases:
        if case.status == status and re.search(case.sign, complaint.signs, re.IGNORECASE | re.DOTALL):
            return _rejected(case, complaint, service, redact, request_id)
    if 400 <= status < 500 and status not in MAYBE_RUN:
        other = Case(status, "", "capability", "Request not accepted", CHANGE_REQUEST)
        return _rejected(other, complaint, service, redact, request_id)
    return _vendor_failed(complaint, service, request_id)


def sentence(service: Service, status: int, headline: str, *rest: str) -> str:
    """The form that users know: "Gemini API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"{service.prefix} error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def _rejected(case: Case, complaint: Complaint, service: Service, redact: Redact, request_id: str) -> Rejected:
    addresses = (text(mapping(detail.get("metadata")).get("activationUrl")) for detail in complaint.details)
    activation = next((f" ({shown(found, redact)})" for found in addresses if found.startswith("https://")), "")
    return Rejected(
        case.code,
        sentence(service, complaint.status, case.headline, quotation(complaint.words, "Google"), NOT_BILLED),
        remedy=case.remedy.replace("{activation}", activation),
        request_id=request_id,
    )


def _not_found(complaint: Complaint, service: Service, model: str, successor: str, request_id: str) -> Rejected:
    """Google no longer has the model, or not for us. It sometimes names the successor itself."""
    named = re.search(r"\buse (?:models/)?(gemini-[a-z0-9][a-z0-9.-]*[a-z0-9])", complaint.signs)
    successor = successor or (named[1] if named else "")
    gone = f"Google does not offer {model} {service.whom} (any more)."
    follow = f"Its successor is {successor}." if successor else ""
    astray = "" if complaint.from_google else f"The answer is not Google's: {service.address_variable} may be wrong."
    return Rejected(
        "model_retired",
        sentence(
            service, 404, "Model not found", gone, follow, quotation(complaint.words, "Google"), astray, NOT_BILLED
        ),
        remedy=f"Choose {successor} instead of {model}." if successor else service.not_found_remedy,
        request_id=request_id,
    )


def _vendor_failed(complaint: Complaint, service: Service, request_id: str) -> ProviderError:
    quoted = quotation(complaint.words, "Google")
    is_full = re.search(service.overload, complaint.signs, re.IGNORECASE)
    if complaint.status == 503 and complaint.from_google and is_full:
        overloaded = sentence(service, 503, "The model is overloaded", quoted, NOT_BILLED)
        wait = "Wait a minute and try again, or choose another model."
        return Busy("provider_5xx", overloaded, remedy=wait, request_id=request_id)
    headlines = {504: "Deadline exceeded", 500: "Internal error", 502: "Bad gateway", 503: "Not available"}
    headline = headlines.get(complaint.status, "Unexpected answer")
    return OutcomeUnknown(
        sentence(service, complaint.status, headline, quoted, "The picture may have been made and billed."),
        code="unknown_outcome" if complaint.status < 500 else "provider_5xx",
        request_id=request_id,
    )


def unreadable(prefix: str, what: str, request_id: str = "") -> OutcomeUnknown:
    """An HTTP 200 that nobody can read: the picture may have been made."""
    return OutcomeUnknown(
        f"{prefix} answered with {what}. The picture may have been made and billed.",
        remedy="Look at the usage in Google AI Studio or Google Cloud before you repeat it; the owner settles or "
        "releases the call.",
        request_id=request_id,
    )
