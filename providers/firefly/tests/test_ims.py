"""Tokens: fetched as IMS documents it, kept until shortly before their end, and never shown."""

from urllib.parse import parse_qs

import httpx
import pytest

from providers.base import Busy, Key, Rejected
from providers.firefly.ims import MARGIN_SECONDS, Tokens
from providers.firefly.tests.adobe import BEARER, CANARY, CLIENT, KEY
from providers.http import Door

OTHER = Key({"FIREFLY_CLIENT_ID": CLIENT, "FIREFLY_CLIENT_SECRET": "another"}, public=("FIREFLY_CLIENT_ID",))


class Ims:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.now = 1000.0
        door = Door("Adobe IMS", transport=httpx.MockTransport(self._answer))
        self.tokens = Tokens(door, clock=lambda: self.now)

    def _answer(self, request):
        self.asked.append(request)
        if self.answers:
            return self.answers.pop(0)
        body = {"access_token": f"{BEARER}-{len(self.asked)}", "token_type": "bearer", "expires_in": 86399}
        return httpx.Response(200, json=body)


def test_a_token_is_asked_for_as_adobe_documents_it():
    ims = Ims()
    assert ims.tokens.get(KEY) == f"{BEARER}-1"
    (request,) = ims.asked
    assert (request.method, str(request.url)) == ("POST", "http://ims.test/ims/token/v3")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT],
        "client_secret": [CANARY],
        "scope": ["openid,AdobeID,session,additional_info,read_organizations,firefly_api,ff_apis"],
    }


def test_a_token_is_kept_until_ten_minutes_before_its_end():
    ims = Ims()
    assert [ims.tokens.get(KEY), ims.tokens.get(KEY)] == [f"{BEARER}-1"] * 2
    ims.now += 86399 - MARGIN_SECONDS - 1
    assert ims.tokens.get(KEY) == f"{BEARER}-1"
    ims.now += 2
    assert ims.tokens.known(KEY) == ""
    assert ims.tokens.get(KEY) == f"{BEARER}-2"


def test_each_key_and_each_address_has_a_token_of_its_own(monkeypatch):
    ims = Ims()
    assert ims.tokens.get(KEY) != ims.tokens.get(OTHER)
    monkeypatch.setenv("FIREFLY_IMS_URL", "http://ims2.test/")
    assert ims.tokens.get(KEY) == f"{BEARER}-3"
    assert str(ims.asked[-1].url) == "http://ims2.test/ims/token/v3"


def test_only_the_token_that_failed_is_forgotten():
    ims = Ims()
    token = ims.tokens.get(KEY)
    ims.tokens.forget(KEY, "an older one")
    assert ims.tokens.get(KEY) == token
    ims.tokens.forget(KEY, token)
    assert ims.tokens.get(KEY) == f"{BEARER}-2"


def test_without_a_variable_adobes_own_address_is_asked(monkeypatch):
    monkeypatch.delenv("FIREFLY_IMS_URL")
    ims = Ims()
    ims.tokens.get(KEY)
    assert str(ims.asked[0].url) == "https://ims-na1.adobelogin.com/ims/token/v3"


@pytest.mark.parametrize(
    ("status", "body", "ends", "code"),
    [
        (
            400,
            {"error": "invalid_client", "error_description": f"invalid client_secret {CANARY}"},
            Rejected,
            "key_invalid",
        ),
        (401, {"error": "invalid_client"}, Rejected, "key_invalid"),
        (403, {}, Rejected, "key_invalid"),
        (400, {"error": "invalid_scope"}, Rejected, "permission_region"),
        (404, {}, Rejected, "capability"),
        (200, {"token": "elsewhere"}, Rejected, "capability"),
        (200, {"access_token": "two words"}, Rejected, "capability"),
        (429, {}, Busy, "rate_minute"),
        (408, {}, Busy, "provider_5xx"),
        (503, {}, Busy, "provider_5xx"),
    ],
)
def test_a_refused_token_says_why_and_keeps_the_secret(status, body, ends, code):
    with pytest.raises(ends) as refusal:
        Ims(httpx.Response(status, json=body)).tokens.get(KEY)
    assert refusal.value.code == code
    assert "Nothing was billed." in refusal.value.message
    assert CANARY not in f"{refusal.value.message} {refusal.value.remedy}"


def test_an_answer_that_is_not_json_is_no_token():
    with pytest.raises(Rejected, match="not as Adobe IMS does"):
        Ims(httpx.Response(200, text="<html>")).tokens.get(KEY)


@pytest.mark.parametrize("missing", ["FIREFLY_CLIENT_ID", "FIREFLY_CLIENT_SECRET"])
def test_a_missing_half_of_the_key_is_named_and_nothing_is_sent(missing):
    ims = Ims()
    with pytest.raises(Rejected) as refusal:
        ims.tokens.get(Key({**KEY.values, missing: "  "}))
    assert refusal.value.code == "no_key"
    assert missing in refusal.value.message
    assert "developer.adobe.com/console" in refusal.value.remedy
    assert ims.asked == []


def test_a_half_that_no_header_can_carry_is_invalid():
    with pytest.raises(Rejected) as refusal:
        Ims().tokens.get(Key({**KEY.values, "FIREFLY_CLIENT_ID": "line\r\nx-evil: 1"}))
    assert refusal.value.code == "key_invalid"


def test_the_secret_is_not_among_what_is_kept():
    ims = Ims()
    token = ims.tokens.get(KEY)
    kept = repr(vars(ims.tokens))
    assert CANARY not in kept
    assert token not in kept
