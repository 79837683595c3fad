"""Firefly's error answers and failed jobs as errors of ours: what happened, was it billed, what to do.

Rows: the error codes of the OpenAPI document in https://www.npmjs.com/package/@adobe/firefly-apis (2.0.1), and the
answers of Adobe's gateway before it. A submission that is refused made no job and is not billed. What a job counts for
that Adobe took and that brought no picture stands on no page: a filtered or cancelled one is booked as if it counted.
"""

from dataclasses import dataclass
from typing import Any

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.firefly.ims import CHECK_KEY, CHECK_PROFILE
from providers.reading import Redact, items, mapping, pause_of, quotation, seconds_to_wait, shown, text

NOT_BILLED = "Nothing was run or billed."
USAGE = "Look at the usage in Adobe's admin console; the owner settles or releases the call."
CHANGE = "Change what Adobe names, or choose another Firefly model; if you did not ask for it, tell the owner."
# Longer waits than this are about a day's limit.
LONGEST_MINUTE_WAIT = 600.0
# Seconds before a wish goes out again whose token Adobe did not take.
TOKEN_PAUSE = 3.0


@dataclass(frozen=True)
class Case:
    """What an error code, or a status without one, means: the hub's code, a headline and a remedy."""

    code: str
    headline: str
    remedy: str = ""


FILTERS = {
    "prompt_unsafe": Case("refused_prompt", "The prompt was refused by Adobe's content filter"),
    "input_media_unsafe": Case(
        "refused_prompt", "A reference picture was refused by Adobe's content filter", "Use another reference picture."
    ),
    "output_media_unsafe": Case("refused_output", "The picture was withheld by Adobe's content filter"),
}  # fmt: skip
BY_CODE = FILTERS | {
    "validation_error": Case("capability", "Request not accepted", CHANGE),
    "bad_request": Case("capability", "Request not accepted", CHANGE),
    "invalid_content_type": Case("capability", "Type of content not accepted", CHANGE),
    "language_not_supported": Case(
        "capability", "The prompt's language is not supported", "Write the prompt in English or another language."
    ),
    "not_implemented": Case("capability", "Not implemented", CHANGE),
    "access_error": Case("permission_region", "Permission denied", CHECK_PROFILE),
}  # fmt: skip
BY_STATUS = {
    400: BY_CODE["bad_request"],
    401: Case("key_invalid", "API credentials are invalid, the token was not accepted", CHECK_KEY),
    403: BY_CODE["access_error"],
    404: Case("model_retired", "Adobe does not offer this (any more)", "Choose another Firefly model."),
    413: Case("capability", "Request too large", "Use a smaller reference picture."),
    415: BY_CODE["invalid_content_type"],
    422: BY_CODE["validation_error"],
    451: Case("refused_prompt", "Refused for legal reasons"),
    501: BY_CODE["not_implemented"],
}  # fmt: skip


def read_error(document: Any) -> tuple[str, str]:
    """Error code and words of an answer's body, each possibly empty."""
    error = mapping(document)
    faults = items(error.get("validation_errors"))
    places = (".".join(str(part) for part in fault.get("loc") or () if part != "body") for fault in faults)
    found = [f"{place}: {text(fault.get('msg'))}" for place, fault in zip(places, faults, strict=True)]
    words = "; ".join((*filter(None, [text(error.get("message"))]), *found))
    return text(error.get("error_code")), words


def http_error(
    status: int, document: Any, redact: Redact, *, retry_after: str | None = None, request_id: str = ""
) -> ProviderError:  # fmt: skip
    """The error for an answer other than success to a costly submission."""
    code, words = read_error(document)
    said = quotation(shown(words or code, redact), "Adobe")
    if status == 429:
        return _too_many(f"{said} {NOT_BILLED}".strip(), retry_after, request_id)
    if status == 503 and code == "model_not_loaded":
        message = sentence(503, "The model is not loaded at the moment", said, NOT_BILLED)
        return Busy("provider_5xx", message, remedy="Try again in a minute.", request_id=request_id)
    if (status >= 500 and code != "not_implemented" and status != 501) or status in (408, 499):
        headline = {408: "Timed out", 500: "Internal error"}.get(status, "Not available")
        return OutcomeUnknown(
            sentence(status, headline, said, "The picture may have been made and billed."),
            code="provider_5xx" if status >= 500 else "unknown_outcome", remedy=USAGE, request_id=request_id,
        )  # fmt: skip
    case = BY_CODE.get(code) if status in (400, 422) else None
    case = case or BY_STATUS.get(status) or BY_CODE["bad_request"]
    return Rejected(
        case.code, sentence(status, case.headline, said, NOT_BILLED), remedy=case.remedy, request_id=request_id
    )


