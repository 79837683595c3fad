"""Single sign-on against a real identity provider on loopback, through every redirect."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.test import Client
from django.test.client import Client as Browser
from pytest_django import Settings

from cloudhub.accounts.actor import Origin
from cloudhub.accounts.invitations import accept_as_newcomer, invite
from cloudhub.accounts.models import AuditEntry, User
from cloudhub.accounts.passwords import record_reset
from tests.conftest import PASSWORD, Cast, client_of
from tests.web.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

pytestmark = pytest.mark.sqlite_only

START = "/account/single-sign-on/hub/"
BOB = {"sub": "bob-1", "email": "bob@example.org", "email_verified": True}


@pytest.fixture
def provider(settings: Settings) -> Iterator[IdentityProvider]:
    running = IdentityProvider(claims=dict(BOB))
    server = running.server()
    app = {"provider_id": "hub", "name": "Our house", "client_id": CLIENT_ID, "secret": CLIENT_SECRET,
           "settings": {"server_url": running.url}}  # fmt: skip
    settings.OIDC_SERVER_URL, settings.OIDC_NAME = running.url, "Our house"
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield running
    server.shutdown()
    server.server_close()


def come_in(browser: Browser, start: str = START) -> str:
    """Go through the provider and back; the page's address where it ends."""
    away = browser.get(start)
    assert away.status_code == 302
    back = httpx.get(away["Location"]).headers["Location"]
    parts = urlsplit(back)
    return browser.get(f"{parts.path}?{parts.query}")["Location"]


def connect(browser: Browser) -> str:
    """Press the button of the Account page, and go through the provider and back."""
    away = browser.post(START, {"process": "connect"})
    assert (away.status_code, away["Refresh"][:7]) == (200, "0; url=")
    back = httpx.get(away["Refresh"][7:]).headers["Location"]
    parts = urlsplit(back)
    return browser.get(f"{parts.path}?{parts.query}")["Location"]


def told(browser: Browser) -> str:
    return browser.get("/login/").content.decode()


def is_in(browser: Browser) -> bool:
    return browser.get("/account/").status_code == 200


def test_a_known_person_comes_in_and_a_proven_one_keeps_the_password(
    provider: IdentityProvider, client: Client, cast: Cast
) -> None:
    record_reset(cast.bob.user, Origin("page"))
    assert f'href="{START}?next=/gallery/"' in client.get("/login/?next=/gallery/").content.decode()
    assert come_in(client, f"{START}?next=/gallery/") == "/gallery/"
    assert "bob@example.org" in client.get("/account/").content.decode()
    assert Client().post("/login/", {"username": "bob@example.org", "password": PASSWORD}).status_code == 302
    again = Client()
    provider.claims["email"] = "robert@example.org"
    come_in(again)
    assert "bob@example.org" in again.get("/account/").content.decode(), "known by number from now on"
    assert AuditEntry.objects.filter(action="single_sign_on.connected").count() == 1


def test_whoever_made_an_account_for_anothers_address_is_shut_out(
    provider: IdentityProvider, client: Client, cast: Cast
) -> None:
    """The maker opened the link that was shown, and has never seen the mailbox."""
    _, token = invite(cast.charlie, email="cfo@example.org", role="member", team=cast.other_team)
    accept_as_newcomer(token, password=PASSWORD, origin=Origin("page"))
    maker = Client()
    credentials = {"username": "cfo@example.org", "password": PASSWORD}
    assert maker.post("/login/", credentials).status_code == 302
    provider.claims = {"sub": "cfo", "email": "cfo@example.org", "email_verified": True}
    assert come_in(client) == "/"
    page = client.get("/account/").content.decode()
    assert "The password and the sessions of this account from before have ended" in page
    assert not is_in(maker)
    assert Client().post("/login/", credentials).status_code == 422
    line = AuditEntry.objects.get(action="password.withdrawn")
    assert (line.who, line.team) == ("cfo@example.org", cast.other_team)
    again = Client()
    assert come_in(again) == "/"
    assert is_in(client), "sessions that single sign-on began go on"


@pytest.mark.parametrize("verified", [False, None, "true", "false", 1])
def test_what_is_not_surely_verified_takes_nothing_over(
    provider: IdentityProvider, client: Client, cast: Cast, verified: object
) -> None:
    provider.claims["email_verified"] = verified
    assert come_in(client) == "/login/"
    assert "does not say that your e-mail address is verified" in told(client)
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


def test_another_number_with_the_same_address_is_another_person(provider: IdentityProvider, cast: Cast) -> None:
    come_in(Client())
    provider.claims["sub"] = "bob-2"
    other = Client()
    assert come_in(other) == "/login/"
    assert "connected with somebody else" in told(other)
    assert not is_in(other)


