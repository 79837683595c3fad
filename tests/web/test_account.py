"""The Account page: team, hub keys, password."""

from datetime import timedelta

from django.test import Client

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.hub_keys import find_hub_key
from cloudhub.accounts.models import HubKey, Membership, Role
from tests.conftest import PASSWORD, Cast, key_of

NEW = "another horse battery"


def test_a_key_is_shown_once_and_works(bobs: Client, bob: Actor) -> None:
    text = bobs.post("/account/keys", {"name": "script", "scopes": ["read", "generate"]}).content.decode()
    secret = text.split('tabindex="0">')[1].split("<")[0]
    assert find_hub_key(secret).user == bob.user
    assert secret not in bobs.get("/account/").content.decode()


def test_the_page_with_a_new_key_is_not_kept_by_the_browser(bobs: Client) -> None:
    assert "no-store" in bobs.post("/account/keys", {"name": "script", "scopes": ["read"]})["Cache-Control"]


def test_a_member_cannot_make_a_key_that_manages(bobs: Client) -> None:
    answer = bobs.post("/account/keys", {"name": "script", "scopes": ["read", "manage"]})
    assert answer.status_code == 403
    assert "you lack manage" in answer.content.decode()
    assert not HubKey.objects.exists()


def test_a_key_lasts_as_long_as_was_chosen(bobs: Client) -> None:
    bobs.post("/account/keys", {"name": "script", "scopes": ["read"], "days": "7"})
    key = HubKey.objects.get()
    assert round((key.expires_at - key.created_at) / timedelta(days=1)) == 7


def test_a_key_without_name_or_scope_is_refused_at_its_field(bobs: Client) -> None:
    nameless = bobs.post("/account/keys", {"name": " ", "scopes": ["read"]})
    powerless = bobs.post("/account/keys", {"name": "script"})
    assert (nameless.status_code, powerless.status_code) == (422, 422)
    assert 'id="key-name-error"' in nameless.content.decode()
    assert 'id="scopes-error"' in powerless.content.decode()
    assert not HubKey.objects.exists()


def test_a_revoked_key_is_refused_from_then_on(bobs: Client, bob: Actor) -> None:
    secret = key_of(bob)
    assert bobs.post(f"/account/keys/{HubKey.objects.get().pk}/revoke").status_code == 302
    assert find_hub_key(secret) is None


def test_a_key_of_somebody_else_cannot_be_revoked(bobs: Client, charlies: Client, alice: Actor) -> None:
    secret = key_of(alice)
    for client in (bobs, charlies):
        assert client.post(f"/account/keys/{HubKey.objects.get().pk}/revoke").status_code == 404
    assert find_hub_key(secret)


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
