"""What goes over the wire, and what comes back through the whole vendor."""

import json

import httpx
import pytest

from providers.base import Busy, CloudGenerationRequest, Key, OutcomeUnknown, Pending, Rejected, ReportedCost
from providers.http import transmission
from providers.xai.client import XAI
from providers.xai.tests.answers import (
    CANARY,
    CHEAP,
    KEY,
    NEWEST,
    VENDOR,
    Recorded,
    answer,
    entry,
    picture,
    reference,
    wish,
)
from tests.providers.loopback import answering, loopback

pytestmark = pytest.mark.sqlite_only

NO_KEY = "API key not found for xai. Please set XAI_API_KEY in .env file or environment variables."
DESCRIBED = {
    "redacted_api_key": "xai-...cdef", "name": "Key", "acls": ["api-key:model:*", "api-key:endpoint:*"],
    "api_key_blocked": False, "api_key_disabled": False, "team_blocked": False,
}  # fmt: skip
IMPOSSIBLE_KEYS = {"": "no_key", " \n": "no_key", "xai-two words": "key_invalid", "schlüssel": "key_invalid"}


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("XAI_BASE_URL", raising=False)


def test_a_picture_comes_back_from_one_post():
    recorded = Recorded(document=answer(), headers={"x-request-id": "r-77"})
    response = recorded.start()
    assert (response.images, response.request_id) == ([picture()], "r-77")
    assert VENDOR.billed(response, entry(NEWEST)) == ReportedCost("0.040000", "USD")
    (request,) = recorded.requests
    assert (request.method, str(request.url)) == ("POST", "https://api.x.ai/v1/images/generations")


def test_an_answer_without_its_cost_is_booked_at_the_quote():
    response = Recorded(document=answer(ticks=None)).start(input_images=(reference(),))
    assert VENDOR.billed(response, entry(NEWEST)) == {"image": 1, "image:medium:1K": 1, "input_image": 1}


def test_an_edit_is_one_post_of_json():
    recorded = Recorded(document=answer())
    recorded.start(CHEAP, input_images=(reference(),))
    (request,) = recorded.requests
    assert str(request.url) == "https://api.x.ai/v1/images/edits"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content)["image"]["type"] == "image_url"


def test_the_dated_name_of_a_model_is_that_model():
    recorded = Recorded(document=answer())
    recorded.start("grok-imagine-image-2026-03-02")
    assert json.loads(recorded.requests[0].content)["model"] == CHEAP


def test_the_key_travels_stripped_in_its_header_alone():
    recorded = Recorded(document=answer())
    recorded.start(key=Key({"XAI_API_KEY": f"  {CANARY}\n"}))
    (request,) = recorded.requests
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert [name for name, value in request.headers.items() if CANARY in value] == ["authorization"]
    assert CANARY not in f"{request.url}{request.content.decode()}"


def test_the_address_is_read_at_each_call_and_carries_its_version(monkeypatch):
    recorded = Recorded(document=answer())
    for base in ("http://127.0.0.1:9191/xai/v1/", ""):
        monkeypatch.setenv("XAI_BASE_URL", base)
        recorded.start()
    assert [str(request.url) for request in recorded.requests] == [
        "http://127.0.0.1:9191/xai/v1/images/generations", "https://api.x.ai/v1/images/generations",
    ]  # fmt: skip


@pytest.mark.parametrize(("secret", "code"), IMPOSSIBLE_KEYS.items())
def test_a_missing_or_impossible_key_is_told_and_nothing_is_sent(secret, code):
    recorded = Recorded(document=answer())
    for call in (lambda key: recorded.start(key=key), recorded.vendor.validate_credentials):
        with pytest.raises(Rejected) as refused:
            call(Key({"XAI_API_KEY": secret}))
        assert refused.value.code == code
        assert code == "key_invalid" or refused.value.message == NO_KEY
    assert recorded.requests == []


@pytest.mark.parametrize("gone", ["grok-imagine-image-quality", "grok-imagine-image-pro", "grok-2-image"])
def test_a_retired_model_is_refused_with_its_successor_and_never_sent(gone):
    """xAI would answer with another model, at that model's price."""
    recorded = Recorded(document=answer())
    request = CloudGenerationRequest(prompt="A fox", model=gone)
    with pytest.raises(Rejected, match=f"xAI retired {gone} on 2026") as refused:
        recorded.vendor.start(request, KEY)
    assert refused.value.code == "model_retired"
    assert VENDOR.model(refused.value.remedy.split()[1]) is not None
    assert recorded.requests == []


