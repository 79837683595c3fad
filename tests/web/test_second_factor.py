"""The second factor: set up, asked for, tried too often, lost, and required."""

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django import Settings

from cloudhub.accounts.actor import Actor
from tests.conftest import PASSWORD, Cast, client_of, key_of
from tests.web.conftest import HTMX

SIGN_IN = {"username": "bob@example.org", "password": PASSWORD}


def code_of(secret: str, steps: int = 0) -> str:
    """RFC 6238 with SHA-1, six digits, thirty seconds."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def confirm(client: Client) -> None:
    assert client.post("/account/confirm/", {"password": PASSWORD}).status_code == 302


def set_up(client: Client) -> tuple[str, list[str]]:
    """The secret of the app, and the recovery codes as they are shown once."""
    confirm(client)
    page = client.get("/account/second-factor/app/").content.decode()
    secret = re.search(r'class="secret"[^>]*>([A-Z2-7]+)<', page).group(1)
    shown = client.post("/account/second-factor/app/", {"code": code_of(secret)}, follow=True).content.decode()
    return secret, re.findall(r"<li><code>(\w+)</code></li>", shown)


@pytest.fixture
def signed_up(bobs: Client) -> tuple[str, list[str]]:
    return set_up(bobs)


def test_setting_up_asks_again_who_it_is(bobs: Client) -> None:
    assert bobs.get("/account/second-factor/app/")["Location"].startswith("/account/confirm/")
    wrong = bobs.post("/account/confirm/", {"password": "wrong"})
    assert wrong.status_code == 422
    assert "no-store" in wrong["Cache-Control"]


def test_guessing_the_password_in_an_open_session_is_limited(bobs: Client) -> None:
    answers = [bobs.post("/account/confirm/", {"password": f"wrong {n}"}).status_code for n in range(11)]
    assert answers == [422] * 10 + [429]


def test_recovery_codes_are_shown_once(bobs: Client, signed_up: tuple[str, list[str]]) -> None:
    assert len(signed_up[1]) == 10
    again = bobs.get("/account/second-factor/codes/").content.decode()
    assert signed_up[1][0] not in again
    assert "not shown again" in again


def test_a_wrong_code_sets_nothing_up(bobs: Client) -> None:
    confirm(bobs)
    bobs.get("/account/second-factor/app/")
    assert bobs.post("/account/second-factor/app/", {"code": "000000"}).status_code == 422
    assert not Authenticator.objects.exists()


def test_after_the_password_comes_the_code(client: Client, signed_up: tuple[str, list[str]]) -> None:
    answer = client.post("/login/", {**SIGN_IN, "next": "/gallery/"})
    assert answer["Location"] == "/account/second-factor/ask/"
    for path in ("/", "/gallery/", "/account/second-factor/", "/admin/"):
        assert client.get(path).status_code == 302, path
    assert client.post("/account/second-factor/ask/", {"code": "000000"}).status_code == 422
    # The next step's code: the present one was used up by setting up.
    done = client.post("/account/second-factor/ask/", {"code": code_of(signed_up[0], 1)})
    assert done["Location"] == "/gallery/"
    assert client.get("/gallery/").status_code == 200


def test_a_code_works_once(signed_up: tuple[str, list[str]]) -> None:
    code = code_of(signed_up[0], 1)
    answers = []
    for _ in range(2):
        client = Client()
        client.post("/login/", SIGN_IN)
        answers.append(client.post("/account/second-factor/ask/", {"code": code}).status_code)
    assert answers == [302, 422]


def test_a_recovery_code_works_once(signed_up: tuple[str, list[str]]) -> None:
    answers = []
    for _ in range(2):
        client = Client()
        client.post("/login/", SIGN_IN)
        answers.append(client.post("/account/second-factor/ask/", {"code": signed_up[1][0]}).status_code)
    assert answers == [302, 422]


def test_codes_are_limited_also_over_new_sign_ins(signed_up: tuple[str, list[str]]) -> None:
    answers = []
    for number in range(11):
        client = Client()
        client.post("/login/", SIGN_IN)
        answers.append(client.post("/account/second-factor/ask/", {"code": f"{number:06d}"}))
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_removing_the_app_asks_again_and_takes_the_codes_along(bobs: Client, signed_up: tuple[str, list[str]]) -> None:
    assert "Remove the app" in bobs.get("/account/second-factor/").content.decode()
    assert bobs.post("/account/second-factor/app/remove/").status_code == 302
    assert not Authenticator.objects.exists()
    late = client_of_bob_without_confirmation(bobs)
    assert late["Location"].startswith("/account/confirm/")


def client_of_bob_without_confirmation(bobs: Client) -> object:
    session = bobs.session
    session.pop("account_authentication_methods")
    session.save()
    return bobs.get("/account/second-factor/app/")


def test_a_lost_one_is_removed_by_the_owner(alices: Client, client: Client, bob: Actor, signed_up: object) -> None:
    assert "second factor on" in alices.get("/people/").content.decode()
    alices.post(f"/people/{bob.user.pk}/remove-second-factor")
    assert client.post("/login/", SIGN_IN)["Location"] == "/"


@pytest.mark.parametrize(("rule", "led"), [("", 0), ("owner", 2), ("everyone", 4)])
def test_the_rule_says_who_must_have_one(cast: Cast, settings: Settings, rule: str, led: int) -> None:
    settings.REQUIRE_SECOND_FACTOR = rule
    answers = [client_of(actor).get("/models/") for actor in (cast.alice, cast.charlie, cast.bob, cast.victor)]
    assert [answer.status_code for answer in answers] == [302] * led + [200] * (4 - led)
    assert {answer["Location"] for answer in answers[:led]} <= {"/account/second-factor/"}


def test_who_must_have_one_is_led_to_it_from_everywhere(alices: Client, cast: Cast, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "owner"
    for path in ("/", "/admin/", "/admin/accounts/user/", "/account/", "/people/", "/api/docs"):
        assert alices.get(path)["Location"] == "/account/second-factor/", path
    assert alices.post("/studio/price", headers=HTMX)["HX-Redirect"] == "/account/second-factor/"
    assert alices.post("/people/teams", {"name": "Mine"})["Location"] == "/account/second-factor/"
    assert "asks you for a second factor" in alices.get("/account/second-factor/").content.decode()
    set_up(alices)
    assert alices.get("/people/").status_code == 200
    assert alices.get("/admin/").status_code == 200


def test_programs_go_on_without_one(cast: Cast, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "everyone"
    headers = {"Authorization": f"Bearer {key_of(cast.bob)}"}
    assert Client().get("/api/v1/generations", headers=headers).status_code == 200


def test_signing_out_is_always_open(alices: Client, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "everyone"
    assert alices.post("/logout/")["Location"] == "/login/"
