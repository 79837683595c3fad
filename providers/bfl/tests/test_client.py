"""What goes over the wire and where the key goes, through the whole vendor."""

import json

import pytest

from providers.base import Busy, Key, Pending, Rejected
from providers.bfl.client import DEFAULT_BASE_URL
from providers.bfl.tests.wishes import (
    ALL,
    CANARY,
    KEY,
    POLLING,
    SAMPLE,
    TASK,
    Labs,
    job,
    picture,
    ready,
    submitted,
    wish,
)
from providers.http import transmission

NO_KEY = "API key not found for black-forest-labs. Please set BFL_API_KEY in .env file or environment variables."
EMULATED = "http://127.0.0.1:9191/bfl"


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("BFL_BASE_URL", raising=False)


@pytest.mark.parametrize("model_id", ALL)
def test_a_task_is_submitted_by_one_post_to_its_models_address(model_id):
    labs = Labs(200, submitted())
    pending = labs.vendor.start(wish(model_id), KEY)
    (request,) = labs.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/v1/{model_id}")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content)["prompt"] == "A red fox in snow"
    assert (pending.wait_seconds, pending.request_id) == (1.0, TASK)
    assert json.loads(pending.remote_id)["quoted_cost"] == "3.0"
    assert CANARY not in pending.remote_id


def test_a_ready_task_gives_its_picture_which_is_fetched_without_the_key():
    labs = Labs(200, ready())
    response = labs.vendor.check(job(), KEY)
    assert response.images == [picture((64, 48)).data]
    assert response.request_id == TASK
    (question,), (fetched,) = labs.requests, labs.fetched
    assert (question.method, str(question.url)) == ("GET", POLLING)
    assert str(fetched.url) == SAMPLE
    assert CANARY not in f"{fetched.headers} {fetched.url}"


@pytest.mark.parametrize("status", [200, 422, 503])
def test_the_state_counts_and_not_the_status_that_it_comes_with(status):
    assert len(Labs(status, ready()).vendor.check(job(), KEY).images) == 1


def test_a_key_with_white_space_around_it_is_redacted_too():
    labs = Labs(401, {"detail": f"Incorrect key {CANARY}."})
    with pytest.raises(Rejected) as rejected:
        labs.vendor.start(wish(), Key({"BFL_API_KEY": f" {CANARY} "}))
    assert CANARY not in rejected.value.message


def test_the_key_travels_stripped_in_its_header_alone():
    labs = Labs(200, submitted())
    key = Key({"BFL_API_KEY": f"  {CANARY}\n"})
    labs.vendor.start(wish(), key)
    labs.answer = Labs(200, ready()).answer
    labs.vendor.check(job(), key)
    for request in labs.requests:
        assert request.headers["x-key"] == CANARY
        assert [name for name, value in request.headers.items() if CANARY in value] == ["x-key"]
        assert CANARY.encode() not in request.content
        assert CANARY not in str(request.url)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1/get_result?id=x", "http://api.bfl.ai/v1/get_result?id=x", "https://bfl.ai.evil.example/",
        "https://evilbfl.ai/v1/get_result", "https://api.bfl.ai@evil.example/", "https://user:word@api.bfl.ai/",
        "https://api.bfl.ai:8443/v1/get_result", "https://api.bfl.ai\\.evil.example/", "https://evil.example\t.bfl.ai/",
        "https://evil.example/.bfl.ai", "//api.bfl.ai/", "ftp://api.bfl.ai/", "https://[::1]/", "https://[bad", "", "x",
    ],
)  # fmt: skip
def test_the_key_is_never_sent_to_an_address_that_is_not_bfls(address):
    labs = Labs(200, ready())
    labs.vendor.check(job(address=address), KEY)
    assert [str(request.url) for request in labs.requests] == [f"{DEFAULT_BASE_URL}/v1/get_result?id={TASK}"]


@pytest.mark.parametrize(
    "host", ["api.bfl.ai", "api.us1.bfl.ai", "api.eu.bfl.ai", "API.EU4.BFL.AI", "api.eu2.bfl.ai:443"]
)
def test_the_address_that_bfl_names_is_used_on_each_of_its_hosts(host):
    labs = Labs(200, ready())
    labs.vendor.check(job(address=f"https://{host}/v1/get_result?id=other"), KEY)
    assert labs.requests[0].url.host.endswith("bfl.ai")
    assert labs.requests[0].url.params["id"] == "other"


