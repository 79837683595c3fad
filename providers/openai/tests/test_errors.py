"""Every documented error has its class, code and remedy, in the words that users know; no key is in any of them."""

import orjson
import pytest

from providers.base import Busy, OutcomeUnknown, Rejected
from providers.openai import errors, limits
from providers.openai.tests.answers import CANARY, KEY, error_body
from providers.openai.tests.documented import ERRORS
from providers.openai_form import complaint_of, read_complaint, redactor

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}
REDACT = redactor(KEY)


def error_of(status, body, *, headers=None, successor="", is_past=False):
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    return errors.http_error(
        read_complaint(status, raw, REDACT), model="gpt-image-1", successor=successor, is_past=is_past,
        retry_after=limits.wait_of_headers(headers or {}), request_id="req_1",
    )  # fmt: skip


@pytest.mark.parametrize("documented", ERRORS, ids=lambda documented: documented.name)
def test_each_documented_error_has_its_class_and_code(documented):
    error = error_of(documented.status, documented.body, headers=documented.headers)
    assert type(error) is CLASSES[documented.ends]
    assert error.code == documented.code
    assert error.message.startswith(f"OpenAI API error (HTTP {documented.status}): ")
    assert error.remedy
    assert (error.request_id, error.billed) == ("req_1", {})
    ending = {"rejected": "Nothing was run or billed.", "busy": "Nothing was run or billed."}.get(documented.ends, "")
    assert error.message.endswith(ending)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 503])
def test_the_key_is_in_no_error(status):
    error = error_of(status, error_body(f"Wrong: {CANARY} and sk-proj-other******wxyz", code="x"))
    shown = f"{error} {error.remedy} {error!r}"
    assert CANARY not in shown
    assert "sk-proj" not in shown


def test_a_refused_key_is_not_quoted():
    error = error_of(401, error_body("Incorrect API key provided: my-secret.", code="invalid_api_key"))
    assert "my-secret" not in error.message
    assert error.message == "OpenAI API error (HTTP 401): API credentials are invalid. Nothing was run or billed."
    assert "https://platform.openai.com/api-keys" in error.remedy


def test_a_retired_model_names_its_successor():
    body = error_body("The model 'gpt-image-1' does not exist", code="model_not_found", param="model")
    error = error_of(404, body, successor="gpt-image-2.5-sunburst")
    assert "OpenAI does not offer gpt-image-1 to this key (any more). Its successor is gpt-image-2.5" in error.message
    assert error.remedy == "Choose gpt-image-2.5-sunburst instead of gpt-image-1."


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_model_past_its_date_is_retired_whatever_the_status(status):
    body = error_body("Project `p` does not have access to model `gpt-image-1`", code="model_not_found")
    assert error_of(status, body, is_past=True).code == "model_retired"


def test_a_404_of_something_else_is_no_retired_model():
    error = error_of(404, "<html>nothing here</html>")
    assert error.code == "capability"
    assert "OPENAI_BASE_URL may be wrong" in error.message


@pytest.mark.parametrize(
    ("headers", "message", "wait"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, "", 1.5),
        ({"retry-after": "9"}, "try again in 12s", 9.0),
        ({"retry-after": "soon"}, "Please try again in 12s.", 12.0),
        ({}, "Please try again in 6m0s.", 360.0),
        ({}, "Please try again in 1h2m3.5s.", 3723.5),
        ({}, "Please try again in 350ms.", 0.35),
        ({}, "Please wait.", None),
        ({"retry-after": "999999999"}, "", limits.LONGEST_WAIT),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(headers, message, wait):
    error = error_of(429, error_body(message or "Rate limit.", code="rate_limit_exceeded"), headers=headers)
    assert isinstance(error, Busy)
    assert error.retry_after == wait if wait is None else error.retry_after == pytest.approx(wait)


def test_missing_money_is_never_repeated_even_with_a_time_to_wait():
    body = error_body("You exceeded your current quota.", kind="insufficient_quota", code="something_new")
    error = error_of(429, body, headers={"retry-after": "1"})
    assert isinstance(error, Rejected)
    assert error.code == "billing_disabled"
    assert "https://platform.openai.com/settings/organization/billing" in error.remedy


@pytest.mark.parametrize("status", [408, 409, 499, 500, 502, 504, 520, 599])
def test_what_does_not_prove_that_nothing_ran_is_unknown(status):
    error = error_of(status, error_body("No."))
    assert isinstance(error, OutcomeUnknown)
    assert error.message.endswith("The picture may have been made and billed.")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "plain words"}, "plain words"),
        ({"detail": [{"msg": "field required"}]}, "field required"),
        ({"message": "a gateway's words"}, "a gateway's words"),
        ("upstream said no", "upstream said no"),
        ([], ""),
        ("", ""),
    ],
)
def test_bodies_of_other_forms_are_read_too(body, words):
    error = error_of(400, body)
    assert error.code == "capability"
    assert words in error.message


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ({"code": "moderation_blocked", "moderation_details": {"moderation_stage": "input"}}, Rejected,
         "refused_prompt"),
        ({"code": "moderation_blocked", "moderation_details": {"moderation_stage": "output"}}, OutcomeUnknown,
         "refused_output"),
        ({"code": "moderation_blocked"}, OutcomeUnknown, "refused_output"),
        ({"type": "server_error", "message": "oh"}, OutcomeUnknown, "provider_5xx"),
        ({"type": "insufficient_quota", "code": "insufficient_quota"}, OutcomeUnknown, "provider_5xx"),
        ({"code": "rate_limit_exceeded"}, OutcomeUnknown, "provider_5xx"),
    ],
)  # fmt: skip
def test_an_error_in_the_stream_comes_after_the_work_began(error, kind, code):
    raised = errors.stream_error(complaint_of(200, {"type": "error", "error": error}, REDACT), "req_2")
    assert type(raised) is kind
    assert (raised.code, raised.request_id) == (code, "req_2")
