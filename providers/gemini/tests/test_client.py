"""What goes over the wire, and what comes back through the whole vendor."""

import json

import httpx
import pytest

from providers.base import Busy, Key, OutcomeUnknown, Rejected
from providers.gemini.client import Gemini
from providers.gemini.tests.answers import (
    CANARY,
    FLAT,
    KEY,
    NEWEST,
    drawn,
    entry,
    error_body,
    error_info,
    picture,
    wish,
)
from providers.google.gemini_api import DEFAULT_BASE_URL
from providers.http import transmission

NO_KEY = "API key not found for google-gemini. Please set GOOGLE_API_KEY in .env file or environment variables."


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("GOOGLE_GEMINI_BASE_URL", raising=False)


class Google:
    """A vendor whose network is here: answers each request with the same answer and keeps what it was sent."""

    def __init__(self, status=200, document=None, **answer):
        self.requests = []
        self.answer = {"status_code": status, **({"json": document} if document is not None else {}), **answer}
        self.vendor = Gemini(httpx.MockTransport(self._receive))

    def _receive(self, request):
        self.requests.append(request)
        return httpx.Response(**self.answer)


def start(google, model_id=FLAT, key=KEY, **changes):
    return google.vendor.start(wish(model_id, **changes), key)


def test_a_picture_comes_back_from_one_post_to_generate_content():
    google = Google(document=drawn())
    response = start(google, aspect_ratio="16:9", seed=42)
    assert response.images == [picture()]
    (request,) = google.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/v1beta/models/{FLAT}:generateContent")
    assert json.loads(request.content) == {
        "contents": [{"role": "user", "parts": [{"text": "A red fox in snow"}]}],
        "generationConfig": {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "16:9"}, "seed": 42},
    }


def test_the_key_travels_stripped_in_its_header_alone():
    google = Google(document=drawn())
    start(google, key=Key({"GOOGLE_API_KEY": f"  {CANARY}\n"}))
    (request,) = google.requests
    assert request.headers["x-goog-api-key"] == CANARY
    assert request.headers["x-server-timeout"] == "300"
    assert request.headers["content-type"] == "application/json"
    assert "authorization" not in request.headers
    assert CANARY not in str(request.url)
    assert CANARY.encode() not in request.content


def test_the_address_is_read_at_each_call(monkeypatch):
    google = Google(document=drawn())
    for base in ("http://127.0.0.1:9191/google/", "http://127.0.0.1:9292", ""):
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", base)
        start(google)
    hosts = [str(request.url).partition("/v1beta/")[0] for request in google.requests]
    assert hosts == ["http://127.0.0.1:9191/google", "http://127.0.0.1:9292", DEFAULT_BASE_URL]


def test_an_alias_is_sent_by_the_vendors_own_id():
    google = Google(document=drawn())
    start(google, "gemini-2.5-flash")
    assert f"/models/{FLAT}:generateContent" in str(google.requests[0].url)


@pytest.mark.parametrize("secret", ["", "   ", "\n"])
def test_a_missing_key_is_told_in_the_users_words_and_nothing_is_sent(secret):
    google = Google(document=drawn())
    for call in (lambda key: start(google, key=key), google.vendor.validate_credentials):
        with pytest.raises(Rejected) as rejected:
            call(Key({"GOOGLE_API_KEY": secret}))
        assert (rejected.value.code, rejected.value.message) == ("no_key", NO_KEY)
        for advice in ("https://aistudio.google.com/apikey", ".env", "GOOGLE_API_KEY", "start the hub again"):
            assert advice in rejected.value.remedy
    assert google.requests == []


@pytest.mark.parametrize("secret", ["AQ.two words", "AQ.line\r\nx-evil: 1", "schlüssel", "tab\tkey"])
def test_a_key_that_no_header_can_carry_is_invalid_and_nothing_is_sent(secret):
    google = Google(document=drawn())
    with pytest.raises(Rejected, match="API credentials are invalid") as rejected:
        start(google, key=Key({"GOOGLE_API_KEY": secret}))
    assert rejected.value.code == "key_invalid"
    assert secret not in f"{rejected.value} {rejected.value.remedy}"
    assert google.requests == []


