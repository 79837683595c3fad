"""What goes over the wire, and what comes back through the whole vendor."""

import json
from datetime import date

import httpx
import pytest

from providers.base import Busy, CloudGenerationResponse, Key, OutcomeUnknown, Pending, Rejected
from providers.http import transmission
from providers.openai.client import DEFAULT_BASE_URL, OpenAI
from providers.openai.tests.answers import (
    CANARY,
    DALL_E,
    FIRST,
    FLARE,
    KEY,
    answer,
    completed,
    encoded,
    entry,
    error_body,
    frame,
    mask,
    partial,
    picture,
    reference,
    wish,
)
from tests.providers.loopback import answering, loopback

NO_KEY = "API key not found for openai. Please set OPENAI_API_KEY in .env file or environment variables."
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


class Recorded:
    """A vendor whose network is here: answers each request with the same answer and keeps what it was sent."""

    def __init__(self, status=200, document=None, **answer):
        self.requests = []
        self.answer = {"status_code": status, **({"json": document} if document is not None else {}), **answer}
        self.vendor = OpenAI(httpx.MockTransport(self._receive))

    def _receive(self, request):
        request.read()
        self.requests.append(request)
        return httpx.Response(**self.answer)


def start(recorded, model_id=FLARE, key=KEY, **changes):
    return recorded.vendor.start(wish(model_id, **changes), key)


def test_a_picture_comes_back_from_one_post_to_generations():
    recorded = Recorded(document=answer(), headers={"x-request-id": "req_77"})
    response = start(recorded)
    assert (response.images, response.request_id) == ([picture()], "req_77")
    (request,) = recorded.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/images/generations")
    assert json.loads(request.content) == {
        "model": FLARE, "prompt": "A red fox in snow", "n": 1, "size": "1024x1024", "quality": "medium",
    }  # fmt: skip


def test_an_edit_is_one_post_of_a_form():
    recorded = Recorded(document=answer())
    start(recorded, input_images=(reference(),), mask=mask())
    (request,) = recorded.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/images/edits")
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert reference().data in request.content


def test_the_key_travels_stripped_in_its_header_alone():
    recorded = Recorded(document=answer())
    for changes in ({}, {"input_images": (reference(),)}):
        start(recorded, key=Key({"OPENAI_API_KEY": f"  {CANARY}\n"}), **changes)
    for request in recorded.requests:
        assert request.headers["authorization"] == f"Bearer {CANARY}"
        assert [name for name, value in request.headers.items() if CANARY in value] == ["authorization"]
        assert CANARY not in str(request.url)
        assert CANARY.encode() not in request.content


def test_the_address_is_read_at_each_call_and_carries_its_version(monkeypatch):
    recorded = Recorded(document=answer())
    for base in ("http://127.0.0.1:9191/openai/v1/", "http://127.0.0.1:9292/v1", ""):
        monkeypatch.setenv("OPENAI_BASE_URL", base)
        start(recorded)
    assert [str(request.url).removesuffix("/images/generations") for request in recorded.requests] == [
        "http://127.0.0.1:9191/openai/v1", "http://127.0.0.1:9292/v1", DEFAULT_BASE_URL,
    ]  # fmt: skip


@pytest.mark.parametrize("secret", ["", "   ", "\n"])
def test_a_missing_key_is_told_in_the_users_words_and_nothing_is_sent(secret):
    recorded = Recorded(document=answer())
    calls = (lambda key: start(recorded, key=key), recorded.vendor.validate_credentials,
             recorded.vendor.read_lifecycles)  # fmt: skip
    for call in calls:
        with pytest.raises(Rejected) as rejected:
            call(Key({"OPENAI_API_KEY": secret}))
        assert (rejected.value.code, rejected.value.message) == ("no_key", NO_KEY)
        assert "https://platform.openai.com/api-keys" in rejected.value.remedy
    assert recorded.requests == []


