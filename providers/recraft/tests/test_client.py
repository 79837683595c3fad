"""What goes over the wire, and what comes back through the whole vendor."""

from dataclasses import replace

import pytest

from providers.base import Busy, Key, Rejected, ReportedCost
from providers.http import transmission
from providers.recraft.client import DEFAULT_BASE_URL
from providers.recraft.tests.wishes import (
    CANARY,
    CRISP,
    CUT_OUT,
    ERASE,
    FLASH,
    KEY,
    NEWEST,
    OLD,
    REPLACE,
    Platform,
    drawn,
    entry,
    picture,
    usual_wish,
    wish,
)

NO_KEY = "API key not found for recraft. Please set RECRAFT_API_TOKEN in .env file or environment variables."


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("RECRAFT_BASE_URL", raising=False)


def test_a_picture_comes_back_from_one_post_with_its_request_id_and_its_own_charge():
    platform = Platform(200, drawn(credits=35), headers={"X-Recraft-Requestid": "req-7"})
    response = platform.vendor.start(wish(seed=7), KEY)
    (request,) = platform.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/images/generations")
    assert (request.headers["content-type"], request.headers["accept"]) == ("application/json", "application/json")
    assert (response.request_id, response.pictures[0].seed) == ("req-7", 7)
    assert platform.vendor.billed(response, entry(NEWEST)) == ReportedCost("0.035", "USD")


def test_a_seed_is_not_said_of_one_of_several_pictures():
    response = Platform(200, drawn(picture().data, picture().data)).vendor.start(wish(seed=7, num_images=2), KEY)
    assert [one.seed for one in response.pictures] == [None, None]


def test_without_a_charge_every_picture_of_the_answer_is_booked():
    platform = Platform(200, drawn(picture().data, b"<svg/>", credits=None))
    response = platform.vendor.start(wish(num_images=2), KEY)
    assert platform.vendor.billed(response, entry(NEWEST)) == {"image": 2}


def test_the_quote_is_the_number_of_pictures():
    assert Platform(200, {}).vendor.quantities(wish(FLASH, num_images=6), entry(FLASH)) == {"image": 6}


@pytest.mark.parametrize(
    ("model_id", "path"),
    [
        (NEWEST, "generations"), (OLD, "generations"), (ERASE, "eraseRegion"), (CUT_OUT, "removeBackground"),
        (REPLACE, "replaceBackground"), (CRISP, "crispUpscale"), ("recraft-creative-upscale", "creativeUpscale"),
    ],
)  # fmt: skip
def test_every_tool_is_called_at_its_path(model_id, path):
    platform = Platform(200, drawn())
    platform.vendor.start(usual_wish(model_id), KEY)
    assert platform.requests[0].url.path == f"/v1/images/{path}"


def test_an_alias_names_the_same_model():
    platform = Platform(200, drawn())
    platform.vendor.start(replace(wish(), model="recraft-v4.1"), KEY)
    assert platform.body["model"] == NEWEST


def test_the_key_travels_stripped_in_its_header_alone():
    platform = Platform(200, drawn())
    platform.vendor.start(wish(), Key({"RECRAFT_API_TOKEN": f"  {CANARY}\n"}))
    (request,) = platform.requests
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert [name for name, value in request.headers.items() if CANARY in value] == ["authorization"]
    assert CANARY not in str(request.url)
    assert CANARY.encode() not in request.content


def test_the_address_is_read_at_each_call(monkeypatch):
    platform = Platform(200, drawn())
    for base in ("http://127.0.0.1:9191/recraft/v1/", ""):
        monkeypatch.setenv("RECRAFT_BASE_URL", base)
        platform.vendor.start(wish(), KEY)
    found = [str(request.url).removesuffix("/images/generations") for request in platform.requests]
    assert found == ["http://127.0.0.1:9191/recraft/v1", DEFAULT_BASE_URL]


@pytest.mark.parametrize("secret", ["", "   "])
def test_a_missing_key_is_told_in_the_users_words_and_nothing_is_sent(secret):
    platform = Platform(200, drawn())
    key = Key({"RECRAFT_API_TOKEN": secret})
    for call in (lambda: platform.vendor.start(wish(), key), lambda: platform.vendor.validate_credentials(key)):
        with pytest.raises(Rejected) as rejected:
            call()
        assert (rejected.value.code, rejected.value.message) == ("no_key", NO_KEY)
    assert platform.requests == []


@pytest.mark.parametrize("secret", ["two words", "line\r\nx-evil: 1", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_invalid_and_nothing_is_sent(secret):
    platform = Platform(200, drawn())
    with pytest.raises(Rejected) as rejected:
        platform.vendor.start(wish(), Key({"RECRAFT_API_TOKEN": secret}))
    assert rejected.value.code == "key_invalid"
    assert secret not in f"{rejected.value} {rejected.value.remedy}"
    assert platform.requests == []


def test_a_model_that_draws_vectors_is_refused_before_anything_is_sent():
    platform = Platform(200, drawn())
    with pytest.raises(Rejected, match="has no image model") as rejected:
        platform.vendor.start(replace(wish(), model="recraftv4_1_vector"), KEY)
    assert (rejected.value.code, platform.requests) == ("capability", [])


def test_a_kept_answer_is_read_again_without_sending(tmp_path):
    platform = Platform(200, drawn(), headers={"x-recraft-requestid": "req-7"})
    with transmission(tmp_path / "call"):
        first = platform.vendor.start(wish(), KEY)
    with transmission(tmp_path / "call", replay=True):
        again = platform.vendor.start(wish(), KEY)
    assert again == first
    assert len(platform.requests) == 1


@pytest.mark.parametrize("credits", [1000, 0])
def test_the_check_of_a_key_tells_the_units_and_no_persons_name(credits):
    platform = Platform(200, {"credits": credits, "email": "test@example.com", "id": "1", "name": "Recraft Test"})
    sentence = platform.vendor.validate_credentials(KEY)
    assert f"balance, {credits} API units" in sentence
    assert "example.com" not in sentence
    assert [(request.method, str(request.url)) for request in platform.requests] == [
        ("GET", f"{DEFAULT_BASE_URL}/users/me")
    ]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, "request unauthorized", Rejected, "key_invalid"),
        (403, {}, Rejected, "permission_region"),
        (404, "404 page not found", Rejected, "capability"),
        (200, {"hello": 1}, Rejected, "capability"),
        (200, {"credits": "many"}, Rejected, "capability"),
        (200, "<html>", Rejected, "capability"),
        (302, "", Rejected, "capability"),
        (429, {}, Busy, "rate_minute"),
        (500, {}, Busy, "provider_5xx"),
        (408, {}, Busy, "provider_5xx"),
    ],
)
def test_the_check_of_a_key_never_ends_unknown(status, body, kind, code):
    with pytest.raises(kind) as raised:
        Platform(status, body).vendor.validate_credentials(KEY)
    assert raised.value.code == code