@pytest.mark.parametrize(
    ("model_id", "code", "words"),
    [
        ("gemini-2.5-flash-image-preview", "model_retired", "Its successor is gemini-nano-banana-2.1."),
        ("imagen-4.0-ultra-generate-001", "model_retired", "Its successor is gemini-3-pro-image."),
        ("gemini-of-the-future", "capability", "has no image model 'gemini-of-the-future'"),
    ],
)
def test_a_model_outside_the_catalogue_is_refused_before_anything_is_sent(model_id, code, words):
    google = Google(document=drawn())
    request = wish(FLAT)
    object.__setattr__(request, "model", model_id)
    with pytest.raises(Rejected) as rejected:
        google.vendor.start(request, KEY)
    assert rejected.value.code == code
    assert words in rejected.value.message
    assert google.requests == []


def test_not_found_offers_the_catalogues_successor():
    google = Google(404, error_body(404, "NOT_FOUND", f"models/{FLAT} is not found for API version v1beta."))
    with pytest.raises(Rejected, match=f"Its successor is {NEWEST}") as rejected:
        start(google)
    assert (rejected.value.code, rejected.value.billed) == ("model_retired", {})


@pytest.mark.parametrize("content", [b"", b"<html>ok</html>", b'{"candidates": [', b"\xff\xd8\xff", b"NaN"])
def test_a_200_that_is_not_json_is_an_unknown_outcome(content):
    with pytest.raises(OutcomeUnknown, match="not JSON. The picture may have been made and billed"):
        start(Google(content=content))


def test_an_error_carries_the_request_id_of_the_headers():
    google = Google(500, error_body(500, "INTERNAL", "An internal error."), headers={"x-request-id": "g-77"})
    with pytest.raises(OutcomeUnknown) as unknown:
        start(google)
    assert (unknown.value.code, unknown.value.request_id) == ("provider_5xx", "g-77")


def test_a_kept_answer_is_decoded_again_without_sending(tmp_path):
    google = Google(document=drawn())
    with transmission(tmp_path / "attempt-1"):
        first = start(google, NEWEST)
    with transmission(tmp_path / "attempt-1", replay=True):
        again = start(google, NEWEST)
    assert again == first
    assert len(google.requests) == 1


def test_a_valid_key_is_checked_by_a_free_list_and_the_sentence_promises_no_more():
    google = Google(document={"models": [{"name": "models/gemini-2.5-flash"}]})
    sentence = google.vendor.validate_credentials(KEY)
    assert sentence.startswith("API credentials are valid")
    assert "does not prove that you can generate" in sentence
    (request,) = google.requests
    assert (request.method, str(request.url)) == ("GET", f"{DEFAULT_BASE_URL}/v1beta/models?pageSize=1")
    assert request.headers["x-goog-api-key"] == CANARY


def test_an_invalid_key_is_told_as_such():
    body = error_body(400, "INVALID_ARGUMENT", f"API key not valid: {CANARY}", error_info("API_KEY_INVALID"))
    with pytest.raises(Rejected) as rejected:
        Google(400, body).vendor.validate_credentials(KEY)
    assert rejected.value.code == "key_invalid"
    assert rejected.value.message.startswith("Gemini API error (HTTP 400): API credentials are invalid.")
    assert "https://aistudio.google.com/apikey" in rejected.value.remedy
    assert CANARY not in rejected.value.message


@pytest.mark.parametrize("status", [408, 499, 500, 502, 503, 504])
def test_a_failed_check_says_that_nothing_was_billed(status):
    with pytest.raises(Busy) as busy:
        Google(status, content=b"<html>").vendor.validate_credentials(KEY)
    assert busy.value.code == "provider_5xx"
    assert busy.value.message.endswith("Nothing was billed.")


@pytest.mark.parametrize(
    ("status", "content"), [(200, b"<html>"), (200, b"[]"), (200, b'{"data": []}'), (302, b""), (404, b"")]
)
def test_an_address_that_is_not_googles_is_told_as_such(status, content):
    with pytest.raises(Rejected) as rejected:
        Google(status, content=content).vendor.validate_credentials(KEY)
    assert "GOOGLE_GEMINI_BASE_URL" in rejected.value.remedy


def test_the_vendor_declares_what_the_hub_relies_on():
    vendor = Gemini()
    assert (vendor.id, vendor.error_prefix) == ("google-gemini", "Gemini API")
    assert [form.required for form in vendor.forms()] == [("GOOGLE_API_KEY",), ("GOOGLE_CLOUD_PROJECT",)]
    assert (vendor.status_by_id, vendor.can_cancel, vendor.reports_cost) == (False, False, False)
    assert vendor.longest_wait_seconds == 300
    assert vendor.quantities(wish(FLAT), entry(FLAT)) == {"image": 1}
