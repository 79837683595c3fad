"""Every error of Google's list: our class and code, a sentence in the users' form, a remedy that helps."""

import json

import pytest

from providers.base import Busy, OutcomeUnknown, Rejected
from providers.gemini.client import Gemini
from providers.gemini.tests.answers import CANARY, FLAT, KEY, NEWEST, error_body, error_info
from providers.google.errors import http_error
from providers.google.reading import redactor

NOT_BILLED = "Nothing was run or billed."
ACTIVATION = "https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=12"
DISABLED = "Generative Language API has not been used in project 12 before or it is disabled. Enable it."
UNSUPPORTED = "Request had invalid authentication credentials. Expected OAuth 2 access token."
BAD_KEY = "API key not valid. Please pass a valid API key."
MOVED = "This model is no longer available to new users. Please update your code to use models/gemini-9-image."
GONE = "models/x is not found for API version v1beta, or is not supported for generateContent."

ROWS = [
    (error_body(400, "INVALID_ARGUMENT", BAD_KEY, error_info("API_KEY_INVALID")),
     "key_invalid", "API credentials are invalid", "make a new key"),
    (error_body(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."),
     "key_invalid", "API credentials are invalid", "Make a new key in Google AI Studio"),
    (error_body(400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "x": Cannot find field.'),
     "capability", "Request not accepted", "Change what Google names"),
    (error_body(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
     "permission_region", "Region not supported", "available-regions"),
    (error_body(400, "FAILED_PRECONDITION", "Please enable billing on project 12."),
     "billing_disabled", "Billing is not enabled", "switch on billing"),
    (error_body(401, "UNAUTHENTICATED", UNSUPPORTED, error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
     "key_invalid", "API credentials are invalid", "New keys begin with AQ."),
    (error_body(401, "UNAUTHENTICATED", "Request is missing credentials."),
     "key_invalid", "API credentials are invalid", "Check that GOOGLE_API_KEY"),
    (error_body(402, "", "Payment required"), "billing_disabled", "Payment required", "switch on billing"),
    (error_body(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers (callers without identity)."),
     "no_key", "Permission denied, no key arrived", "GOOGLE_API_KEY"),
    (error_body(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."),
     "key_invalid", "API credentials are invalid, the key was reported as leaked", "Make a new key"),
    (error_body(403, "PERMISSION_DENIED", "Requests are blocked.", error_info("API_KEY_SERVICE_BLOCKED")),
     "permission_region", "Permission denied, the key is restricted to other APIs", "Allow the Generative Language"),
    (error_body(403, "PERMISSION_DENIED", DISABLED, error_info("SERVICE_DISABLED", activationUrl=ACTIVATION)),
     "permission_region", "Permission denied, the Gemini API is switched off", f"({ACTIVATION})"),
    (error_body(403, "PERMISSION_DENIED", "Billing is off.", error_info("BILLING_DISABLED")),
     "billing_disabled", "Permission denied", "switch on billing"),
    (error_body(403, "PERMISSION_DENIED", "The caller does not have permission"),
     "permission_region", "Permission denied", "verify that billing is enabled"),
    (error_body(404, "NOT_FOUND", GONE), "model_retired", "Model not found", "Choose another model."),
    (error_body(409, "ABORTED", "Conflict"), "capability", "Request not accepted", "Change what Google names"),
    (error_body(413, "", "Payload too large"), "capability", "Request too large", "smaller reference pictures"),
    (error_body(418, "", "Teapot"), "capability", "Request not accepted", "Change what Google names"),
]  # fmt: skip


def error(status, body, *, model=NEWEST, successor=""):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http_error(status, content, model=model, successor=successor, redact=redactor(KEY), seconds_to_reset=3600.0,
                      service=Gemini.gemini_api, request_id="r-1")  # fmt: skip


@pytest.mark.parametrize(("body", "code", "headline", "remedy"), ROWS)
def test_a_refused_request_is_rejected_with_its_code_words_and_remedy(body, code, headline, remedy):
    status, words = body["error"]["code"], body["error"]["message"]
    rejected = error(status, body)
    assert type(rejected) is Rejected
    assert (rejected.code, rejected.billed, rejected.request_id) == (code, {}, "r-1")
    assert rejected.message.startswith(f"Gemini API error (HTTP {status}): {headline}.")
    assert f"“{words}”" in rejected.message
    assert rejected.message.endswith(NOT_BILLED)
    assert remedy in rejected.remedy


def test_invalid_credentials_tell_users_everything_they_can_check():
    rejected = error(400, ROWS[0][0])
    assert rejected.message == (
        "Gemini API error (HTTP 400): API credentials are invalid. "
        "Google says: “API key not valid. Please pass a valid API key.” Nothing was run or billed."
    )
    for advice in ("whole key", "restricted or deleted", "https://aistudio.google.com/apikey", "Gemini API is enabled"):
        assert advice in rejected.remedy


def test_permission_denied_tells_users_what_to_switch_on():
    rejected = error(403, error_body(403, "PERMISSION_DENIED", "The caller does not have permission"))
    assert rejected.message.startswith("Gemini API error (HTTP 403): Permission denied. Google says: ")
    assert rejected.remedy == (
        "Check that the key may use this model, enable the Generative Language API in Google Cloud Console, "
        "and verify that billing is enabled for the key's project."
    )


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://example.com/", ""])
def test_only_a_secure_activation_address_is_shown(address):
    body = error_body(403, "PERMISSION_DENIED", DISABLED, error_info("SERVICE_DISABLED", activationUrl=address))
    assert "(" not in error(403, body).remedy


def test_not_found_names_the_successor_of_the_catalogue():
    rejected = error(404, error_body(404, "NOT_FOUND", GONE), model=FLAT, successor=NEWEST)
    assert f"does not offer {FLAT} to this key" in rejected.message
    assert f"Its successor is {NEWEST}." in rejected.message
    assert rejected.remedy == f"Choose {NEWEST} instead of {FLAT}."


def test_not_found_names_the_successor_that_google_names_where_the_catalogue_has_none():
    rejected = error(404, error_body(404, "NOT_FOUND", MOVED))
    assert "Its successor is gemini-9-image." in rejected.message


def test_a_404_that_is_not_googles_hints_at_the_address():
    rejected = error(404, b"<html>nginx</html>")
    assert rejected.code == "model_retired"
    assert "GOOGLE_GEMINI_BASE_URL may be wrong" in rejected.message


@pytest.mark.parametrize(
    ("status", "body", "code", "headline"),
    [
        (500, error_body(500, "INTERNAL", "An internal error has occurred."), "provider_5xx", "Internal error"),
        (502, b"<html><title>502</title></html>", "provider_5xx", "Bad gateway"),
        (503, b"upstream connect error or disconnect/reset before headers", "provider_5xx", "Not available"),
        (504, error_body(504, "DEADLINE_EXCEEDED", "Deadline expired."), "provider_5xx", "Deadline exceeded"),
        (529, b"", "provider_5xx", "Unexpected answer"),
        (408, b"", "unknown_outcome", "Unexpected answer"),
        (499, error_body(499, "CANCELLED", "Cancelled."), "unknown_outcome", "Unexpected answer"),
        (302, b"", "unknown_outcome", "Unexpected answer"),
        (204, b"", "unknown_outcome", "Unexpected answer"),
    ],
)
def test_where_nobody_knows_whether_it_ran_the_outcome_is_unknown(status, body, code, headline):
    unknown = error(status, body)
    assert type(unknown) is OutcomeUnknown
    assert unknown.code == code
    assert unknown.message.startswith(f"Gemini API error (HTTP {status}): {headline}.")
    assert unknown.message.endswith("The picture may have been made and billed.")


def test_googles_own_overload_surely_did_not_run():
    busy = error(503, error_body(503, "UNAVAILABLE", "The model is overloaded. Please try again later."))
    assert type(busy) is Busy
    assert (busy.code, busy.retry_after, busy.request_id) == ("provider_5xx", None, "r-1")
    assert busy.message.startswith("Gemini API error (HTTP 503): The model is overloaded.")
    assert busy.message.endswith(NOT_BILLED)


def test_an_error_in_a_list_is_read():
    assert error(400, [ROWS[0][0]]).code == "key_invalid"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"[[]]", b"\xff\xfe", b'{"error": "no"}', b'{"error": {"details": 5}}',
        b'{"error": {"message": ["x"], "details": [{"metadata": 1, "reason": 2}]}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
def test_an_odd_error_body_never_breaks_the_mapping(status, body):
    assert error(status, body).message.startswith(f"Gemini API error (HTTP {status}): ")


def test_markup_is_not_shown():
    assert "<" not in error(400, b"<!doctype html><p>Error 400</p>").message


def test_plain_text_is_shown_on_one_line_and_cut():
    message = error(400, b"line one\n\nline\ttwo \x1b[31m" + b"x" * 5000).message
    assert "“line one line two [31mxxx" in message
    assert len(message) < 450


@pytest.mark.parametrize("shift", range(0, 60, 7))
def test_the_key_never_shows_even_where_the_words_are_cut(shift):
    words = "y" * (250 + shift) + CANARY + "z" * 50
    for status in (400, 403, 404, 429, 500, 503):
        body = error_body(
            status, "ODD", words, error_info("SERVICE_DISABLED", activationUrl=f"https://x/?key={CANARY}")
        )
        failure = error(status, body)
        assert CANARY[:8] not in f"{failure.message} {failure.remedy} {failure!r}"
