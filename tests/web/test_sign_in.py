"""Signing in: the session, what is told and what is not, how often it may be tried, and a forgotten password."""

import re
import time
from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry, User
from tests.conftest import PASSWORD, Cast, client_of

SIGN_IN = {"username": "bob@example.org", "password": PASSWORD}
WRONG = {**SIGN_IN, "password": "a wrong password"}
NEW = "another horse battery"


@pytest.fixture
def mailing(settings: Settings) -> Iterator[Settings]:
    """A hub that can send mail; it lands in `mail.outbox`."""
    settings.EMAIL_URL = "smtp://mail.example.org"
    return settings


def mails(count: int) -> list[mail.EmailMessage]:
    """They go out in threads of their own."""
    last = time.monotonic() + 10
    while len(mail.outbox) < count and time.monotonic() < last:
        time.sleep(0.01)
    return mail.outbox


def test_the_session_is_a_new_one_after_signing_in(client: Client, cast: Cast) -> None:
    client.get("/login/")
    session = client.session
    session["planted"] = "by somebody"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    assert client.post("/login/", SIGN_IN)["Location"] == "/"
    assert client.session.session_key != before
    client.cookies["sessionid"] = before
    assert client.get("/account/").status_code == 302


def test_the_address_counts_in_any_case_and_with_blanks(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.user.pk).update(email="Bob@Example.org")
    assert client.post("/login/", {**SIGN_IN, "username": " BOB@example.ORG "}).status_code == 302


def test_an_address_without_a_dot_signs_in(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.user.pk).update(email="owner@hub")
    assert client.post("/login/", {**SIGN_IN, "username": "owner@hub"}).status_code == 302


def test_wrong_unknown_and_deactivated_are_told_alike(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.victor.user.pk).update(is_active=False)
    told = set()
    for username, password in (("bob@example.org", "wrong"), ("nobody@example.org", "wrong"),
                               ("victor@example.org", PASSWORD), ("not an address", "wrong")):  # fmt: skip
        answer = client.post("/login/", {"username": username, "password": password})
        assert answer.status_code == 422
        told.add(re.search(r'id="sign-in-error">.*?</div>', answer.content.decode(), re.DOTALL).group())
        assert f'value="{username}"' in answer.content.decode()
    assert len(told) == 1


def test_failures_for_one_account_are_limited_whatever_its_spelling(client: Client, cast: Cast) -> None:
    for number in range(10):
        username = "BOB@example.org" if number % 2 else "bob@example.org"
        assert client.post("/login/", {**WRONG, "username": username}).status_code == 422
    limited = client.post("/login/", SIGN_IN)
    assert limited.status_code == 429
    assert int(limited["Retry-After"]) > 0
    assert "Wait five minutes" in limited.content.decode()
    assert client.post("/login/", {**SIGN_IN, "username": "charlie@example.org"}).status_code == 302


def test_tries_from_one_address_are_limited(client: Client, cast: Cast) -> None:
    answers = [client.post("/login/", {**WRONG, "username": f"{n}@example.org"}).status_code for n in range(31)]
    assert answers == [422] * 30 + [429]
    assert Client(REMOTE_ADDR="192.0.2.9").post("/login/", SIGN_IN).status_code == 302


def test_signing_in_well_uses_no_tries_up(cast: Cast) -> None:
    assert [Client().post("/login/", SIGN_IN).status_code for _ in range(12)] == [302] * 12


