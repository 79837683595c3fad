"""Owners of the hub, and the rule that there is always one who can act."""

from collections.abc import Callable
from typing import TypeVar

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record_person
from cloudhub.accounts.models import Invitation, Membership, Role, User
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Forbidden, NotFound

Result = TypeVar("Result")
LAST_OWNER = "The hub would be left without an owner who can act. Make somebody else an owner of the hub first."


def require_hub_owner(actor: Actor, sentence: str = "Only an owner of the hub may do that.") -> None:
    """Raises `Forbidden` with the sentence for everybody else."""
    if not actor.is_hub_owner:
        raise Forbidden(sentence)


def acting_owners() -> QuerySet[User]:
    """Active owners of the hub who are in a team, without which nobody can act."""
    places = Membership.objects.filter(user=OuterRef("pk"), team__archived_at=None)
    return User.objects.filter(Exists(places), is_superuser=True, is_active=True)


def last_owner() -> User | None:
    """The one owner of the hub who can act, None while there are several."""
    some = list(acting_owners().order_by("id")[:2])
    return some[0] if len(some) == 1 else None


def keeping_an_owner(work: Callable[[], Result]) -> Result:
    """Run `work` in one transaction, and undo it when it leaves no acting owner. Raises `Conflict` then.

    Two owners who remove each other at the same moment queue at the owners' rows, so the second one is refused.
    """

    def guarded() -> Result:
        list(User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("id").values("id"))
        result = work()
        if not acting_owners().exists():
            raise Conflict(LAST_OWNER, code="last_owner")
        return result

    return run_transaction(guarded)


def find_account(user_id: int) -> User:
    """Anybody's row, also of somebody who was erased. Raises `NotFound`."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound("There is no such person.")
    return user


def make_hub_owner(actor: Actor, user_id: int) -> User:
    """Let a person see and manage everything, the admin site too. Raises `Forbidden`, `NotFound` or `Conflict`."""
    return _set_ownership(actor, user_id, True)


def withdraw_hub_ownership(actor: Actor, user_id: int) -> User:
    """Their roles in teams stay; open invitations fall where they do not own the team.

    Raises `Forbidden`, `NotFound`, or `Conflict` for the last owner who can act.
    """
    return _set_ownership(actor, user_id, False)


def _set_ownership(actor: Actor, user_id: int, owns: bool) -> User:
    require_hub_owner(actor)
    user = find_account(user_id)

    def work() -> None:
        changed = User.objects.filter(pk=user.pk, is_active=True, is_superuser=not owns)
        if not changed.update(is_superuser=owns, is_staff=owns):
            raise Conflict(f"{user.email} is {'already' if owns else 'not'} an owner of the hub, or is deactivated.")
        if not owns:
            _withdraw_invitations(user)
        action = "person.made_hub_owner" if owns else "person.hub_ownership_withdrawn"
        record_person(actor, action, user)

    keeping_an_owner(work)
    user.refresh_from_db()
    return user


def _withdraw_invitations(user: User) -> None:
    """What they invited into teams that they do not own falls with the right to invite there."""
    own = Membership.objects.filter(user=user, role=Role.OWNER).values("team")
    pending = Invitation.objects.filter(invited_by=user, accepted_at=None, withdrawn_at=None)
    pending.exclude(team__in=own).update(withdrawn_at=timezone.now())
