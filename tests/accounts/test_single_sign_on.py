"""Whom the word of an identity provider lets in."""

import pytest
from pytest_django import Settings

from cloudhub.accounts.actor import Origin, actor_of_user
from cloudhub.accounts.invitations import invite
from cloudhub.accounts.members import deactivate_person
from cloudhub.accounts.models import User
from cloudhub.accounts.single_sign_on import welcome
from cloudhub.core.errors import Conflict, Forbidden
from tests.conftest import Cast

ORIGIN = Origin("page", "192.0.2.1")


def come(email: str, is_verified: bool = True) -> User:
    return welcome(email, is_verified=is_verified, origin=ORIGIN)


def test_a_known_address_is_its_person_in_any_case(cast: Cast) -> None:
    assert come("Bob@Example.org") == cast.bob.user


def test_an_address_that_is_not_verified_opens_nothing(cast: Cast) -> None:
    for email in ("bob@example.org", "dora@example.org", ""):
        with pytest.raises(Forbidden, match="verified"):
            come(email, is_verified=False)


def test_an_owner_of_the_hub_is_not_found_by_address(cast: Cast) -> None:
    with pytest.raises(Forbidden, match="connects single sign-on once"):
        come("alice@example.org")


def test_a_stranger_and_a_deactivated_person_stay_out_in_the_same_words(cast: Cast) -> None:
    deactivate_person(cast.alice, cast.bob.user.pk)
    for email in ("bob@example.org", "dora@example.org"):
        with pytest.raises(Forbidden, match="no account and no invitation"):
            come(email)
    assert not User.objects.filter(email="dora@example.org").exists()


def test_an_invitation_lets_in_with_its_role(cast: Cast) -> None:
    invite(cast.alice, email="dora@example.org", role="viewer", team=cast.team)
    dora = come("dora@example.org")
    assert not dora.has_usable_password()
    assert actor_of_user(dora).role == "viewer"


def test_people_of_the_house_become_members_never_more(cast: Cast, settings: Settings) -> None:
    settings.OIDC_TEAM, settings.OIDC_EMAIL_DOMAINS = "Studio", ["Example.com"]
    dora = come("dora@EXAMPLE.com")
    actor = actor_of_user(dora)
    assert (actor.team, actor.role, dora.is_superuser, dora.is_staff) == (cast.team, "member", False, False)
    for email in ("eve@notexample.com", "eve@example.com.evil.org", "eve@example.com@evil.org"):
        with pytest.raises(Forbidden):
            come(email)


def test_a_team_without_domains_lets_nobody_in(cast: Cast, settings: Settings) -> None:
    settings.OIDC_TEAM = "Studio"
    with pytest.raises(Forbidden):
        come("dora@example.com")


def test_a_team_that_is_not_there_is_named(cast: Cast, settings: Settings) -> None:
    settings.OIDC_TEAM, settings.OIDC_EMAIL_DOMAINS = "Nowhere", ["example.com"]
    with pytest.raises(Conflict, match="Nowhere"):
        come("dora@example.com")


def test_a_look_alike_address_is_another_person(cast: Cast) -> None:
    """PostgreSQL folds the dotless letter of another domain to an "i"."""
    User.objects.filter(pk=cast.bob.user.pk).update(email="victim@bigsite.com")
    invite(cast.alice, email="invited@bigsite.com", role="viewer", team=cast.team)
    for name in ("victim", "invited"):
        with pytest.raises(Forbidden, match="no account and no invitation"):
            come(f"{name}@b\u0131gsite.com")
