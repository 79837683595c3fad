"""The People page, invitations by link, and who may use a model."""

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from cloudhub.accounts.models import Invitation, Membership, Team, User
from cloudhub.accounts.owners import make_hub_owner
from tests.conftest import PASSWORD, Cast, client_of
from tests.web.test_sign_in import mails

DORA = {"email": "dora@example.org", "role": "viewer"}
NEW = "a horse of Dora"
HERE = "/invitations/"


def place(cast: Cast, name: str) -> int:
    return Membership.objects.get(user=getattr(cast, name).user).pk


def link_in(page: str) -> str:
    return re.search(r"http://testserver(/invitations/[^<]+)", page).group(1)


def open_link(client: Client, link: str) -> str:
    """The page to which a link leads, without its token in the address."""
    assert client.get(link)["Location"] == HERE
    return client.get(HERE).content.decode()


def test_an_owner_of_the_hub_sees_everybody_and_all_teams(alices: Client) -> None:
    page = alices.get("/people/").content.decode()
    for words in ("Everybody on this hub", "charlie@example.org", "Elsewhere", "owner of the hub"):
        assert words in page


def test_an_owner_of_the_hub_is_led_to_erasing_a_person(alices: Client, charlies: Client, cast: Cast) -> None:
    address = f"/data/people/{cast.bob.user.pk}/erase"
    assert f'href="{address}"' in alices.get("/people/").content.decode()
    assert "/erase" not in charlies.get("/people/").content.decode()
    alices.post(address, {"confirmation": "bob@example.org", "work": "keep"})
    page = alices.get("/people/").content.decode()
    assert f"former member {cast.bob.user.pk}" in page
    # Who was erased can be neither erased again nor let in again.
    assert address not in page
    assert f"/people/{cast.bob.user.pk}/" not in page


def test_a_team_owner_sees_the_own_team_alone(charlies: Client, cast: Cast) -> None:
    page = charlies.get(f"/people/?team={cast.other_team.pk}").content.decode()
    assert "charlie@example.org" in page
    for words in ("Everybody on this hub", "bob@example.org", "Studio</option>"):
        assert words not in page
    assert charlies.get(f"/people/?team={cast.team.pk}").status_code == 404


