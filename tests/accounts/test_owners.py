"""There is always an owner of the hub who can act, also when two remove each other at the same moment."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from cloudhub.accounts.actor import Actor, actor_of_user
from cloudhub.accounts.invitations import find_invitation, invite, open_invitations
from cloudhub.accounts.members import change_role, deactivate_person, reactivate_person, remove_member
from cloudhub.accounts.models import AuditEntry, Membership, Role
from cloudhub.accounts.owners import acting_owners, make_hub_owner, withdraw_hub_ownership
from cloudhub.accounts.teams import archive_team
from cloudhub.core.errors import Conflict, Forbidden, HubError, NotFound
from tests.conftest import Cast


def place(actor: Actor) -> int:
    return Membership.objects.get(user=actor.user, team=actor.team).pk


@pytest.mark.parametrize(
    "verb",
    [
        lambda cast: withdraw_hub_ownership(cast.alice, cast.alice.user.pk),
        lambda cast: deactivate_person(cast.alice, cast.alice.user.pk),
        lambda cast: remove_member(cast.alice, place(cast.alice)),
        lambda cast: archive_team(cast.alice, cast.team.pk),
    ],
    ids=["withdrawn", "deactivated", "removed", "archived"],
)
def test_the_last_owner_who_can_act_stays(cast: Cast, verb: Callable[[Cast], object]) -> None:
    with pytest.raises(Conflict, match="without an owner who can act"):
        verb(cast)
    assert list(acting_owners()) == [cast.alice.user]
    assert not AuditEntry.objects.exclude(target_kind="model").exists()


def test_an_owner_without_a_team_or_active_account_does_not_count(cast: Cast) -> None:
    make_hub_owner(cast.alice, cast.bob.user.pk)
    deactivate_person(cast.alice, cast.bob.user.pk)
    with pytest.raises(Conflict):
        withdraw_hub_ownership(cast.alice, cast.alice.user.pk)
    reactivate_person(cast.alice, cast.bob.user.pk)
    remove_member(cast.alice, place(cast.bob))
    with pytest.raises(Conflict):
        withdraw_hub_ownership(cast.alice, cast.alice.user.pk)


def test_ownership_is_given_and_withdrawn_with_the_admin_site(cast: Cast) -> None:
    bob = make_hub_owner(cast.alice, cast.bob.user.pk)
    assert (bob.is_superuser, bob.is_staff) == (True, True)
    assert actor_of_user(bob).is_hub_owner, "a member's role must not hold an owner of the hub back"
    bob = withdraw_hub_ownership(cast.alice, bob.pk)
    assert (bob.is_superuser, bob.is_staff) == (False, False)
    assert not actor_of_user(bob).may("manage")
    actions = AuditEntry.objects.exclude(target_kind="model").order_by("number").values_list("action", flat=True)
    assert list(actions) == ["person.made_hub_owner", "person.hub_ownership_withdrawn"]


def test_invitations_fall_with_the_ownership_that_they_needed(cast: Cast) -> None:
    bob = actor_of_user(make_hub_owner(cast.alice, cast.bob.user.pk))
    change_role(cast.alice, place(cast.bob), Role.OWNER)
    here, _ = invite(bob, email="dora@example.org", role="member", team=cast.team)
    _, there = invite(bob, email="dora@example.org", role="owner", team=cast.other_team)
    withdraw_hub_ownership(cast.alice, bob.user.pk)
    with pytest.raises(NotFound):
        find_invitation(there)
    assert list(open_invitations(cast.alice, cast.team)) == [here]


def test_what_is_so_already_is_told(cast: Cast) -> None:
    with pytest.raises(Conflict, match="already an owner"):
        make_hub_owner(cast.alice, cast.alice.user.pk)
    with pytest.raises(Conflict, match="not an owner"):
        withdraw_hub_ownership(cast.alice, cast.bob.user.pk)
    with pytest.raises(NotFound):
        make_hub_owner(cast.alice, 10**9)


def test_only_owners_of_the_hub_make_owners_of_it(cast: Cast) -> None:
    for actor in (cast.bob, cast.victor, cast.charlie):
        with pytest.raises(Forbidden):
            make_hub_owner(actor, actor.user.pk)


def test_only_an_owner_of_the_hub_moves_another_one(cast: Cast) -> None:
    change_role(cast.alice, place(cast.bob), Role.OWNER)
    bob = actor_of_user(cast.bob.user)
    for verb in (lambda: remove_member(bob, place(cast.alice)), lambda: change_role(bob, place(cast.alice), "viewer")):
        with pytest.raises(Forbidden, match="is an owner of the hub"):
            verb()


def test_two_owners_who_remove_each_other_at_once_leave_one(committed_cast: Cast) -> None:
    cast = committed_cast
    bob = actor_of_user(make_hub_owner(cast.alice, cast.bob.user.pk))
    start, told = threading.Barrier(2), []

    def run(actor: Actor, other: Actor) -> None:
        start.wait()
        try:
            withdraw_hub_ownership(actor, other.user.pk)
        except HubError as error:
            told.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in ((cast.alice, bob), (bob, cast.alice))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert told == ["last_owner"]
    assert acting_owners().count() == 1