def test_two_answers_about_two_people_are_refused(provider: IdentityProvider, client: Client, cast: Cast) -> None:
    provider.userinfo = {"sub": "somebody-else"}
    assert come_in(client) == "/login/"
    assert "two people" in told(client)


def test_a_token_for_another_program_is_refused(provider: IdentityProvider, client: Client, cast: Cast) -> None:
    provider.audience = "another-program"
    back = httpx.get(client.get(START)["Location"]).headers["Location"]
    parts = urlsplit(back)
    assert "no usable answer" in client.get(f"{parts.path}?{parts.query}").content.decode()
    assert not is_in(client)


def test_an_answer_that_nobody_asked_for_is_refused(provider: IdentityProvider, client: Client, cast: Cast) -> None:
    back = httpx.get(client.get(START)["Location"]).headers["Location"]
    parts = urlsplit(back)
    victim = Client()
    victim.get(f"{parts.path}?{parts.query}")
    assert not is_in(victim)


def test_strangers_stay_out_and_the_invited_come_in(provider: IdentityProvider, client: Client, cast: Cast) -> None:
    provider.claims = {"sub": "dora", "email": "dora@example.org", "email_verified": True}
    come_in(client)
    assert "no account and no invitation" in told(client)
    assert not User.objects.filter(email="dora@example.org").exists()
    invite(cast.alice, email="dora@example.org", role="viewer", team=cast.team)
    come_in(client)
    page = client.get("/account/").content.decode()
    assert "viewer of Studio" in page
    assert "you come in by single sign-on" in page


def test_an_owner_of_the_hub_connects_it_once_with_the_password(provider: IdentityProvider, cast: Cast) -> None:
    provider.claims = {"sub": "alice", "email": "alice@example.org", "email_verified": True}
    stranger = Client()
    assert come_in(stranger) == "/login/"
    assert not is_in(stranger)
    alices = client_of(cast.alice)
    assert "Connect Our house" in alices.get("/account/").content.decode()
    alices.post("/account/confirm/", {"password": PASSWORD})
    assert connect(alices) == "/account/"
    assert "Connected." in alices.get("/account/").content.decode()
    again = Client()
    assert come_in(again) == "/"
    assert again.get("/people/").status_code == 200


def test_connecting_takes_the_form_and_its_token(provider: IdentityProvider, cast: Cast) -> None:
    bobs = client_of(cast.bob)
    for process in ("connect", "redirect"):
        assert bobs.get(f"{START}?process={process}")["Location"] == "/account/"
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(cast.bob.user)
    assert careful.post(START, {"process": "connect"}).status_code == 403
    assert Client().post(START, {"process": "connect"}).status_code == 302


def test_connecting_asks_for_the_password_first(provider: IdentityProvider, cast: Cast) -> None:
    bobs = client_of(cast.bob)
    assert connect(bobs) == "/account/confirm/"
    assert not SocialAccount.objects.exists()
    assert bobs.post("/account/confirm/", {"password": PASSWORD})["Location"] == "/account/"
    assert SocialAccount.objects.get().user == cast.bob.user


@pytest.mark.parametrize(
    "claims", [{"email": "mallory@example.org"}, {"email_verified": False}, {"email": "bo\N{KELVIN SIGN}@example.org"}]
)
def test_nobody_is_connected_with_another_address(
    provider: IdentityProvider, cast: Cast, claims: dict[str, object]
) -> None:
    provider.claims |= claims
    bobs = client_of(cast.bob)
    bobs.post("/account/confirm/", {"password": PASSWORD})
    assert connect(bobs) == "/account/"
    assert not SocialAccount.objects.exists()
    assert "e-mail address" in bobs.get("/account/").content.decode()


def test_a_deactivated_person_stays_out_also_when_connected(
    provider: IdentityProvider, client: Client, cast: Cast
) -> None:
    come_in(client)
    User.objects.filter(pk=cast.bob.user.pk).update(is_active=False)
    again = Client()
    assert come_in(again) == "/account/inactive/"
    assert again.get("/account/inactive/").status_code == 200
    assert not is_in(again)


def test_the_second_factor_is_asked_after_the_provider(provider: IdentityProvider, client: Client, cast: Cast) -> None:
    Authenticator.objects.create(user=cast.bob.user, type=Authenticator.Type.TOTP, data={"secret": "A" * 32})
    assert come_in(client) == "/account/second-factor/ask/"
    assert not is_in(client)


def test_a_provider_in_the_database_opens_no_door(client: Client, cast: Cast) -> None:
    SocialApp.objects.create(provider="openid_connect", provider_id="evil", name="Evil", client_id="x",
                             settings={"server_url": "http://127.0.0.1:9"})  # fmt: skip
    assert client.get("/account/single-sign-on/evil/").status_code == 404
    assert client.get(START).status_code == 404
    assert "single-sign-on" not in told(client)
