"""The Account page: team, hub keys, password."""

from django.test import Client

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import Membership, Role
from tests.conftest import PASSWORD, Cast

NEW = "another horse battery"


def test_the_team_is_switched_for_this_browser(bobs: Client, bob: Actor, cast: Cast) -> None:
    Membership.objects.create(user=bob.user, team=cast.other_team, role=Role.VIEWER)
    bobs.post("/account/team", {"team": cast.other_team.pk})
    assert "viewer of Elsewhere" in bobs.get("/account/").content.decode()


def test_a_team_that_one_is_not_in_cannot_be_entered(bobs: Client, cast: Cast) -> None:
    bobs.post("/account/team", {"team": cast.other_team.pk})
    assert "member of Studio" in bobs.get("/account/").content.decode()


def test_a_new_password_is_taken_and_the_browser_stays_signed_in(bobs: Client, bob: Actor) -> None:
    data = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert bobs.post("/account/password", data).status_code == 302
    bob.user.refresh_from_db()
    assert bob.user.check_password(NEW)
    assert bobs.get("/account/").status_code == 200


def test_a_wrong_old_password_stands_at_its_field(bobs: Client, bob: Actor) -> None:
    answer = bobs.post("/account/password", {"old_password": "no", "new_password1": NEW, "new_password2": NEW})
    assert answer.status_code == 422
    assert 'id="id_old_password-error"' in answer.content.decode()
    bob.user.refresh_from_db()
    assert bob.user.check_password(PASSWORD)
