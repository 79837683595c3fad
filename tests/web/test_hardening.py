"""What every address of the hub has in common, read from the URL table so that a new one is held to it too."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as hub_settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings
from whitenoise.base import WhiteNoise

from tests.api.caller import Caller, caller_of
from tests.conftest import Cast, client_of

NOBODYS = "01900000-0000-7000-8000-000000000000"
WORDS = {"uuid": NOBODYS, "int": "1", "str": "nothing", "path": "nothing", "slug": "nothing"}


def addresses(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Every address of the hub, with something in the place of each part that varies."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda part: WORDS[part[1] or "str"], route)


# The admin site's own patterns are regular expressions at their end; those it answers by a redirect.
EVERY = sorted({address for address in addresses() if "(" not in address and "^" not in address})
DOORS = ("/api/v1", "/v1/", "/images/signed")


@pytest.fixture
def alices(cast: Cast) -> Client:
    client = client_of(cast.alice)
    client.raise_request_exception = False
    return client


def assert_safe(address: str, answer: HttpResponse) -> None:
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy, address
    assert "script-src 'self';" in policy or "default-src 'none'" in policy, address
    assert answer["X-Content-Type-Options"] == "nosniff", address
    assert answer["Referrer-Policy"] == "same-origin", address
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin", address
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin", address
    assert answer["X-Frame-Options"] == "DENY", address
    assert "camera=()" in answer["Permissions-Policy"], address
    assert "Server" not in answer.headers, address
    assert "X-Powered-By" not in answer.headers, address


def assert_no_inline_code(address: str, answer: HttpResponse) -> None:
    if answer.streaming or not answer["Content-Type"].startswith("text/html"):
        return
    text = re.sub(r"<(script)[^>]*type=\"application/json\"[^>]*>.*?</script>", "", answer.content.decode(), flags=re.S)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), address
    assert not re.search(r"<style|<[^>]+\sstyle=|<[^>]+\son[a-z]+=|href=\"javascript:", text), address
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?:https?:)?//", text), address


def test_the_table_is_read_whole() -> None:
    assert len(EVERY) > 120
    assert {
        "/",
        "/login/",
        "/api/docs",
        "/api/v1/estimates",
        "/admin/",
        "/status/",
        "/media/previews/" + NOBODYS + "/1",
    } <= {*EVERY}


def test_every_address_answers_with_all_policies_and_without_inline_code(alices: Client, cast: Cast) -> None:
    caller = caller_of(cast.alice)
    for address in EVERY:
        answer = caller.get(address) if address.startswith(DOORS) else alices.get(address)
        assert answer.status_code < 500, address
        assert_safe(address, answer)
        assert_no_inline_code(address, answer)


def test_who_is_not_signed_in_gets_the_same_policies(client: Client, db: None) -> None:
    for address in EVERY:
        answer = client.get(address)
        assert_safe(address, answer)
        assert_no_inline_code(address, answer)


@pytest.mark.parametrize("address", ["/nothing-here", "/api/v1/nothing", "/v1/nothing", "/login/nothing/"])
def test_an_address_that_is_not_there_has_them_too(client: Client, address: str, db: None) -> None:
    assert_safe(address, client.get(address))


def test_every_change_by_a_page_needs_its_token(cast: Cast) -> None:
    """Sign-out and the buttons that test something included: no POST without the token reaches a view."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice.user)
    pages = [address for address in EVERY if not address.startswith((*DOORS, "/api/", "/healthz", "/readyz"))]
    for address in pages:
        assert client.post(address).status_code == 403, address


def test_the_doors_take_no_cookie_for_a_key(cast: Cast) -> None:
    """So that they need no token: what a browser sends by itself lets nobody in."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice.user)
    for address in EVERY:
        if address.startswith("/api/v1"):
            assert client.post(address, {}, "application/json").status_code == 401, address


@pytest.fixture
def behind_tls(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


@pytest.mark.usefixtures("behind_tls")
def test_behind_tls_browsers_are_kept_there(client: Client, db: None) -> None:
    plain = client.get("/login/")
    assert (plain.status_code, plain["Location"]) == (301, "https://testserver/login/")
    answer = client.get("/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert answer.cookies["csrftoken"]["secure"]


def test_cookies_are_for_this_site_alone(cast: Cast) -> None:
    session = client_of(cast.alice).cookies["sessionid"]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
    assert hub_settings.CSRF_COOKIE_SAMESITE == "Lax"


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "a b"])
def test_a_strange_host_is_refused(client: Client, host: str, db: None) -> None:
    answer = client.get("/login/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
    # The API builds absolute addresses, which must never be of the caller's choice.
    assert Caller().get("/api/v1/cloud_models", Host=host).status_code == 400


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(cast: Cast, client: Client, there: str) -> None:
    answer = client.post(
        "/login/", {"username": cast.alice.user.email, "password": "correct horse battery", "next": there}
    )
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert answer["Location"].startswith("/")


@pytest.mark.sqlite_only
def test_the_deployment_check_finds_nothing(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD = (
        31_536_000,
        True,
        True,
    )
    settings.ALLOWED_HOSTS = ["hub.example"]
    call_command("check", "--deploy", "--fail-level", "WARNING")


@pytest.mark.sqlite_only
def test_debug_is_off_and_no_password_is_known_beforehand() -> None:
    text = (hub_settings.BASE_DIR / "cloudhub/settings.py").read_text()
    assert 'env.bool("DEBUG", default=False)' in text
    assert 'env.str("SECRET_KEY", default="")' in text
    assert 'env.str("OWNER_PASSWORD", default="")' in text
    assert "whitenoise" in WhiteNoise.__module__


def test_a_broken_page_shows_no_settings(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"with {hub_settings.SECRET_KEY}")

    monkeypatch.setattr("cloudhub.web.views.status.status_context", broken)
    answer = alices.get("/status/")
    assert answer.status_code == 500
    assert hub_settings.SECRET_KEY not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
