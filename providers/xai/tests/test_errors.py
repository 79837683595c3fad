"""Both forms of xAI's errors, plain words and pages; what moderation costs; no key in any text."""

import pytest

from providers.base import Busy, OutcomeUnknown, Rejected, ReportedCost
from providers.xai import errors
from providers.xai.tests.answers import CANARY, KEY, NEWEST, WITHHELD, Recorded

pytestmark = pytest.mark.sqlite_only

WRONG = "Incorrect API key provided: xa***ef."


def error(status, document, **headers):
    with pytest.raises((Rejected, Busy, OutcomeUnknown)) as raised:
        Recorded(status, document, headers=headers).start()
    return raised.value


@pytest.mark.parametrize(
    "document",
    [
        {"code": "Client specified an invalid argument", "error": WRONG},
        {"error": {"message": WRONG, "type": "invalid_request_error", "code": "invalid_api_key"}},
    ],
)
def test_both_forms_of_an_error_are_read(document):
    told = error(400, document)
    assert (told.code, "xa***ef" in told.message) == ("key_invalid", False)
    assert told.message.startswith("xAI API error (HTTP 400): API credentials are invalid.")
    assert "XAI_API_KEY" in told.remedy


@pytest.mark.parametrize("usage", [{}, {"usage": {"cost_in_usd_ticks": 200_000_000}}])
@pytest.mark.parametrize("form", ["short", "envelope"])
def test_i7_a_withheld_picture_is_settled_at_the_cost_that_the_refusal_names(form, usage):
    words = "Generated image rejected by content moderation."
    document = {"code": "x", "error": words} if form == "short" else {"error": {"message": words, "code": "x"}}
    told = error(400, document | usage)
    assert told.code == "refused_output"
    if usage:
        assert (type(told), told.billed) == (Rejected, ReportedCost("0.020000", "USD"))
        assert "charges 0.020000 USD" in told.message
    else:
        assert isinstance(told, OutcomeUnknown)
        assert "does not say" in told.message


def test_i7_any_refusal_that_names_a_cost_is_charged():
    told = error(422, {"code": "x", "error": "No.", "usage": {"cost_in_usd_ticks": 500_000_000}})
    assert (told.code, told.billed) == ("capability", ReportedCost("0.050000", "USD"))
    assert "Nothing was run" not in told.message


def test_a_limit_says_how_long_to_wait():
    told = error(429, {"code": "x", "error": "Too many requests."}, **{"retry-after": "12"})
    assert (type(told), told.code, told.retry_after) == (Busy, "rate_minute", 12.0)
    assert error(429, {"code": "x", "error": "Too many requests."}, **{"retry-after": "soon"}).retry_after is None


def test_a_page_of_somebody_else_says_so_and_is_not_quoted():
    with pytest.raises(Rejected, match="XAI_BASE_URL may be wrong") as raised:
        Recorded(404, content=b"<html>nginx</html>").start()
    assert (raised.value.code, "nginx" in raised.value.message) == ("capability", False)


@pytest.mark.parametrize("status", [201, 202, 302, 408, 409, 499, 500, 502, 503, 504, 524])
def test_what_does_not_prove_that_nothing_ran_is_unknown(status):
    assert isinstance(error(status, {"code": "x", "error": "Something."}), OutcomeUnknown)


def test_an_error_inside_a_success_is_unknown_unless_it_names_its_cost():
    assert isinstance(error(200, {"code": "x", "error": "Failed."}), OutcomeUnknown)
    told = error(200, {"code": "x", "error": "Output moderation.", "usage": {"cost_in_usd_ticks": 100}})
    assert (told.code, told.billed) == ("refused_output", ReportedCost("0.000001", "USD"))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 429, 500])
def test_no_key_is_in_any_sentence(status):
    other = "xai-another_key-9876543210"
    for document in (
        {"code": CANARY, "error": f"Bad {CANARY} and {other}."},
        {"error": {"message": f"moderation of {CANARY} {other}", "code": other}},
        {"data": [WITHHELD], "block_reason": f"{CANARY} {other}"},
    ):
        told = error(status, document)
        assert CANARY not in f"{told!r} {told.remedy}"
        assert other not in f"{told!r} {told.remedy}"


def test_an_unknown_model_is_retired_in_either_form():
    document = {"code": "Some requested entity was not found", "error": f"The model {NEWEST} does not exist or so."}
    assert error(404, document).code == "model_retired"
    assert error(400, document).code == "model_retired"


def test_an_empty_body_is_read_as_nothing():
    complaint = errors.read_complaint(400, b"", errors.redactor_of(KEY))
    assert (complaint.words, complaint.is_known_form, complaint.ticks) == ("", False, None)
