"""xAI's error answers as errors of ours: what happened, what was billed or that nobody knows, what to do.

The rows are those of https://docs.x.ai/developers/debugging; the words those of recorded answers. An error comes as
`{"code": "…", "error": "text"}`, as OpenAI's envelope, or (422) as plain words. The refusal of a drawn picture carries
`usage.cost_in_usd_ticks` and is charged; for some prompts xAI takes a fee of its own ("usage guidelines violation
fee", $0.05, https://docs.x.ai/docs/models). So a refusal by moderation without a cost stays open until somebody knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.base import Busy, Key, OutcomeUnknown, ProviderError, Rejected
from providers.openai_form import complaint_of
from providers.reading import Redact, mapping, quotation, redactor, shown
from providers.xai import costs

KEYS_PAGE = "https://console.x.ai/team/default/api-keys"
BILLING_PAGE = "https://console.x.ai/team/default/billing"
USAGE_PAGE = "https://console.x.ai/team/default/usage"
# Of the 4xx answers, those that do not prove that nothing ran: time-out, conflict, a client that left.
MAYBE_RUN = (408, 409, 499)
NOT_BILLED = "Nothing was run or billed."
LARGEST_ERROR = 200_000
LONGEST_WAIT = 86_400.0

CHECK_KEY = f"Check that XAI_API_KEY holds the whole key and that it was not disabled; make a new one at {KEYS_PAGE}."
CHECK_RIGHTS = (
    f"Give the key the endpoint for images and the model at {KEYS_PAGE}, or ask the team's administrator whether key "
    "or team is blocked."
)
ADD_CREDIT = f"Add credit or raise the monthly spending limit at {BILLING_PAGE}."
CHANGE_REQUEST = "Change what xAI names, or choose a model that has it; if you did not ask for it, tell the owner."
CHANGE_PROMPT = "Change the prompt or the pictures; the same wish may be withheld, and charged, again."
LOOK_AT_USAGE = f"Change the prompt. Whether it was charged stands at {USAGE_PAGE}; the owner settles or releases it."
SLOW_DOWN = "Wait a moment before you try again; the limits of the key's team stand at https://console.x.ai."

_ANY_KEY = re.compile(r"\bxai-[0-9A-Za-z_*.-]{8,}")
_MODERATED = re.compile(r"moderation|usage guidelines|safety_check|content policy", re.IGNORECASE)
_DRAWN = re.compile(r"generated|output", re.IGNORECASE)
_GONE = re.compile(r"\bmodel\b.{0,80}\b(?:does not exist|not found|deprecated|retired)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """An error answer, read. `words` is fit to be shown; `ticks` is the cost that it names all the same."""

    status: int
    signs: str
    words: str
    is_known_form: bool
    ticks: int | None = None


@dataclass(frozen=True)
class Case:
    """A row: when status and a sign match, this code, headline and remedy."""

    statuses: tuple[int, ...]
    sign: str
    code: str
    headline: str
    remedy: str


CASES = (
    # The pages have a wrong key as 400, a missing one as 401.
    Case((400, 401, 403), "api key provided|invalid api key", "key_invalid", "API credentials are invalid", CHECK_KEY),
    Case((401,), "", "key_invalid", "API credentials are invalid", CHECK_KEY),
    Case((402,), "", "billing_disabled", "Payment required", ADD_CREDIT),
    Case((403, 429), "credits|spending limit", "billing_disabled",
         "The team's credit is used up or its spending limit is reached", ADD_CREDIT),
    Case((403,), "", "permission_region", "Permission denied", CHECK_RIGHTS),
    Case((413,), "", "capability", "Request too large", "Use fewer or smaller reference pictures."),
)  # fmt: skip


def redactor_of(key: Key) -> Redact:
    """A function that takes every key out of a text: the one in use, and whatever else looks like one of xAI's."""
    usual = redactor(key)
    return lambda words: _ANY_KEY.sub("[key]", usual(words))


def read_complaint(status: int, body: bytes, redact: Redact) -> Complaint:
    """An error body of any kind: both of xAI's forms, plain words or a proxy's page. Never raises."""
    try:
        document: Any = orjson.loads(body)
    except ValueError:
        page = body[:LARGEST_ERROR].decode("utf-8", "replace")
        words = "" if "<" in page[:200] else page
        return Complaint(status=status, signs=words, words=shown(words, redact), is_known_form=bool(words.strip()))
    return complaint_in(status, document, redact)


def complaint_in(status: int, document: Any, redact: Redact) -> Complaint:
    """The error in a decoded answer."""
    read = complaint_of(status, document, redact)
    return Complaint(
        status=status, signs=read.signs, words=read.words, is_known_form="error" in mapping(document),
        ticks=costs.reported_ticks(document),
    )  # fmt: skip