def test_an_owner_chooses_the_region_by_the_base_address(monkeypatch):
    monkeypatch.setenv("BFL_BASE_URL", "https://api.eu.bfl.ai/")
    labs = Labs(200, submitted())
    labs.vendor.start(wish(), KEY)
    assert str(labs.requests[0].url) == "https://api.eu.bfl.ai/v1/flux-2-pro"
    labs = Labs(200, ready())
    labs.vendor.check(job(address=""), KEY)
    labs.vendor.check(job(), KEY)
    assert [request.url.host for request in labs.requests] == ["api.eu.bfl.ai", "api.eu2.bfl.ai"]


def test_a_gateways_key_stays_at_the_gateway(monkeypatch):
    monkeypatch.setenv("BFL_BASE_URL", EMULATED)
    labs = Labs(200, ready())
    for address in (POLLING, f"{EMULATED}/v1/get_result?id=own", "http://127.0.0.1:9191/bfl2/v1", EMULATED):
        labs.vendor.check(job(address=address), KEY)
    usual = f"{EMULATED}/v1/get_result?id={TASK}"
    assert [str(request.url) for request in labs.requests] == [
        usual, f"{EMULATED}/v1/get_result?id=own", usual, usual,
    ]  # fmt: skip


def test_an_id_cannot_lead_the_question_elsewhere():
    labs = Labs(200, ready())
    labs.vendor.check(job(id="../x&a=b#c", address=""), KEY)
    assert labs.requests[0].url.params["id"] == "../x&a=b#c"
    assert labs.requests[0].url.path == "/v1/get_result"


@pytest.mark.parametrize("secret", ["", "   "])
def test_a_missing_key_is_told_in_the_users_words_and_nothing_is_sent(secret):
    labs = Labs(200, submitted())
    key = Key({"BFL_API_KEY": secret})
    for call in (lambda: labs.vendor.start(wish(), key), lambda: labs.vendor.validate_credentials(key)):
        with pytest.raises(Rejected) as rejected:
            call()
        assert (rejected.value.code, rejected.value.message) == ("no_key", NO_KEY)
    assert labs.requests == []


@pytest.mark.parametrize("secret", ["two words", "line\r\nx-evil: 1", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_invalid_and_nothing_is_sent(secret):
    labs = Labs(200, submitted())
    with pytest.raises(Rejected) as rejected:
        labs.vendor.start(wish(), Key({"BFL_API_KEY": secret}))
    assert rejected.value.code == "key_invalid"
    assert secret not in f"{rejected.value} {rejected.value.remedy}"
    assert labs.requests == []


def test_a_kept_submission_is_read_again_without_sending(tmp_path):
    labs = Labs(200, submitted())
    with transmission(tmp_path / "call"):
        first = labs.vendor.start(wish(), KEY)
    with transmission(tmp_path / "call", replay=True):
        again = labs.vendor.start(wish(), KEY)
    assert isinstance(first, Pending)
    assert (again, len(labs.requests)) == (first, 1)


@pytest.mark.parametrize(("body", "told"), [(b'{"credits": 123.40}', "123.40"), (b'{"credits": 0}', "0")])
def test_the_check_of_a_key_tells_the_credits(body, told):
    labs = Labs(200, content=body)
    assert f"balance, {told} credits" in labs.vendor.validate_credentials(KEY)
    assert [(request.method, request.url.path) for request in labs.requests] == [("GET", "/v1/credits")]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, {"detail": "Invalid key"}, Rejected, "key_invalid"),
        (403, {"detail": "Not authenticated"}, Rejected, "key_invalid"),
        (403, {"detail": "Forbidden"}, Rejected, "permission_region"),
        (404, {}, Rejected, "capability"),
        (200, {"hello": 1}, Rejected, "capability"),
        (200, {"credits": None}, Rejected, "capability"),
        (429, {}, Busy, "rate_minute"),
        (500, {}, Busy, "provider_5xx"),
        (408, {}, Busy, "provider_5xx"),
    ],
)
def test_the_check_of_a_key_never_ends_unknown(status, body, kind, code):
    with pytest.raises(kind) as raised:
        Labs(status, body).vendor.validate_credentials(KEY)
    assert raised.value.code == code