@pytest.mark.parametrize("name", ["bobs", "victors"])
def test_others_have_no_such_page(name: str, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue(name)
    assert client.get("/people/").status_code == 403
    assert "/people/" not in client.get("/account/").content.decode()


def test_role_and_place_are_changed(alices: Client, cast: Cast) -> None:
    there = alices.post(f"/people/members/{place(cast, 'bob')}/role", {"role": "owner"})["Location"]
    assert "bob@example.org is owner of Studio now" in alices.get(there).content.decode()
    alices.post(f"/people/members/{place(cast, 'bob')}/remove")
    assert not Membership.objects.filter(user=cast.bob.user).exists()
    assert alices.post("/people/members/999999/remove").status_code == 404


def test_the_last_owner_is_told_why_not(alices: Client, cast: Cast) -> None:
    answer = alices.post(f"/people/{cast.alice.user.pk}/withdraw-ownership")
    assert answer.status_code == 409
    assert "without an owner who can act" in answer.content.decode()


def test_people_are_deactivated_and_let_in_again(alices: Client, cast: Cast) -> None:
    number = cast.bob.user.pk
    assert "is shut out" in alices.post(f"/people/{number}/deactivate", follow=True).content.decode()
    assert Client().post("/login/", {"username": "bob@example.org", "password": PASSWORD}).status_code == 422
    assert "may come in again" in alices.post(f"/people/{number}/reactivate", follow=True).content.decode()
    assert "owner of the hub now" in alices.post(f"/people/{number}/make-owner", follow=True).content.decode()
    assert client_of(cast.bob).get("/admin/").status_code == 200


def test_teams_are_made_renamed_and_archived(alices: Client, cast: Cast) -> None:
    assert "Posters is made" in alices.post("/people/teams", {"name": "Posters"}, follow=True).content.decode()
    team = Team.objects.get(name="Posters")
    taken = alices.post(f"/people/teams/{team.pk}/rename", {"name": "Studio"})
    assert taken.status_code == 422
    assert 'id="rename-error"' in taken.content.decode()
    nameless = alices.post("/people/teams", {"name": " "})
    assert 'id="team-name-error"' in nameless.content.decode()
    for verb, word in (("archive", "is archived"), ("open", "is open again")):
        assert word in alices.post(f"/people/teams/{team.pk}/{verb}", follow=True).content.decode()


def test_an_invitation_is_shown_once_and_taken_up_by_a_newcomer(alices: Client, client: Client, cast: Cast) -> None:
    answer = alices.post("/people/invitations", {**DORA, "team": cast.team.pk})
    assert "no-store" in answer["Cache-Control"]
    link = link_in(answer.content.decode())
    assert link not in alices.get("/people/").content.decode()
    assert mail.outbox == []
    assert "Choose a password" in open_link(client, link)
    weak = client.post(HERE, {"password": "short"})
    assert weak.status_code == 422
    assert 'id="password-error"' in weak.content.decode()
    before = client.session.session_key
    assert client.post(HERE, {"password": NEW})["Location"] == "/"
    assert client.session.session_key != before
    assert "viewer of Studio" in client.get("/account/").content.decode()
    assert Client().get(link, follow=True).status_code == 404


def test_an_invitation_is_mailed_where_there_is_mail(alices: Client, cast: Cast, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example.org"
    page = alices.post("/people/invitations", DORA).content.decode()
    letter = mails(1)[0]
    assert letter.to == ["dora@example.org"]
    assert link_in(page) in letter.body


def test_what_was_typed_stays_when_it_is_refused(alices: Client) -> None:
    page = alices.post("/people/invitations", {"email": "bob@example.org", "role": "viewer"})
    assert page.status_code == 422
    assert 'value="bob@example.org"' in page.content.decode()
    assert '<option value="viewer" selected>' in page.content.decode()


def test_an_invitation_is_withdrawn(alices: Client, client: Client) -> None:
    link = link_in(alices.post("/people/invitations", DORA).content.decode())
    alices.post(f"/people/invitations/{Invitation.objects.get().pk}/withdraw")
    assert client.get(link, follow=True).status_code == 404
    assert client.post(HERE, {"password": NEW}).status_code == 404
    assert not User.objects.filter(email="dora@example.org").exists()


def test_somebody_with_an_account_signs_in_and_joins(alices: Client, bobs: Client, client: Client, cast: Cast) -> None:
    invited = {"email": "charlie@example.org", "role": "member"}
    link = link_in(alices.post("/people/invitations", invited).content.decode())
    assert f"/login/?next={HERE}" in open_link(client, link)
    assert "signed in as bob@example.org" in open_link(bobs, link)
    assert bobs.post(HERE).status_code == 403
    data = {"username": "charlie@example.org", "password": PASSWORD, "next": HERE}
    assert client.post("/login/", data)["Location"] == HERE
    assert "Join the team" in client.get(HERE).content.decode()
    client.post(HERE)
    assert "member of Studio" in client.get("/account/").content.decode()


def test_trying_links_is_limited(client: Client, cast: Cast) -> None:
    answers = [client.get(f"/invitations/guess-{n}/", follow=True).status_code for n in range(21)]
    assert answers == [404] * 20 + [429]


def test_a_model_is_kept_for_some_on_the_models_page(
    alices: Client, bobs: Client, charlies: Client, cast: Cast
) -> None:
    address = f"/models/{cast.practice.pk}/access"
    assert "Save who may use it" not in charlies.get("/models/").content.decode()
    assert charlies.post(address, {"teams": [cast.other_team.pk]}).status_code == 403
    assert alices.post(address, {"teams": [cast.other_team.pk]}).status_code == 302
    assert "for some only" in alices.get("/models/").content.decode()
    for page in ("/models/", "/"):
        assert 'practice-1"' not in bobs.get(page).content.decode()
    assert bobs.post("/studio/generations", {"model": "practice-1", "prompt": "x"}).status_code == 403
    assert "practice-1" in charlies.get("/models/").content.decode()
    refused = alices.post(address, {"teams": ["nothing"]})
    assert refused.status_code == 422
    assert 'id="teams-error"' in refused.content.decode()


def test_an_owner_of_the_hub_may_work_whatever_their_role_in_the_team(cast: Cast) -> None:
    make_hub_owner(cast.alice, cast.victor.user.pk)
    assert client_of(cast.victor).get("/people/").status_code == 200
