"""Recraft's error answers: plain words or JSON, what was billed, and what to do."""

import pytest

from providers.base import Busy, OutcomeUnknown, Rejected
from providers.recraft.tests.wishes import CANARY, KEY, Platform, complaint, wish


def told(status, body, kind, **headers):
    with pytest.raises(kind) as raised:
        Platform(status, body, headers=headers).vendor.start(wish(), KEY)
    return raised.value


def test_plain_words_are_quoted_and_nothing_was_billed():
    error = told(401, "request unauthorized", Rejected)
    assert error.message == (
        "Recraft API error (HTTP 401): API credentials are invalid. Recraft says: “request unauthorized”. "
        "Nothing was run or billed."
    )
    assert "RECRAFT_API_TOKEN" in error.remedy


def test_a_pages_html_is_not_shown():
    error = told(502, "<html><title>502</title></html>", OutcomeUnknown)
    assert error.message == "Recraft API error (HTTP 502): Recraft failed. The picture may have been made and billed."


def test_a_key_in_the_vendors_words_is_taken_out():
    error = told(400, complaint("bad_request", f"token {CANARY} is odd"), Rejected)
    assert CANARY not in error.message
    assert "[key]" in error.message


@pytest.mark.parametrize(
    ("header", "seconds"), [({}, 5.0), ({"retry-after": "2"}, 2.0), ({"retry-after": "soon"}, 5.0)]
)
def test_too_many_calls_wait_as_told_or_five_seconds(header, seconds):
    error = told(429, complaint("rate_limit_exceeded", "slow down"), Busy, **header)
    assert (error.code, error.retry_after) == ("rate_minute", seconds)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, complaint("not_enough_credits", "Buy more.")), (403, complaint("", "Not enough API units.")),
        (429, complaint("", "insufficient balance")),
    ],
)  # fmt: skip
def test_units_that_are_used_up_are_said_whatever_the_status(status, body):
    error = told(status, body, Rejected)
    assert (error.code, error.billed) == ("billing_disabled", {})


@pytest.mark.parametrize(
    "words", ["content moderation", "The image is NSFW.", "violates the safety rules", "blocked by our content policy"]
)
def test_a_filters_refusal_may_have_been_billed(words):
    error = told(400, complaint("rejected", words), OutcomeUnknown)
    assert error.code == "refused_output"
    assert "does not say whether that is free" in error.message


@pytest.mark.parametrize("status", [201, 204, 408, 499, 500, 503])
def test_what_may_have_run_is_unknown(status):
    assert told(status, "", OutcomeUnknown).request_id == ""
    error = told(status, "", OutcomeUnknown, **{"x-recraft-requestid": "req-7"})
    assert error.request_id == "req-7"


def test_an_address_that_leads_elsewhere_is_the_owners_business():
    error = told(301, "", Rejected)
    assert (error.code, "RECRAFT_BASE_URL" in error.remedy) == ("capability", True)


def test_words_about_units_of_something_else_are_no_lack_of_money():
    error = told(400, complaint("bad_request", "unknown field: unit"), Rejected)
    assert error.code == "capability"


def test_a_model_that_is_gone_names_itself():
    error = told(400, complaint("unsupported_model", "no such thing"), Rejected)
    assert (error.code, "recraftv4_1" in error.message) == ("model_retired", True)