@pytest.mark.parametrize("secret", ["sk-two words", "sk-line\r\nx-evil: 1", "schlüssel", "tab\tkey"])
def test_a_key_that_no_header_can_carry_is_invalid_and_nothing_is_sent(secret):
    recorded = Recorded(document=answer())
    with pytest.raises(Rejected, match="API credentials are invalid") as rejected:
        start(recorded, key=Key({"OPENAI_API_KEY": secret}))
    assert secret not in f"{rejected.value} {rejected.value.remedy}"
    assert recorded.requests == []


@pytest.mark.parametrize(
    ("model_id", "code", "words"),
    [
        ("dall-e-2", "model_retired", "Its successor is gpt-image-2.6-flare."),
        ("gpt-image-9", "capability", "has no image model 'gpt-image-9'"),
    ],
)
def test_a_model_outside_the_catalogue_is_refused_before_anything_is_sent(model_id, code, words):
    recorded = Recorded(document=answer())
    request = wish()
    object.__setattr__(request, "model", model_id)
    with pytest.raises(Rejected, match=words) as rejected:
        recorded.vendor.start(request, KEY)
    assert rejected.value.code == code
    assert recorded.requests == []


def test_not_found_offers_the_catalogues_successor():
    recorded = Recorded(404, error_body(f"The model '{FIRST}' does not exist", code="model_not_found"))
    with pytest.raises(Rejected, match="Its successor is gpt-image-2.5-sunburst") as rejected:
        start(recorded, FIRST)
    assert (rejected.value.code, rejected.value.billed) == ("model_retired", {})


@pytest.mark.parametrize("content", [b"", b"<html>ok</html>", b'{"data": [', b"[]", b"NaN"])
def test_a_200_that_is_not_json_is_an_unknown_outcome(content):
    with pytest.raises(OutcomeUnknown, match="may have been made and billed"):
        start(Recorded(content=content))


def test_a_200_that_holds_an_error_is_an_unknown_outcome():
    with pytest.raises(OutcomeUnknown, match="Your task failed"):
        start(Recorded(document={"created": 1, "error": {"code": "x", "message": "Your task failed"}}))


def test_a_stream_shows_its_unfinished_pictures_and_ends_with_the_final_one(tmp_path):
    body = partial(0, picture(shade=1)) + partial(1, picture(shade=2)) + completed()
    recorded = Recorded(content=body, headers={**EVENTS, "x-request-id": "req_9"})
    shown = []
    with transmission(tmp_path / "attempt", on_preview=lambda data, number: shown.append((number, data))):
        response = start(recorded, options={"partial_images": 2})
    assert shown == [(0, picture(shade=1)), (1, picture(shade=2))]
    assert (response.images, response.request_id) == ([picture()], "req_9")
    sent = json.loads(recorded.requests[0].content)
    assert (sent["stream"], sent["partial_images"]) == (True, 2)
    with transmission(tmp_path / "attempt", replay=True, on_preview=lambda *_: shown.append("again")):
        assert start(recorded, options={"partial_images": 2}) == response
    assert len(shown) == 2
    assert len(recorded.requests) == 1


def test_a_server_that_does_not_stream_is_understood_all_the_same():
    assert start(Recorded(document=answer()), options={"stream": True}).images == [picture()]


@pytest.mark.parametrize("body", [b"", partial(0), completed()[:200], b": nothing\n\n"])
def test_a_stream_that_ends_without_its_picture_is_an_unknown_outcome(body):
    with pytest.raises(OutcomeUnknown, match="a stream that ended without its picture"):
        start(Recorded(content=body, headers=EVENTS), options={"stream": True})


def test_an_error_in_the_stream_is_told_and_leaves_the_outcome_open():
    body = partial(0) + frame("error", error={"code": "moderation_blocked", "message": f"No, {CANARY}."})
    with pytest.raises(OutcomeUnknown, match="withheld by the safety system") as unknown:
        start(Recorded(content=body, headers=EVENTS), options={"stream": True})
    assert unknown.value.code == "refused_output"
    assert CANARY not in f"{unknown.value} {unknown.value.remedy}"


