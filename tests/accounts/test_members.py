"""Roles, leaving a team, being deactivated: who may do it, and what stops at once."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from cloudhub.accounts.actor import Actor, actor_of_hub_key, actor_of_user
from cloudhub.accounts.hub_keys import find_hub_key
from cloudhub.accounts.invitations import invite
from cloudhub.accounts.members import (
    change_role,
    deactivate_person,
    members_of,
    people_of_the_hub,
    reactivate_person,
    remove_member,
    remove_second_factor,
)
from cloudhub.accounts.models import AuditEntry, Invitation, Membership, Role, User
from cloudhub.accounts.owners import make_hub_owner
from cloudhub.accounts.sessions import mark_seen
from cloudhub.accounts.teams import archive_team, create_team, find_team, open_team, rename_team
from cloudhub.core.errors import Conflict, Forbidden, Invalid, NotFound
from cloudhub.records.erasure import erase_person
from tests.conftest import Cast, client_of, key_of


def place(actor: Actor) -> int:
    return Membership.objects.get(user=actor.user, team=actor.team).pk


@pytest.fixture
def boss(cast: Cast) -> Actor:
    """Charlie, who owns a team and not the hub."""
    return cast.charlie


def test_a_team_owner_sees_and_changes_the_own_team_alone(cast: Cast, boss: Actor) -> None:
    assert [member.user for member in members_of(boss, cast.other_team)] == [boss.user]
    with pytest.raises(NotFound):
        members_of(boss, cast.team)
    for verb in (change_role, lambda actor, pk, _: remove_member(actor, pk)):
        with pytest.raises(NotFound):
            verb(boss, place(cast.bob), "viewer")


def test_an_owner_of_the_hub_changes_every_team(cast: Cast) -> None:
    assert change_role(cast.alice, place(cast.charlie), "viewer").role == "viewer"
    entry = AuditEntry.objects.exclude(target_kind="model").get()
    assert (entry.action, entry.team, entry.details) == (
        "member.role_changed", cast.other_team, {"from": "owner", "to": "viewer"},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["bob", "victor"])
def test_members_and_viewers_change_nobody(cast: Cast, name: str) -> None:
    actor = getattr(cast, name)
    with pytest.raises(Forbidden):
        change_role(actor, place(actor), Role.OWNER)
    with pytest.raises(Forbidden):
        remove_member(actor, place(cast.victor))
    with pytest.raises(Forbidden):
        people_of_the_hub(actor)


def test_a_role_that_there_is_not_stands_at_its_field(cast: Cast) -> None:
    for role in ("boss", None, 7):
        with pytest.raises(Invalid) as refusal:
            change_role(cast.alice, place(cast.bob), role)
        assert list(refusal.value.fields) == ["role"]


def test_who_leaves_a_team_loses_its_keys_also_for_a_later_return(cast: Cast) -> None:
    text = key_of(cast.bob)
    remove_member(cast.alice, place(cast.bob))
    with pytest.raises(Forbidden):
        actor_of_user(cast.bob.user)
    Membership.objects.create(user=cast.bob.user, team=cast.team)
    assert find_hub_key(text) is None


def test_what_somebody_invited_falls_with_their_right_to_invite(cast: Cast, boss: Actor) -> None:
    for verb in (
        lambda: change_role(cast.alice, place(boss), "member"),
        lambda: deactivate_person(cast.alice, boss.user.pk),
    ):
        invite(boss, email="dora@example.org", role="owner", team=boss.team)
        verb()
        assert not Invitation.objects.filter(withdrawn_at=None).exists()


def test_a_deactivated_persons_sessions_and_keys_stop_at_once(cast: Cast) -> None:
    browser, text = client_of(cast.bob), key_of(cast.bob)
    assert browser.get("/account/").status_code == 200
    deactivate_person(cast.alice, cast.bob.user.pk)
    assert browser.get("/account/").status_code == 302
    with pytest.raises(Forbidden):
        actor_of_hub_key(find_hub_key(text))
    call = Client().get("/api/v1/generations", headers={"Authorization": f"Bearer {text}"})
    assert call.status_code in (401, 403)


def test_a_session_from_before_stays_ended_after_a_return(cast: Cast) -> None:
    browser, text = client_of(cast.bob), key_of(cast.bob)
    browser.get("/account/")
    deactivate_person(cast.alice, cast.bob.user.pk)
    reactivate_person(cast.alice, cast.bob.user.pk)
    assert browser.get("/account/").status_code == 302
    assert actor_of_hub_key(find_hub_key(text)).user == cast.bob.user


def test_deactivating_twice_is_told(cast: Cast) -> None:
    deactivate_person(cast.alice, cast.bob.user.pk)
    with pytest.raises(Conflict, match="already deactivated"):
        deactivate_person(cast.alice, cast.bob.user.pk)
    reactivate_person(cast.alice, cast.bob.user.pk)
    with pytest.raises(Conflict, match="is active"):
        reactivate_person(cast.alice, cast.bob.user.pk)


def test_a_lost_second_factor_is_removed_by_an_owner_of_the_hub(cast: Cast, boss: Actor) -> None:
    Authenticator.objects.create(user=cast.bob.user, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=cast.bob.user, type=Authenticator.Type.RECOVERY_CODES, data={})
    with pytest.raises(Forbidden):
        remove_second_factor(boss, cast.bob.user.pk)
    remove_second_factor(cast.alice, cast.bob.user.pk)
    assert not Authenticator.objects.exists()
    with pytest.raises(Conflict, match="no second factor"):
        remove_second_factor(cast.alice, cast.bob.user.pk)


def test_the_list_tells_last_sight_and_second_factor(cast: Cast) -> None:
    mark_seen(cast.bob.user, "a-session", "192.0.2.7", "Firefox/140.0")
    Authenticator.objects.create(user=cast.bob.user, type=Authenticator.Type.RECOVERY_CODES, data={})
    Authenticator.objects.create(user=cast.victor.user, type=Authenticator.Type.TOTP, data={})
    rows = {member.user_id: member for member in members_of(cast.alice, cast.team)}
    bob, victor = rows[cast.bob.user.pk], rows[cast.victor.user.pk]
    assert bob.last_seen is not None
    assert victor.last_seen is None
    signed_in = timezone.now() - timedelta(days=3)
    User.objects.filter(pk__in=[bob.user_id, victor.user_id]).update(last_login=signed_in)
    seen = {person.user_id: person.last_seen for person in members_of(cast.alice, cast.team)}
    assert (seen[bob.user_id], seen[victor.user_id]) == (bob.last_seen, signed_in), "no session is left to tell of it"
    assert (bob.has_second_factor, victor.has_second_factor) == (False, True)


def test_what_an_owner_of_the_hub_did_to_a_person_is_told_to_that_persons_team(cast: Cast) -> None:
    deactivate_person(cast.alice, cast.bob.user.pk)
    for verb in (deactivate_person, reactivate_person, make_hub_owner):
        verb(cast.alice, cast.charlie.user.pk)
    Membership.objects.create(user=cast.victor.user, team=cast.other_team)
    deactivate_person(cast.alice, cast.victor.user.pk)
    erase_person(cast.alice, cast.charlie.user.pk, confirmation="charlie@example.org", work="keep")
    lines = AuditEntry.objects.filter(action__startswith="person.").order_by("number")
    teams = [cast.team, *[cast.other_team] * 3, None, cast.other_team]
    assert [line.team for line in lines] == teams


def test_a_team_is_made_renamed_archived_and_opened(cast: Cast) -> None:
    team = create_team(cast.alice, " Posters ")
    assert actor_of_user(cast.alice.user, team.pk).team == team
    assert rename_team(cast.alice, team.pk, "Covers").name == "Covers"
    archive_team(cast.alice, team.pk)
    assert actor_of_user(cast.alice.user, team.pk).team == cast.team
    with pytest.raises(Conflict, match="already archived"):
        archive_team(cast.alice, team.pk)
    open_team(cast.alice, team.pk)
    assert actor_of_user(cast.alice.user, team.pk).team == team
    actions = AuditEntry.objects.filter(target_kind="team").order_by("number").values_list("action", flat=True)
    assert list(actions) == ["team.made", "team.renamed", "team.archived", "team.opened"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", None, "Elsewhere"])
def test_a_team_needs_a_name_of_its_own(cast: Cast, name: object) -> None:
    for verb in (create_team, lambda actor, name: rename_team(actor, cast.team.pk, name)):
        with pytest.raises(Invalid) as refusal:
            verb(cast.alice, name)
        assert list(refusal.value.fields) == ["name"]


def test_keys_of_an_archived_team_rest(cast: Cast) -> None:
    text = key_of(cast.charlie)
    archive_team(cast.alice, cast.other_team.pk)
    with pytest.raises(Forbidden):
        actor_of_hub_key(find_hub_key(text))
    with pytest.raises(Conflict, match="archived"):
        invite(cast.alice, email="dora@example.org", role="member", team=find_team(cast.alice, cast.other_team.pk))


def test_teams_are_the_hub_owners_to_change(cast: Cast, boss: Actor) -> None:
    for verb in (lambda: create_team(boss, "Mine"), lambda: rename_team(boss, boss.team.pk, "Mine"),
                 lambda: archive_team(boss, boss.team.pk)):  # fmt: skip
        with pytest.raises(Forbidden):
            verb()
