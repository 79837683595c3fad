"""Google's four kinds of HTTP 429, of which only one is worth an automatic repeat.

https://ai.google.dev/gemini-api/docs/rate-limits: quotas are a project's, a day's quota opens at midnight Pacific time.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from providers.base import Busy, Limit, ProviderError, Rejected
from providers.google.reading import count
from providers.google.services import Service
from providers.reading import items, quotation, text

PACIFIC = ZoneInfo("America/Los_Angeles")
_PREPAID = re.compile(r"prepa(?:y|id)|credits? (?:are|is|were) depleted|spend(?:ing)?[ -](?:cap|limit)", re.IGNORECASE)
_LIMIT = re.compile(r"\blimit: (\d+)")
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")
_RETRY_IN = re.compile(r"retry in (\d{1,9}(?:\.\d{1,9})?)s", re.IGNORECASE)


def seconds_to_reset(now: datetime) -> float:
    """Seconds from `now` (aware) to the next midnight in Pacific time, across daylight saving."""
    tomorrow = now.astimezone(PACIFIC).date() + timedelta(days=1)
    return (datetime.combine(tomorrow, time.min, PACIFIC).astimezone(UTC) - now).total_seconds()


def too_many_requests(
    signs: str, details: Sequence[Mapping[str, Any]], words: str,
    *, service: Service, seconds_to_reset: float, request_id: str,
) -> ProviderError:  # fmt: skip
    """`Busy` for a quota of a minute or a day, `Rejected` where no waiting helps because money is missing."""
    headline = f"{service.prefix} error (HTTP 429): Rate limit exceeded."
    ending = f"{quotation(words, 'Google')} Nothing was run or billed.".lstrip()
    violations = [found for detail in details for found in items(detail.get("violations"))]
    if _PREPAID.search(signs):
        message = f"{headline} The account's credit is used up or its spend cap is reached. {ending}"
        return Rejected("billing_disabled", message, remedy=service.credit_remedy, request_id=request_id)
    if _is_without_quota(signs, violations):
        message = f"{headline} The key's project has no quota for this model, because billing is missing. {ending}"
        return Rejected("billing_disabled", message, remedy=service.billing_remedy, request_id=request_id)
    if any("PerDay" in text(violation.get("quotaId")) for violation in violations):
        message = f"{headline} The project's quota for today is used up. {ending}"
        remedy = f"Wait until midnight Pacific time, when the quota opens again; {service.quota_remedy}"
        return Busy("rate_day", message, retry_after=seconds_to_reset, remedy=remedy, request_id=request_id)
    wait = _wait_seconds(details, signs)
    pause = f"{wait:.0f} seconds" if wait is not None and wait >= 1 else "a few minutes"
    remedy = f"You are making too many requests: wait {pause} before you try again; {service.quota_remedy}"
    limit = next((found for violation in violations if (found := _limit(violation))), None)
    return Busy("rate_minute", f"{headline} {ending}", retry_after=wait, limit=limit, remedy=remedy,
                request_id=request_id)  # fmt: skip


def _limit(violation: Mapping[str, Any]) -> Limit | None:
    """A minute's quota of requests, where Google tells its value."""
    name, value = text(violation.get("quotaId")), count(violation.get("quotaValue"))
    if value and "PerMinute" in name and "Request" in name:
        return Limit(kind="requests", count=value, seconds=60, source="Google's answer")
    return None


def _is_without_quota(signs: str, violations: Sequence[Mapping[str, Any]]) -> bool:
    """A limit of 0, or the free tier, in which no image model has a quota, unless it states a number above 0."""
    stated = [count(violation.get("quotaValue")) for violation in violations]
    limits = [number for number in stated if number is not None] or [int(found) for found in _LIMIT.findall(signs)]
    if limits:
        return 0 in limits
    return any("FreeTier" in text(violation.get("quotaId")) for violation in violations)


def _wait_seconds(details: Sequence[Mapping[str, Any]], signs: str) -> float | None:
    delays = (_SECONDS.fullmatch(text(detail.get("retryDelay"))) for detail in details)
    found = next((delay for delay in delays if delay), None) or _RETRY_IN.search(signs)
    return float(found[1]) if found else None