def test_a_kept_answer_is_decoded_again_without_sending(tmp_path):
    recorded = Recorded(document=answer())
    with transmission(tmp_path / "attempt-1"):
        first = start(recorded, FIRST)
    with transmission(tmp_path / "attempt-1", replay=True):
        assert start(recorded, FIRST) == first
    assert len(recorded.requests) == 1


REVISED = "A fox, told at length"
DALL_E_WISH = {"quality": "hd", "aspect_ratio": "16:9", "options": {"response_format": "url"}}


@pytest.fixture
def store(monkeypatch):
    """Where dall-e-3's pictures lie: another server, which answers busily as often as `busy` says."""
    left = {"busy": 0}

    def behave(connection):
        left["busy"] -= 1
        answering(b"later" if left["busy"] >= 0 else picture(), status=503 if left["busy"] >= 0 else 200)(connection)

    with loopback(behave) as server:
        monkeypatch.setenv("HUB_LISTED_ADDRESSES", server.url)
        server.left = left
        yield server


def by_address(store, revised=REVISED, ending=""):
    data = [{"url": f"{store.url}/img.png?st=2026&sig=abc{ending}", "revised_prompt": revised}]
    return Recorded(document={"created": 1, "data": data}, headers={"x-request-id": "req_5"})


def test_a_picture_at_an_address_is_fetched_at_once_and_without_the_key(store):
    recorded = by_address(store)
    response = start(recorded, DALL_E, **DALL_E_WISH)
    assert response.images == [picture()]
    assert response.pictures[0].revised_prompt == REVISED
    assert recorded.vendor.billed(response, entry(DALL_E)) == {"image": 1, "image:hd:1792x1024": 1}
    assert "sig=abc" not in json.dumps(response.provider_response)
    (request,) = store.requests
    assert request.startswith(b"GET /img.png?st=2026&sig=abc ")
    assert CANARY.encode() not in request


def test_a_busy_address_is_asked_again_and_never_the_call(store):
    store.left["busy"] = 2
    recorded = by_address(store)
    pending = start(recorded, DALL_E, **DALL_E_WISH)
    assert isinstance(pending, Pending)
    assert len(pending.remote_id) <= 2000
    assert CANARY not in pending.remote_id
    with pytest.raises(Busy):
        recorded.vendor.check(pending.remote_id, KEY)
    response = recorded.vendor.check(pending.remote_id, KEY)
    assert isinstance(response, CloudGenerationResponse)
    assert (response.images, response.request_id) == ([picture()], "req_5")
    assert response.pictures[0].revised_prompt == REVISED
    assert recorded.vendor.billed(response, entry(DALL_E)) == {"image": 1, "image:hd:1792x1024": 1}
    assert (len(recorded.requests), len(store.requests)) == (1, 3)


def test_a_long_revised_prompt_still_leaves_a_short_remote_id(store):
    store.left["busy"] = 1
    pending = start(by_address(store, "fox " * 1000), DALL_E, **DALL_E_WISH)
    assert len(pending.remote_id) <= 2000
    assert OpenAI().check(pending.remote_id, KEY).pictures[0].revised_prompt.startswith("fox fox")


def test_an_address_too_long_to_be_remembered_is_an_unknown_outcome(store):
    store.left["busy"] = 1
    with pytest.raises(OutcomeUnknown, match="was made and cannot be fetched"):
        start(by_address(store, ending="x" * 3000), DALL_E, **DALL_E_WISH)


def test_an_address_inside_the_house_that_nobody_listed_is_not_fetched(store, monkeypatch):
    monkeypatch.setenv("HUB_LISTED_ADDRESSES", "")
    with pytest.raises(OutcomeUnknown, match="is not a public address"):
        start(by_address(store), DALL_E, **DALL_E_WISH)
    assert store.requests == []


@pytest.mark.parametrize("remote_id", ["", "{}", "[]", "job-7", '{"pictures": [["u"]], "model": 7, "most": 7}'])
def test_a_job_that_is_not_ours_cannot_be_asked(remote_id):
    with pytest.raises(OutcomeUnknown, match="cannot be asked"):
        OpenAI().check(remote_id, KEY)


