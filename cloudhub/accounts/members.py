"""The people of a team and of the hub: roles, leaving, being deactivated, and a second factor that was lost."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record, record_person
from cloudhub.accounts.models import HubKey, Invitation, Membership, Role, Team, User
from cloudhub.accounts.owners import find_account, keeping_an_owner, require_hub_owner
from cloudhub.accounts.sessions import end_sessions_of
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Forbidden, Invalid, NotFound

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def members_of(actor: Actor, team: Team) -> QuerySet[Membership]:
    """The team's people, each with `has_second_factor` and `last_seen` (None: never; of somebody signed out
    everywhere, their last sign-in). Raises `NotFound` for a team that is not the actor's, unless they own the hub."""
    require_sight(actor, team)
    memberships = Membership.objects.filter(team=team).select_related("user", "team").order_by("user__email")
    return memberships.annotate(has_second_factor=_has_factor("user"), last_seen=_last_seen("user", "user__last_login"))


def people_of_the_hub(actor: Actor) -> QuerySet[User]:
    """Everybody with an account, annotated as `members_of`; for owners of the hub. Raises `Forbidden`."""
    require_hub_owner(actor)
    people = User.objects.prefetch_related("memberships__team").order_by("-is_active", "email")
    return people.annotate(has_second_factor=_has_factor("pk"), last_seen=_last_seen("pk", "last_login"))


def change_role(actor: Actor, membership_id: int, role: object) -> Membership:
    """Raises `Forbidden`, `NotFound`, or `Invalid` for a role that there is not."""
    if role not in Role.values:
        raise Invalid.of({"role": f"A role is one of {', '.join(Role.values)}."})
    membership = _find(actor, membership_id)
    before = membership.role

    def work() -> None:
        if not Membership.objects.filter(pk=membership.pk).update(role=role):
            raise NotFound("This person has left the team.")
        if role != Role.OWNER:
            _withdraw_invitations(membership.user, membership.team)
        record(actor, "member.role_changed", target_kind="person", target_id=membership.user_id, team=membership.team,
               target_name=membership.user.email, details={"from": before, "to": role})  # fmt: skip

    keeping_an_owner(work)
    membership.refresh_from_db()
    return membership


def remove_member(actor: Actor, membership_id: int) -> Membership:
    """End a membership, and with it the person's hub keys in this team and what they invited; what they made stays.

    Work that they have submitted goes on: its money is held, and the team may wait for it. Raises `Forbidden`,
    `NotFound`, or `Conflict` when the hub would lose its last owner.
    """
    membership = _find(actor, membership_id)

    def work() -> None:
        if not Membership.objects.filter(pk=membership.pk).delete()[0]:
            raise NotFound("This person has left the team.")
        keys = HubKey.objects.filter(user=membership.user, team=membership.team, revoked_at=None)
        revoked = keys.update(revoked_at=timezone.now())
        _withdraw_invitations(membership.user, membership.team)
        record(actor, "member.removed", target_kind="person", target_id=membership.user_id, team=membership.team,
               target_name=membership.user.email, details={"hub_keys_revoked": revoked})  # fmt: skip

    keeping_an_owner(work)
    return membership


def deactivate_person(actor: Actor, user_id: int) -> User:
    """Shut a person out at once: sessions end, hub keys rest, open invitations of theirs are withdrawn.

    Work that they have submitted goes on; an owner can cancel it. Raises `Forbidden`, `NotFound`, `Conflict`.
    """
    require_hub_owner(actor)
    user = find_account(user_id)

    def work() -> None:
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            raise Conflict(f"{user.email} is already deactivated.")
        end_sessions_of(user)
        _withdraw_invitations(user)
        record_person(actor, "person.deactivated", user)

    return _carried_out(user, work)