def test_a_model_that_never_was_is_refused_before_anything_is_sent():
    recorded = Recorded(document=answer())
    with pytest.raises(Rejected, match="no image model 'grok-9'") as refused:
        recorded.vendor.start(CloudGenerationRequest(prompt="A fox", model="grok-9"), KEY)
    assert (refused.value.code, recorded.requests) == ("capability", [])


@pytest.mark.parametrize("content", [b"", b"<html>ok</html>", b'{"data": [', b"[]", b"NaN", b"null"])
def test_a_200_that_is_not_xais_json_is_an_unknown_outcome(content):
    with pytest.raises(OutcomeUnknown, match="may have been made and billed"):
        Recorded(content=content).start()


def test_a_kept_answer_is_decoded_again_without_sending(tmp_path):
    recorded = Recorded(document=answer())
    with transmission(tmp_path / "attempt"):
        first = recorded.start()
    with transmission(tmp_path / "attempt", replay=True):
        assert recorded.start() == first
    assert len(recorded.requests) == 1


@pytest.fixture
def store(monkeypatch):
    """Where pictures lie that come as addresses: another server, which answers busily as often as `busy` says."""
    left = {"busy": 0}

    def behave(connection):
        left["busy"] -= 1
        answering(b"later" if left["busy"] >= 0 else picture(), status=503 if left["busy"] >= 0 else 200)(connection)

    with loopback(behave) as server:
        monkeypatch.setenv("HUB_LISTED_ADDRESSES", server.url)
        server.left = left
        yield server


def by_address(store):
    document = answer({"url": f"{store.url}/one.jpeg", "respect_moderation": True})
    return Recorded(document=document, headers={"x-request-id": "r-5"})


def test_a_picture_that_comes_as_an_address_is_fetched_without_the_key(store):
    assert by_address(store).start().images == [picture()]
    (request,) = store.requests
    assert request.startswith(b"GET /one.jpeg ")
    assert CANARY.encode() not in request


def test_a_busy_store_is_asked_again_and_the_cost_is_kept(store):
    store.left["busy"] = 1
    recorded = by_address(store)
    pending = recorded.start()
    assert isinstance(pending, Pending)
    assert CANARY not in pending.remote_id
    response = recorded.vendor.check(pending.remote_id, KEY)
    assert (response.images, response.request_id) == ([picture()], "r-5")
    assert VENDOR.billed(response, entry(NEWEST)) == ReportedCost("0.040000", "USD")
    assert len(recorded.requests) == 1


@pytest.mark.parametrize("remote_id", ["", "{}", "[]", "job-7", '{"pictures": [["u"]], "most": 7}'])
def test_a_job_that_is_not_ours_cannot_be_asked(remote_id):
    with pytest.raises(OutcomeUnknown, match="cannot be asked"):
        VENDOR.check(remote_id, KEY)


def test_a_good_key_is_checked_by_its_own_description():
    recorded = Recorded(document=DESCRIBED)
    told = recorded.vendor.validate_credentials(KEY)
    assert "API credentials are valid" in told
    assert "cdef" not in told
    assert [(request.method, str(request.url)) for request in recorded.requests] == [
        ("GET", "https://api.x.ai/v1/api-key")
    ]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"api_key_blocked": True}, "key_invalid", "xAI has blocked this key"),
        ({"api_key_disabled": True}, "key_invalid", "this key is disabled"),
        ({"team_blocked": True}, "key_invalid", "blocked the key's team"),
        ({"acls": ["api-key:model:*", "api-key:endpoint:chat"]}, "permission_region", "endpoint for images"),
    ],
)
def test_a_key_that_draws_nothing_is_told_by_the_free_check(change, code, words):
    with pytest.raises(Rejected, match=words) as refused:
        Recorded(document=DESCRIBED | change).vendor.validate_credentials(KEY)
    assert refused.value.code == code


@pytest.mark.parametrize("acls", [[], ["api-key:endpoint:image"], ["api-key:model:*"], None])
def test_a_key_that_may_draw_passes_the_free_check(acls):
    assert Recorded(document=DESCRIBED | {"acls": acls}).vendor.validate_credentials(KEY)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(200, Rejected, "capability"), (404, Rejected, "capability"), (401, Rejected, "key_invalid"),
     (429, Busy, "rate_minute"), (408, Busy, "provider_5xx"), (503, Busy, "provider_5xx")],
)  # fmt: skip
def test_the_free_check_never_leaves_an_unknown_outcome(status, kind, code):
    with pytest.raises(kind) as raised:
        Recorded(status, {"code": "x", "error": "y"}).vendor.validate_credentials(KEY)
    assert raised.value.code == code


def test_a_lost_answer_is_unknown():
    def lose(request):
        raise httpx.ReadError("gone")

    with pytest.raises(OutcomeUnknown):
        XAI(httpx.MockTransport(lose)).start(wish(), KEY)
