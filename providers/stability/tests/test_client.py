"""What goes over the wire, and what comes back through the whole vendor."""

from dataclasses import replace

import pytest

from providers.base import Busy, InputImage, Key, OutcomeUnknown, Pending, Rejected
from providers.http import transmission
from providers.stability.client import DEFAULT_BASE_URL
from providers.stability.services import SERVICES
from providers.stability.tests.wishes import (
    CANARY,
    CORE,
    CREATIVE,
    INPAINT,
    JOB,
    KEY,
    Platform,
    drawn,
    entry,
    envelope,
    picture,
    usual_wish,
    wish,
)

NO_KEY = "API key not found for stability. Please set STABILITY_API_KEY in .env file or environment variables."


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("STABILITY_BASE_URL", raising=False)


def test_a_picture_comes_back_from_one_multipart_post():
    platform = Platform(200, drawn(), headers={"x-request-id": "req-7"})
    response = platform.vendor.start(wish(), KEY)
    (request,) = platform.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/v2beta/stable-image/generate/core")
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert request.headers["accept"] == "application/json"
    assert b'name="prompt"\r\n\r\nA red fox in snow\r\n' in request.content
    assert b"filename" not in request.content
    assert (response.request_id, platform.vendor.billed(response, entry(CORE))) == ("req-7", {"image": 1})


@pytest.mark.parametrize("model_id", list(SERVICES))
def test_every_service_is_called_at_its_path_with_the_registrations_own_entry(model_id):
    platform = Platform(200, drawn())
    platform.vendor.start(usual_wish(model_id), KEY)
    assert platform.requests[0].url.path == f"/v2beta/stable-image/{SERVICES[model_id].path}"


def test_an_alias_names_the_same_service():
    platform = Platform(200, drawn())
    platform.vendor.start(wish(CORE, model="generate/core"), KEY)
    assert platform.requests[0].url.path.endswith("/generate/core")


def test_the_key_travels_stripped_in_its_header_alone():
    platform = Platform(200, drawn())
    platform.vendor.start(wish(), Key({"STABILITY_API_KEY": f"  {CANARY}\n"}))
    (request,) = platform.requests
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert [name for name, value in request.headers.items() if CANARY in value] == ["authorization"]
    assert CANARY not in str(request.url)
    assert CANARY.encode() not in request.content


def test_a_key_with_white_space_around_it_is_redacted_too():
    platform = Platform(401, envelope("unauthorized", f"Incorrect key {CANARY}."))
    with pytest.raises(Rejected) as rejected:
        platform.vendor.start(wish(), Key({"STABILITY_API_KEY": f" {CANARY} "}))
    assert CANARY not in rejected.value.message


def test_the_address_is_read_at_each_call(monkeypatch):
    platform = Platform(200, drawn())
    for base in ("http://127.0.0.1:9191/stability/", ""):
        monkeypatch.setenv("STABILITY_BASE_URL", base)
        platform.vendor.start(wish(), KEY)
    found = [str(request.url).partition("/v2beta/")[0] for request in platform.requests]
    assert found == ["http://127.0.0.1:9191/stability", DEFAULT_BASE_URL]


@pytest.mark.parametrize("secret", ["", "   "])
def test_a_missing_key_is_told_in_the_users_words_and_nothing_is_sent(secret):
    platform = Platform(200, drawn())
    key = Key({"STABILITY_API_KEY": secret})
    for call in (lambda: platform.vendor.start(wish(), key), lambda: platform.vendor.validate_credentials(key)):
        with pytest.raises(Rejected) as rejected:
            call()
        assert (rejected.value.code, rejected.value.message) == ("no_key", NO_KEY)
    assert platform.requests == []