MODELS = {
    "object": "list",
    "data": [
        {"id": "gpt-image-1.5", "object": "model", "created": 1, "owned_by": "system", "shutdown_date": "2026-12-01"},
        {"id": "gpt-image-2", "object": "model", "created": 1, "owned_by": "system", "shutdown_date": None},
        {"id": "gpt-image-2.5-flare", "object": "model", "created": 1, "owned_by": "system"},
        {"id": "odd", "shutdown_date": "soon"},
        {"id": 7, "shutdown_date": "2027-01-01"},
        "nothing",
    ],
}


def test_a_valid_key_is_checked_by_a_free_list_and_the_sentence_promises_no_more():
    recorded = Recorded(document=MODELS)
    sentence = recorded.vendor.validate_credentials(KEY)
    assert sentence.startswith("API credentials are valid")
    assert "does not prove that you can generate" in sentence
    (request,) = recorded.requests
    assert (request.method, str(request.url)) == ("GET", f"{DEFAULT_BASE_URL}/models")
    assert request.headers["authorization"] == f"Bearer {CANARY}"


def test_only_models_with_a_date_have_a_life_cycle():
    lives = Recorded(document=MODELS).vendor.read_lifecycles(KEY)
    assert {name: life.shut_down for name, life in lives.items() if name} == {"gpt-image-1.5": date(2026, 12, 1)}
    assert lives["gpt-image-1.5"].source == "https://api.openai.com/v1/models"
    assert lives["gpt-image-1.5"].read_on is not None


def test_an_invalid_key_is_told_as_such():
    body = error_body(f"Incorrect API key provided: {CANARY}.", code="invalid_api_key")
    with pytest.raises(Rejected) as rejected:
        Recorded(401, body).vendor.validate_credentials(KEY)
    assert rejected.value.code == "key_invalid"
    assert CANARY not in f"{rejected.value} {rejected.value.remedy}"


@pytest.mark.parametrize(
    ("status", "body", "lacks"),
    [
        (
            401,
            error_body("You have insufficient permissions for this operation. Missing scopes: api.model.read."),
            "list",
        ),
        (403, error_body("Missing scopes: api.model.read.", code="missing_scope"), "list"),
        (429, error_body("You exceeded your quota.", code="credit_balance_exhausted"), "credit"),
        (429, error_body("You exceeded your quota.", code="insufficient_quota", kind="insufficient_quota"), "credit"),
    ],
)
def test_a_key_that_openai_knows_is_valid_with_its_limits(status, body, lacks):
    sentence = Recorded(status, body).vendor.validate_credentials(KEY)
    assert sentence.startswith("API credentials are valid, with limits")
    assert lacks in sentence


@pytest.mark.parametrize("status", [408, 499, 500, 502, 503, 524])
def test_a_failed_check_says_that_nothing_was_billed(status):
    with pytest.raises(Busy) as busy:
        Recorded(status, content=b"<html>").vendor.validate_credentials(KEY)
    assert busy.value.message.endswith("Nothing was billed.")


@pytest.mark.parametrize(("status", "content"), [(200, b"<html>"), (200, b"[]"), (302, b""), (404, b"")])
def test_an_address_that_is_not_openais_is_told_as_such(status, content):
    with pytest.raises(Rejected) as rejected:
        Recorded(status, content=content).vendor.validate_credentials(KEY)
    assert "OPENAI_BASE_URL" in rejected.value.remedy


def test_the_vendor_declares_what_the_hub_relies_on():
    vendor = OpenAI()
    assert (vendor.id, vendor.error_prefix, vendor.key_variables) == ("openai", "OpenAI API", ("OPENAI_API_KEY",))
    assert (vendor.status_by_id, vendor.can_cancel, vendor.reports_cost) == (False, False, False)
    assert (vendor.longest_wait_seconds, vendor.open_catalogue, vendor.takes_address) == (600, False, False)


def test_a_picture_in_an_answer_may_be_a_data_uri():
    document = {"data": [{"url": f"data:image/png;base64,{encoded()}"}], "usage": answer()["usage"]}
    assert start(Recorded(document=document)).images == [picture()]