def stale_token(document: Any, redact: Redact, request_id: str) -> Busy:
    """A submission whose kept token Adobe did not take: nothing ran, and the next attempt fetches another one."""
    code, words = read_error(document)
    said = quotation(shown(words or code, redact), "Adobe")
    message = sentence(401, "The access token had ended", said, NOT_BILLED, "The next try brings a new token.")
    remedy = "Try again: a new token is fetched."
    return Busy("provider_5xx", message, retry_after=TOKEN_PAUSE, remedy=remedy, request_id=request_id)


def _too_many(said: str, retry_after: str | None, request_id: str) -> Busy:
    """By default 4 requests a minute and 9,000 a day for the whole organisation, questions about jobs included."""
    wait = float(retry_after) if retry_after and retry_after.isdigit() else None
    is_day = wait is not None and wait > LONGEST_MINUTE_WAIT
    return Busy(
        "rate_day" if is_day else "rate_minute",
        sentence(429, "Rate limit exceeded", said),
        retry_after=wait if is_day else pause_of(retry_after, 15.0),
        request_id=request_id,
    )


def read_failure(status: int, document: Any, redact: Redact, *, retry_after: str | None = None) -> ProviderError:
    """The error for an answer other than success to a question about a job that Adobe took."""
    code, words = read_error(document)
    said = quotation(shown(words or code, redact), "Adobe")
    if status == 429:
        return _too_many(f"{said} The job is asked for again.".strip(), retry_after, "")
    if status >= 500 or status in (408, 499):
        message = sentence(status, "Adobe cannot say how the job stands", said, "It is asked again.")
        return Busy("provider_5xx", message, retry_after=seconds_to_wait(retry_after, 15.0))
    if status in (401, 403):
        case = BY_STATUS[status]
        message = sentence(status, case.headline, said, "Adobe has the job and does not tell of it.")
        return Rejected(case.code, message, remedy=case.remedy)
    message = sentence(status, "Adobe does not tell of the job (any more)", said, "It may have been made and billed.")
    return OutcomeUnknown(message, remedy=USAGE)


def failed_job(document: dict[str, Any], pictures: int, redact: Redact, request_id: str) -> ProviderError:
    """The error for a job that ended as failed; its code stands in the job itself or one level deeper."""
    places = (document, *(mapping(document.get(name)) for name in ("error", "result")), *items(document.get("errors")))
    code, words = next((found for found in map(read_error, places) if found[0]), read_error(document))
    said = quotation(shown(words or code, redact), "Adobe")
    counted = "Whether Adobe counts it is not documented; it is booked as counted."
    if code in FILTERS:
        case = FILTERS[code]
        return Rejected(
            case.code, f"Firefly API: {case.headline}. {said} {counted}".replace("  ", " "),
            remedy=case.remedy, request_id=request_id, billed={"image": pictures},
        )  # fmt: skip
    if code in BY_CODE:
        case = BY_CODE[code]
        message = f"Firefly API: {case.headline}. {said} {NOT_BILLED}".replace("  ", " ")
        return Rejected(case.code, message, remedy=case.remedy, request_id=request_id)
    message = f"Firefly API: The job failed. {said} Whether Adobe counts it is not documented.".replace("  ", " ")
    return OutcomeUnknown(message, code="provider_5xx", remedy=USAGE, request_id=request_id)


def cancelled_job(pictures: int, request_id: str) -> Rejected:
    message = "Firefly API: The job was cancelled. Whether Adobe counts it is not documented; it is booked as counted."
    return Rejected("cancelled_after_send", message, request_id=request_id, billed={"image": pictures})


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "Firefly API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"Firefly API error (HTTP {status}): {headline}.", *(part for part in rest if part)))