def http_error(
    complaint: Complaint, *, model: str, headers: Mapping[str, str], request_id: str = ""
) -> ProviderError:  # fmt: skip
    """The error for an answer other than HTTP 200 to a costly call."""
    status = complaint.status
    if not 400 <= status < 500 or status in MAYBE_RUN:
        return _vendor_failed(complaint, request_id)
    if _MODERATED.search(complaint.signs) and status != 429:
        return _refused(complaint, request_id)
    if status in (400, 404) and _GONE.search(complaint.signs):
        return _not_found(complaint, model, request_id)
    for case in CASES:
        if status in case.statuses and re.search(case.sign, complaint.signs, re.IGNORECASE):
            return _rejected(case, complaint, request_id)
    if status == 429:
        message = sentence(429, "Rate limit exceeded", quotation(complaint.words, "xAI"), NOT_BILLED)
        return Busy("rate_minute", message, retry_after=_wait(headers), remedy=SLOW_DOWN, request_id=request_id)
    return _rejected(Case((), "", "capability", "Request not accepted", CHANGE_REQUEST), complaint, request_id)


def moderated(code: str, what: str, quoted: str, ticks: int | None, request_id: str) -> ProviderError:
    """A refusal by moderation: settled at the cost that it names, given back when that is nothing, else unknown."""
    start = " ".join(part for part in (what, quoted) if part)
    if ticks is None:
        message = f"{start} xAI does not say whether it charges for that."
        return OutcomeUnknown(message, code=code, remedy=LOOK_AT_USAGE, request_id=request_id)
    if ticks == 0:
        message, billed = f"{start} It was not billed.", None
    else:
        billed = costs.cost_of_ticks(ticks)
        message = f"{start} xAI charges {billed.amount} {billed.currency} for it all the same."
    return Rejected(code, message, remedy=CHANGE_PROMPT, billed=billed, request_id=request_id)


def in_answer(complaint: Complaint, request_id: str) -> ProviderError:
    """An error inside an HTTP 200: the work may have been done."""
    if _MODERATED.search(complaint.signs):
        return _refused(complaint, request_id)
    message = sentence(complaint.status, "The answer is an error", quotation(complaint.words, "xAI"),
                       "The picture may have been made and billed.")  # fmt: skip
    return OutcomeUnknown(message, code="provider_5xx", request_id=request_id)


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know: "xAI API error (HTTP 429): Rate limit exceeded. …"."""
    return " ".join((f"xAI API error (HTTP {status}): {headline}.", *(part for part in rest if part)))


def _refused(complaint: Complaint, request_id: str) -> ProviderError:
    was_drawn = _DRAWN.search(complaint.signs) is not None
    headline = "The picture was withheld by moderation" if was_drawn else "The wish was refused by moderation"
    return moderated(
        "refused_output" if was_drawn else "refused_prompt", sentence(complaint.status, headline),
        quotation(complaint.words, "xAI"), complaint.ticks, request_id,
    )  # fmt: skip


def _not_found(complaint: Complaint, model: str, request_id: str) -> Rejected:
    message = sentence(complaint.status, "Model not found", f"xAI does not offer {model} to this key (any more).",
                       quotation(complaint.words, "xAI"), NOT_BILLED)  # fmt: skip
    return Rejected("model_retired", message, remedy="Choose another model.", request_id=request_id)


def _rejected(case: Case, complaint: Complaint, request_id: str) -> Rejected:
    # xAI's sentence about a wrong key repeats it, in part: that helps nobody here.
    quoted = "" if case.code == "key_invalid" else quotation(complaint.words, "xAI")
    astray = "" if complaint.is_known_form else "The answer is not xAI's: XAI_BASE_URL may be wrong."
    billed = costs.cost_of_ticks(complaint.ticks) if complaint.ticks else None
    money = f"xAI charges {billed.amount} {billed.currency} for it all the same." if billed else NOT_BILLED
    message = sentence(complaint.status, case.headline, quoted, astray, money)
    return Rejected(case.code, message, remedy=case.remedy, billed=billed, request_id=request_id)


def _vendor_failed(complaint: Complaint, request_id: str) -> OutcomeUnknown:
    headlines = {500: "Internal error", 502: "Bad gateway", 503: "Not available", 504: "Time-out", 524: "Time-out"}
    message = sentence(complaint.status, headlines.get(complaint.status, "Unexpected answer"),
                       quotation(complaint.words, "xAI"), "The picture may have been made and billed.")  # fmt: skip
    code = "provider_5xx" if complaint.status >= 500 else "unknown_outcome"
    return OutcomeUnknown(message, code=code, request_id=request_id)


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds by `retry-after`; None without a readable number."""
    value = headers.get("retry-after", "").strip()
    return min(float(value), LONGEST_WAIT) if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", value) else None
