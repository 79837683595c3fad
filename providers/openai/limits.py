"""OpenAI's kinds of HTTP 429: missing money, which no waiting mends, and limits a minute or a day.

https://help.openai.com/en/articles/6614457 and https://developers.openai.com/api/docs/guides/rate-limits
"""

import re
from collections.abc import Mapping

from providers.base import Busy, ProviderError, Rejected
from providers.openai_form import Complaint
from providers.reading import quotation

HEADLINE = "OpenAI API error (HTTP 429):"
BILLING_CODES = (
    "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached",
)  # fmt: skip
MORE_LIMIT = "raise the organisation's tier (https://developers.openai.com/api/docs/guides/rate-limits)."
LONGEST_WAIT = 7 * 86_400.0
_A_DAY = re.compile(r"per day|\b[RTI]PD\b", re.IGNORECASE)
# Such as "Please try again in 12s", "in 6m0s" or "in 350ms".
_AGAIN_IN = re.compile(r"try again in ((?:[\d.]{1,12}(?:ms|[dhms])){1,6})")
_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ms|[dhms])")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def wait_of_headers(headers: Mapping[str, str]) -> float | None:
    """Seconds by `retry-after-ms` or `retry-after`; None without a readable number."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", value):
            return min(float(value) * unit, LONGEST_WAIT)
    return None


def wait_of_words(words: str) -> float | None:
    """Seconds by OpenAI's sentence, None when it names none."""
    found = _AGAIN_IN.search(words)
    if found is None:
        return None
    return min(sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(found[1])), LONGEST_WAIT)


def lacks_money(complaint: Complaint) -> bool:
    """Whether money is missing, which no waiting mends."""
    return complaint.kind == "insufficient_quota" or complaint.code in BILLING_CODES


def too_many_requests(
    complaint: Complaint, *, retry_after: float | None, remedy: str, request_id: str
) -> ProviderError:  # fmt: skip
    """`Rejected` when money is missing, which `remedy` mends, else `Busy` for a limit of a minute or a day."""
    ending = f"{quotation(complaint.words, 'OpenAI')} Nothing was run or billed.".lstrip()
    if lacks_money(complaint):
        message = f"{HEADLINE} The account's credit is used up or its spend limit is reached. {ending}"
        return Rejected("billing_disabled", message, remedy=remedy, request_id=request_id)
    wait = retry_after if retry_after is not None else wait_of_words(complaint.message)
    if _A_DAY.search(complaint.message):
        message = f"{HEADLINE} Rate limit exceeded. The limit for today is used up. {ending}"
        advice = f"Wait until the day's limit opens again; or {MORE_LIMIT}"
        return Busy("rate_day", message, retry_after=wait, remedy=advice, request_id=request_id)
    pause = f"{wait:.0f} seconds" if wait is not None and wait >= 1 else "a few minutes"
    advice = f"You are making too many requests: wait {pause} before you try again; or {MORE_LIMIT}"
    return Busy("rate_minute", f"{HEADLINE} Rate limit exceeded. {ending}", retry_after=wait, remedy=advice,
                request_id=request_id)  # fmt: skip
