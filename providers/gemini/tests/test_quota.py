"""Google's four kinds of 429, of which only the quota of a minute is worth waiting for."""

import json
from datetime import UTC, datetime

import pytest

from providers.base import Busy, Rejected
from providers.gemini.client import Gemini
from providers.gemini.tests.answers import NEWEST, error_body, quota_failure, retry_info
from providers.google.errors import http_error
from providers.google.quota import seconds_to_reset

MINUTE = "GenerateRequestsPerMinutePerProjectPerModel"
DAY = "GenerateRequestsPerDayPerProjectPerModel"
TOKENS = "GenerateContentInputTokensPerModelPerMinute"
QUOTA = "You exceeded your current quota, please check your plan and billing details."


def too_many(message=QUOTA, *details):
    body = json.dumps(error_body(429, "RESOURCE_EXHAUSTED", message, *details)).encode()
    return http_error(
        429, body, model=NEWEST, successor="", service=Gemini.gemini_api, redact=str, seconds_to_reset=3600.0
    )


@pytest.mark.parametrize("quota_id", [MINUTE, TOKENS])
@pytest.mark.parametrize(("delay", "seconds"), [("16s", 16.0), ("16.34s", 16.34), ("0.5s", 0.5)])
def test_the_quota_of_a_minute_waits_as_long_as_google_says(quota_id, delay, seconds):
    busy = too_many(QUOTA, quota_failure(quota_id, "10"), retry_info(delay))
    assert type(busy) is Busy
    assert (busy.code, busy.retry_after) == ("rate_minute", seconds)


def test_rate_limit_tells_users_to_wait_and_where_to_look():
    busy = too_many(QUOTA, quota_failure(MINUTE, "10"), retry_info("16.34s"))
    assert busy.message.startswith("Gemini API error (HTTP 429): Rate limit exceeded. Google says: ")
    assert busy.message.endswith("Nothing was run or billed.")
    for advice in ("too many requests", "wait 16 seconds", "check your quota in Google AI Studio", "higher quota tier"):
        assert advice in busy.remedy


def test_the_wait_is_read_from_the_words_where_there_is_no_retry_info():
    assert too_many(f"{QUOTA}\nPlease retry in 16.34s.").retry_after == 16.34


@pytest.mark.parametrize("delay", ["", "soon", "-3s", "1e9s", "nans", "infs", "16", None, {"seconds": 16}])
def test_an_odd_delay_is_no_delay(delay):
    busy = too_many(QUOTA, quota_failure(MINUTE), retry_info(delay))
    assert (busy.code, busy.retry_after) == ("rate_minute", None)
    assert "wait a few minutes" in busy.remedy


def test_the_quota_of_a_day_waits_for_the_reset_whatever_the_delay_says():
    busy = too_many(QUOTA, quota_failure(MINUTE, "10"), quota_failure(DAY, "70"), retry_info("16s"))
    assert type(busy) is Busy
    assert (busy.code, busy.retry_after) == ("rate_day", 3600.0)
    assert busy.message.startswith("Gemini API error (HTTP 429): Rate limit exceeded. The project's quota for today")
    assert "midnight Pacific time" in busy.remedy


@pytest.mark.parametrize(
    ("message", "details"),
    [
        (QUOTA, (quota_failure(f"{DAY}-FreeTier", "0"), retry_info("16s"))),
        (QUOTA, (quota_failure(f"{MINUTE}-FreeTier"), retry_info("16s"))),
        (QUOTA, (quota_failure(MINUTE, "0"),)),
        (f"{QUOTA}\n* Quota exceeded for metric: x, limit: 0, model: y\nPlease retry in 16.34s.", ()),
    ],
)
def test_a_quota_of_nothing_means_that_billing_is_missing(message, details):
    rejected = too_many(message, *details)
    assert type(rejected) is Rejected
    assert (rejected.code, rejected.billed) == ("billing_disabled", {})
    assert "billing is missing" in rejected.message
    assert "switch on billing" in rejected.remedy


def test_a_free_tier_with_a_number_above_zero_is_an_ordinary_quota():
    assert too_many(QUOTA, quota_failure(f"{MINUTE}-FreeTier", "10")).code == "rate_minute"
    assert too_many(QUOTA, quota_failure(f"{DAY}-FreeTier", "10")).code == "rate_day"


@pytest.mark.parametrize(
    "message",
    [
        "Your prepayment credits are depleted. Please go to AI Studio.",
        "Your project has exceeded its monthly spending cap.",
        "The account has reached its spend limit.",
    ],
)
def test_missing_credit_or_a_spend_cap_is_never_repeated(message):
    rejected = too_many(message, retry_info("16s"))
    assert type(rejected) is Rejected
    assert rejected.code == "billing_disabled"
    assert "Add credit or raise the spend cap" in rejected.remedy


def test_a_429_without_any_detail_is_taken_for_the_quota_of_a_minute():
    busy = http_error(
        429, b"<html>", model=NEWEST, successor="", service=Gemini.gemini_api, redact=str, seconds_to_reset=1.0
    )
    assert (busy.code, busy.retry_after) == ("rate_minute", None)
    assert busy.message == "Gemini API error (HTTP 429): Rate limit exceeded. Nothing was run or billed."


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 22, 8, 0, tzinfo=UTC), 24),
        (datetime(2026, 11, 22, 7, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 8, 9, 0, tzinfo=UTC), 22),
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), 25),
    ],
)
def test_the_day_opens_again_at_midnight_in_the_pacific_zone_across_daylight_saving(now, hours):
    assert seconds_to_reset(now) == hours * 3600
