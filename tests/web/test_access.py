"""Who may see and do what on the pages."""

import pytest
from django.test import Client

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import Membership, User
from tests.conftest import PASSWORD, Cast
from tests.web.conftest import HTMX

PAGES = ["/", "/gallery/", "/models/", "/costs/", "/budgets/", "/status/", "/keys/", "/account/", "/gallery/bin/"]
# An id that no row has; fixed, so that every worker of the tests collects the same names.
NOBODYS = "01900000-0000-7000-8000-000000000000"
SPENDING = ["/studio/price", "/studio/generations", "/studio/references", "/studio/mask", "/studio/fields",
            f"/studio/generations/{NOBODYS}/cancel"]  # fmt: skip
MANAGING = ["/models/register", "/models/1/change", "/budgets/", "/budgets/1/change", "/budgets/1/end",
            f"/attempts/{NOBODYS}/decision", "/status/vendors/practice/check", "/status/lanes/1/limits",
            "/status/lanes/1/open", f"/status/attempts/{NOBODYS}/decision", "/keys/vendors/openai",
            "/keys/vendors/openai/try", f"/keys/stored/{NOBODYS}/test", f"/keys/stored/{NOBODYS}/change",
            f"/keys/stored/{NOBODYS}/rotate", f"/keys/stored/{NOBODYS}/revoke",
            "/data/retention", "/data/export", "/data/people/1/erase"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_a_visitor_to_sign_in_and_comes_back(path: str, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=%2F")


@pytest.mark.parametrize("path", PAGES)
def test_owner_and_member_see_every_page(path: str, alices: Client, bobs: Client) -> None:
    assert [alices.get(path).status_code, bobs.get(path).status_code] == [200, 200]


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/"])
def test_a_viewer_sees_every_page_but_the_studio(path: str, victors: Client) -> None:
    page = victors.get(path)
    assert page.status_code == 200
    assert ">Studio</a>" not in page.content.decode()


def test_the_first_page_of_a_viewer_is_the_gallery(victors: Client) -> None:
    assert victors.get("/")["Location"] == "/gallery/"


@pytest.mark.parametrize("path", SPENDING)
def test_a_viewer_may_not_spend(path: str, victors: Client) -> None:
    assert victors.post(path).status_code == 403


@pytest.mark.parametrize("path", MANAGING)
def test_a_member_may_not_manage(path: str, bobs: Client) -> None:
    assert bobs.post(path).status_code == 403


@pytest.mark.parametrize("path", SPENDING + MANAGING)
def test_reading_an_address_that_changes_things_is_refused(path: str, alices: Client) -> None:
    assert path in ("/budgets/", "/data/people/1/erase") or alices.get(path).status_code == 405


def test_an_ended_session_sends_a_fragment_to_the_sign_in_page(client: Client) -> None:
    answer = client.get("/studio/updates", headers={**HTMX, "HX-Current-URL": "http://testserver/?recall=1"})
    assert answer["HX-Redirect"] == "/login/?next=%2F%3Frecall%3D1"


def test_a_refusal_inside_a_page_is_told_at_its_top(victors: Client) -> None:
    answer = victors.post("/studio/price", headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (403, "#problem")
    assert "A viewer may not generate." in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_somebody_without_a_team_is_told_so(bob: Actor, bobs: Client) -> None:
    Membership.objects.filter(user=bob.user).delete()
    page = bobs.get("/")
    assert page.status_code == 403
    assert "You are in no team yet." in page.content.decode()


def test_signing_in_takes_the_e_mail_in_any_case(cast: Cast, client: Client) -> None:
    answer = client.post("/login/", {"username": "ALICE@example.org", "password": PASSWORD, "next": "/costs/"})
    assert answer["Location"] == "/costs/"


def test_a_wrong_password_says_nothing_about_the_account(cast: Cast, client: Client) -> None:
    known = client.post("/login/", {"username": "alice@example.org", "password": "wrong"}).content.decode()
    unknown = client.post("/login/", {"username": "nobody@example.org", "password": "wrong"}).content.decode()
    assert "do not match an account" in known
    assert "do not match an account" in unknown


def test_signing_in_never_leads_to_another_site(cast: Cast, client: Client) -> None:
    data = {"username": "alice@example.org", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/login/", data)["Location"] == "/"


def test_signing_out_is_a_post(alices: Client) -> None:
    assert alices.get("/logout/").status_code == 405
    assert alices.post("/logout/")["Location"] == "/login/"
    assert alices.get("/").status_code == 302


def test_every_post_needs_the_token_of_its_page(alice: Actor) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice.user)
    answer = strict.post("/studio/generations", {"model": "practice-1", "prompt": "x"})
    assert answer.status_code == 403
    assert "nothing was done" in answer.content.decode()


def test_an_inactive_person_is_signed_out(bob: Actor, bobs: Client) -> None:
    User.objects.filter(pk=bob.user.pk).update(is_active=False)
    assert bobs.get("/").status_code == 302


def test_an_unknown_address_has_a_page_in_the_same_look(alices: Client) -> None:
    page = alices.get("/nowhere/")
    assert page.status_code == 404
    assert "Not found" in page.content.decode()


def test_every_page_forbids_foreign_scripts_and_styles(alices: Client) -> None:
    policy = alices.get("/")["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
