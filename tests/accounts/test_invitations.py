"""Invitations work once, for the invited address, for a week, also when several accept at the same moment."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from cloudhub.accounts.actor import Origin, actor_of_user
from cloudhub.accounts.invitations import (
    accept_as,
    accept_as_newcomer,
    find_invitation,
    invite,
    open_invitations,
    withdraw_invitation,
)
from cloudhub.accounts.members import deactivate_person
from cloudhub.accounts.models import AuditEntry, Invitation, Membership, User
from cloudhub.accounts.teams import archive_team
from cloudhub.core.errors import Conflict, Forbidden, HubError, Invalid, NotFound
from tests.conftest import Cast

PASSWORD = "a horse of Dora"
DORA = "dora@example.org"
ORIGIN = Origin("page", "192.0.2.1")


def link_for(cast: Cast, email: str = DORA, role: str = "member") -> str:
    return invite(cast.alice, email=email, role=role, team=cast.team)[1]


def test_a_newcomer_makes_the_account_and_has_the_invited_role(cast: Cast) -> None:
    user = accept_as_newcomer(link_for(cast, role="viewer"), password=PASSWORD, origin=ORIGIN)
    assert user.check_password(PASSWORD)
    actor = actor_of_user(user)
    assert (actor.team, actor.role, actor.is_hub_owner) == (cast.team, "viewer", False)
    entry = AuditEntry.objects.get(action="invitation.accepted")
    assert (entry.user, entry.address) == (user, "192.0.2.1")


def test_a_team_owner_is_not_an_owner_of_the_hub(cast: Cast) -> None:
    user = accept_as_newcomer(link_for(cast, role="owner"), password=PASSWORD, origin=ORIGIN)
    assert not user.is_superuser
    assert not user.is_staff


def test_only_the_hash_of_a_link_is_kept(cast: Cast) -> None:
    token = link_for(cast)
    row = Invitation.objects.values().get()
    assert token not in str(row)
    assert len(token) >= 43


def test_a_link_works_once(cast: Cast) -> None:
    token = link_for(cast)
    accept_as_newcomer(token, password=PASSWORD, origin=ORIGIN)
    with pytest.raises(NotFound, match="used, withdrawn or has run out"):
        accept_as_newcomer(token, password=PASSWORD, origin=ORIGIN)


def test_a_withdrawn_a_late_and_a_wrong_link_answer_the_same(cast: Cast) -> None:
    withdrawn, late = link_for(cast), link_for(cast, "emil@example.org")
    withdraw_invitation(cast.alice, Invitation.objects.get(email=DORA).pk)
    Invitation.objects.filter(email="emil@example.org").update(expires_at=timezone.now() - timedelta(seconds=1))
    told = set()
    for token in (withdrawn, late, "nothing"):
        with pytest.raises(NotFound) as refusal:
            accept_as_newcomer(token, password=PASSWORD, origin=ORIGIN)
        told.add(refusal.value.message)
    assert len(told) == 1
    assert not User.objects.filter(email__in=[DORA, "emil@example.org"]).exists()


def test_a_link_into_an_archived_team_rests(cast: Cast) -> None:
    token = invite(cast.alice, email=DORA, role="member", team=cast.other_team)[1]
    archive_team(cast.alice, cast.other_team.pk)
    with pytest.raises(NotFound):
        find_invitation(token)


def test_a_new_invitation_replaces_the_open_one(cast: Cast) -> None:
    first, second = link_for(cast), link_for(cast, DORA.upper())
    with pytest.raises(NotFound):
        find_invitation(first)
    assert find_invitation(second).email.lower() == DORA
    assert open_invitations(cast.alice, cast.team).count() == 1


@pytest.mark.parametrize("password", ["short", "password123", "dora@example", "1234567890123"])
def test_a_weak_password_stands_at_its_field_and_the_link_stays_good(cast: Cast, password: str) -> None:
    token = link_for(cast)
    with pytest.raises(Invalid) as refusal:
        accept_as_newcomer(token, password=password, origin=ORIGIN)
    assert list(refusal.value.fields) == ["password"]
    assert find_invitation(token)


def test_somebody_with_an_account_joins_as_they_are(cast: Cast) -> None:
    token = link_for(cast, "Charlie@example.org")
    with pytest.raises(Forbidden, match="you are signed in as bob@example.org"):
        accept_as(cast.bob.user, token, ORIGIN)
    accept_as(cast.charlie.user, token, ORIGIN)
    assert actor_of_user(cast.charlie.user, cast.team.pk).role == "member"
    assert actor_of_user(cast.charlie.user).team == cast.other_team


def test_a_link_never_sets_the_password_of_an_account_that_there_is(cast: Cast) -> None:
    token = link_for(cast, "charlie@example.org")
    with pytest.raises(Conflict, match="has an account by now"):
        accept_as_newcomer(token, password=PASSWORD, origin=ORIGIN)
    cast.charlie.user.refresh_from_db()
    assert not cast.charlie.user.check_password(PASSWORD)


def test_who_is_in_the_team_or_deactivated_is_not_invited(cast: Cast) -> None:
    deactivate_person(cast.alice, cast.charlie.user.pk)
    for email in ("BOB@example.org", "charlie@example.org", "not an address", "", None):
        with pytest.raises(Invalid) as refusal:
            invite(cast.alice, email=email, role="member", team=cast.team)
        assert list(refusal.value.fields) == ["email"]


def test_only_owners_invite_and_only_into_their_team(cast: Cast) -> None:
    for actor, team, error in ((cast.bob, cast.team, Forbidden), (cast.victor, cast.team, Forbidden),
                               (cast.charlie, cast.team, NotFound)):  # fmt: skip
        with pytest.raises(error):
            invite(actor, email=DORA, role="member", team=team)
    link_for(cast)
    with pytest.raises(NotFound):
        withdraw_invitation(cast.charlie, Invitation.objects.get().pk)


def test_of_several_who_accept_at_once_one_gets_in(committed_cast: Cast) -> None:
    token = link_for(committed_cast, "charlie@example.org")
    start, told = threading.Barrier(4), []

    def run() -> None:
        start.wait()
        try:
            accept_as(committed_cast.charlie.user, token, ORIGIN)
            told.append("in")
        except HubError as error:
            told.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(told) == ["in", "not_found", "not_found", "not_found"]
    assert Membership.objects.filter(user=committed_cast.charlie.user, team=committed_cast.team).count() == 1
    assert AuditEntry.objects.filter(action="invitation.accepted").count() == 1