def test_changing_the_password_is_limited_and_ends_other_sessions(bob: Actor, cast: Cast) -> None:
    here, there = Client(), Client()
    for browser in (here, there):
        assert browser.post("/login/", SIGN_IN).status_code == 302
    assert here.post("/account/password", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (200, 302)
    assert here.get("/account/").content.decode().count("this browser") == 1
    assert AuditEntry.objects.get(action="password.changed").user == bob.user
    wrong = {"old_password": "no", "new_password1": PASSWORD, "new_password2": PASSWORD}
    answers = [here.post("/account/password", wrong) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.parametrize("password", ["short", "password123", "bob@example.org", "12345678901"])
def test_weak_passwords_are_refused(bobs: Client, bob: Actor, password: str) -> None:
    data = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    assert bobs.post("/account/password", data).status_code == 422
    bob.user.refresh_from_db()
    assert bob.user.check_password(PASSWORD)


def test_sessions_are_listed_and_ended(cast: Cast) -> None:
    firefox, chrome = (Client(HTTP_USER_AGENT=f"Mozilla/5.0 (X11; Linux x86_64) {name}/140.0")
                       for name in ("Firefox", "Chrome"))  # fmt: skip
    for browser in (firefox, chrome):
        browser.post("/login/", SIGN_IN)
    page = firefox.get("/account/").content.decode()
    assert "Firefox on Linux" in page
    assert "Chrome on Linux" in page
    number = re.search(r"/account/sessions/(\d+)/end", page).group(1)
    assert client_of(cast.charlie).post(f"/account/sessions/{number}/end").status_code == 404
    assert firefox.post(f"/account/sessions/{number}/end").status_code == 302
    assert (firefox.get("/account/").status_code, chrome.get("/account/").status_code) == (200, 302)


def test_all_other_sessions_are_ended_at_once(cast: Cast) -> None:
    browsers = [Client() for _ in range(3)]
    for browser in browsers:
        browser.post("/login/", SIGN_IN)
    browsers[0].post("/account/sessions/end-others")
    assert [browser.get("/account/").status_code for browser in browsers] == [200, 302, 302]


def test_without_mail_no_password_is_reset(client: Client, cast: Cast) -> None:
    assert client.get("/account/password/reset/").status_code == 404
    assert "Forgot" not in client.get("/login/").content.decode()


def test_a_password_is_reset_by_mail(mailing: Settings, client: Client, bob: Actor) -> None:
    signed_in = client_of(bob)
    assert "Forgot" in client.get("/login/").content.decode()
    assert client.post("/account/password/reset/", {"email": "BOB@example.org"}).status_code == 302
    letter = mails(1)[0]
    assert letter.to == ["bob@example.org"]
    link = re.search(r"http://testserver(\S+)", letter.body).group(1)
    form = client.get(link, follow=True)
    there = form.redirect_chain[-1][0]
    assert link != there, "the key must leave the address bar"
    assert client.post(there, {"password1": "short", "password2": "short"}).status_code == 422
    assert client.post(there, {"password1": NEW, "password2": NEW}).status_code == 302
    assert client.post("/login/", {**SIGN_IN, "password": NEW}).status_code == 302
    assert signed_in.get("/account/").status_code == 302
    line = AuditEntry.objects.get(action="password.reset")
    assert (line.user, line.team, line.door) == (bob.user, bob.team, "page")
    assert "has been used or has run out" in Client().get(link, follow=True).content.decode()


def test_asking_for_an_unknown_address_is_answered_alike_and_writes_to_nobody(
    mailing: Settings, client: Client, cast: Cast
) -> None:
    User.objects.filter(pk=cast.victor.user.pk).update(is_active=False)
    cast.charlie.user.set_unusable_password()
    cast.charlie.user.save()
    pages = {
        Client().post("/account/password/reset/", {"email": email}, follow=True).content.partition(b"<main")[2]
        for email in ("nobody@example.org", "victor@example.org", "charlie@example.org", "bob@example.org")
    }
    assert len(pages) == 1
    assert [letter.to for letter in mails(1)] == [["bob@example.org"]]


def test_asking_for_mail_is_limited(mailing: Settings, client: Client, cast: Cast) -> None:
    answers = [client.post("/account/password/reset/", {"email": "bob@example.org"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_nobody_signs_up_alone(client: Client) -> None:
    for path in ("/account/signup/", "/signup/", "/accounts/signup/"):
        assert client.get(path).status_code == 404


LOOK_ALIKE = "victim@b\u0131gsite.com"


def test_a_look_alike_address_gets_no_link_and_the_stored_one_does(
    mailing: Settings, client: Client, cast: Cast
) -> None:
    """PostgreSQL folds the dotless letter of another domain to an "i"."""
    User.objects.filter(pk=cast.bob.user.pk).update(email="Victim@bigsite.com")
    client.post("/account/password/reset/", {"email": LOOK_ALIKE})
    client.post("/account/password/reset/", {"email": "victim@BIGSITE.com"})
    assert [letter.to for letter in mails(1)] == [["Victim@bigsite.com"]]
    assert client.post("/login/", {**SIGN_IN, "username": LOOK_ALIKE}).status_code == 422