def reactivate_person(actor: Actor, user_id: int) -> User:
    """Let a person in again, with the roles and hub keys they had. Raises `Forbidden`, `NotFound`, `Conflict`."""
    require_hub_owner(actor)
    user = find_account(user_id)

    def work() -> None:
        if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            raise Conflict(f"{user.email} is active.")
        record_person(actor, "person.reactivated", user)

    return _carried_out(user, work)


def remove_second_factor(actor: Actor, user_id: int) -> User:
    """For somebody who lost theirs: their codes and passkeys are forgotten, and they are signed out everywhere.

    Raises `Forbidden`, `NotFound`, or `Conflict` when they have none.
    """
    require_hub_owner(actor)
    user = find_account(user_id)

    def work() -> None:
        if not Authenticator.objects.filter(user=user).delete()[0]:
            raise Conflict(f"{user.email} has no second factor.")
        end_sessions_of(user)
        record_person(actor, "second_factor.removed", user)

    return _carried_out(user, work)


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists())


def record_own_factor(actor: Actor, action: str, kind: str) -> None:
    """Tell the audit trail what somebody did to their own second factor; `kind` is an `Authenticator.Type`."""

    def work() -> None:
        record(actor, action, target_kind="person", target_id=actor.user.pk, target_name=actor.user.email,
               details={"kind": kind})  # fmt: skip

    run_transaction(work)


def requires_factor(user: User) -> bool:
    """Whether HUB_REQUIRE_SECOND_FACTOR asks this person for one: everybody, or owners of the hub and of teams."""
    if settings.REQUIRE_SECOND_FACTOR != "owner":
        return bool(settings.REQUIRE_SECOND_FACTOR == "everyone")
    return user.is_superuser or Membership.objects.filter(user=user, role=Role.OWNER, team__archived_at=None).exists()


def lacks_required_factor(user: User) -> bool:
    return requires_factor(user) and not has_second_factor(user)


def require_sight(actor: Actor, team: Team) -> None:
    """Raises `NotFound` for a team that is neither the actor's nor an owner's of the hub to see."""
    if team != actor.team and not actor.is_hub_owner:
        raise NotFound("There is no such team.")


def require_team_owner(actor: Actor, team: Team) -> None:
    """Raises `NotFound` for a team that the actor does not see, `Forbidden` for one that they do not manage."""
    require_sight(actor, team)
    actor.require("manage")
    if team.archived_at is not None:
        raise Conflict(f"The team {team.name} is archived.")


def _find(actor: Actor, membership_id: int) -> Membership:
    """A membership that the actor may change. Only owners of the hub change another owner's of the hub."""
    membership = Membership.objects.select_related("user", "team").filter(pk=membership_id).first()
    if membership is None or (membership.team != actor.team and not actor.is_hub_owner):
        # The same words for both, so that nobody learns by asking which there are in other teams.
        raise NotFound("This person has left the team.")
    require_team_owner(actor, membership.team)
    if membership.user.is_superuser and not actor.is_hub_owner:
        raise Forbidden(f"{membership.user.email} is an owner of the hub; only another one may change their place.")
    return membership


def _withdraw_invitations(user: User, team: Team | None = None) -> None:
    """What a person invited falls with the right to invite."""
    pending = Invitation.objects.filter(invited_by=user, accepted_at=None, withdrawn_at=None)
    (pending.filter(team=team) if team else pending).update(withdrawn_at=timezone.now())


def _carried_out(user: User, work: Callable[[], None]) -> User:
    keeping_an_owner(work)
    user.refresh_from_db()
    return user


def _has_factor(user: str) -> Exists:
    return Exists(Authenticator.objects.filter(user=OuterRef(user), type__in=SECOND_FACTORS))


def _last_seen(user: str, signed_in: str) -> Greatest:
    seen = UserSession.objects.filter(user=OuterRef(user)).order_by().values("user")
    latest = Subquery(seen.annotate(latest=Max("last_seen_at")).values("latest"))
    # Databases differ in what is the greater of something and nothing.
    return Greatest(Coalesce(latest, signed_in), Coalesce(signed_in, latest))