@pytest.mark.parametrize("secret", ["sk-two words", "sk-line\r\nx-evil: 1", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_invalid_and_nothing_is_sent(secret):
    platform = Platform(200, drawn())
    with pytest.raises(Rejected) as rejected:
        platform.vendor.start(wish(), Key({"STABILITY_API_KEY": secret}))
    assert rejected.value.code == "key_invalid"
    assert secret not in f"{rejected.value} {rejected.value.remedy}"
    assert platform.requests == []


def test_a_form_over_ten_mebibytes_is_refused_before_anything_is_sent():
    platform = Platform(200, drawn())
    big = InputImage(data=picture().data + bytes(9_990_000), mime_type="image/png", width=320, height=256)
    request = wish(INPAINT, input_images=(big,), mask=picture())
    with pytest.raises(Rejected, match="Nothing was sent") as rejected:
        platform.vendor.start(replace(request, prompt="ß" * 300_000), KEY)
    assert (rejected.value.code, platform.requests) == ("capability", [])
    platform.vendor.start(request, KEY)
    assert len(platform.requests) == 1


def test_a_model_that_stability_does_not_have_is_refused_before_anything_is_sent():
    platform = Platform(200, drawn())
    with pytest.raises(Rejected, match="has no image model") as rejected:
        platform.vendor.start(replace(wish(), model="stable-image-of-the-future"), KEY)
    assert (rejected.value.code, platform.requests) == ("capability", [])


def test_a_job_is_pending_and_asked_for_every_ten_seconds_with_the_same_key():
    platform = Platform(200, {"id": JOB})
    pending = platform.vendor.start(usual_wish(CREATIVE), KEY)
    assert pending == Pending(remote_id=JOB, wait_seconds=10.0, request_id=JOB)
    platform = Platform(202, {"id": JOB, "status": "in-progress"})
    assert platform.vendor.check(JOB, KEY) == pending
    (request,) = platform.requests
    assert (request.method, str(request.url)) == ("GET", f"{DEFAULT_BASE_URL}/v2beta/results/{JOB}")
    assert request.headers["authorization"] == f"Bearer {CANARY}"


def test_a_finished_job_gives_its_picture_under_the_jobs_id():
    answer = drawn()
    answer["result"] = answer.pop("image")
    response = Platform(200, answer, headers={"x-request-id": "other"}).vendor.check(JOB, KEY)
    assert (response.request_id, len(response.images)) == (JOB, 1)


@pytest.mark.parametrize("remote_id", ["../../v1/user/balance", "a?b", "", "a b", "ä"])
def test_a_job_named_by_no_id_is_not_asked_for(remote_id):
    platform = Platform(200, drawn())
    with pytest.raises(OutcomeUnknown):
        platform.vendor.check(remote_id, KEY)
    assert platform.requests == []


def test_a_kept_answer_is_read_again_without_sending(tmp_path):
    platform = Platform(200, drawn(), headers={"x-request-id": "req-7"})
    with transmission(tmp_path / "call"):
        first = platform.vendor.start(wish(), KEY)
    with transmission(tmp_path / "call", replay=True):
        again = platform.vendor.start(wish(), KEY)
    assert again == first
    assert len(platform.requests) == 1


@pytest.mark.parametrize("credits", [0.6336, 12, 0])
def test_the_check_of_a_key_tells_the_credits(credits):
    platform = Platform(200, {"credits": credits})
    sentence = platform.vendor.validate_credentials(KEY)
    assert f"balance, {credits} credits" in sentence
    assert [(request.method, request.url.path) for request in platform.requests] == [("GET", "/v1/user/balance")]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, envelope("unauthorized", "bad key"), Rejected, "key_invalid"),
        (403, envelope("forbidden", "no"), Rejected, "permission_region"),
        (404, {}, Rejected, "capability"),
        (200, {"hello": 1}, Rejected, "capability"),
        (200, {"credits": None}, Rejected, "capability"),
        (429, envelope("rate_limit_exceeded"), Busy, "rate_minute"),
        (500, {}, Busy, "provider_5xx"),
        (408, {}, Busy, "provider_5xx"),
    ],
)
def test_the_check_of_a_key_never_ends_unknown(status, body, kind, code):
    with pytest.raises(kind) as raised:
        Platform(status, body).vendor.validate_credentials(KEY)
    assert raised.value.code == code
