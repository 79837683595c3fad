"""Invitations: a place in a team for an e-mail address, by a link that works once."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from cloudhub.accounts.actor import Actor, Origin, permissions_of
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.mail import send_later
from cloudhub.accounts.members import require_sight, require_team_owner
from cloudhub.accounts.models import Invitation, Membership, Role, Team, User
from cloudhub.core.addresses import is_same_address
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Forbidden, Invalid, NotFound

LASTS = timedelta(days=7)
USED = "This invitation has been used, withdrawn or has run out. Ask for a new one."


def invite(actor: Actor, *, email: object, role: object, team: Team) -> tuple[Invitation, str]:
    """The stored invitation and the text of its link, which is shown this once. An earlier one for the same address
    and team is withdrawn.

    Raises `Forbidden` or `NotFound` when the team is not the actor's to manage, and `Invalid` naming the field.
    """
    require_team_owner(actor, team)
    address = _read_email(email)
    if role not in Role.values:
        raise Invalid.of({"role": f"A role is one of {', '.join(Role.values)}."})
    known = User.objects.with_address(address)
    if known and not known.is_active:
        raise Invalid.of({"email": "This person is deactivated. An owner of the hub can let them in again."})
    if known and Membership.objects.filter(user=known, team=team).exists():
        raise Invalid.of({"email": f"This person is in {team.name} already."})
    token = secrets.token_urlsafe(32)
    invitation = Invitation(team=team, email=address, role=role, digest=_digest(token), invited_by=actor.user,
                            expires_at=timezone.now() + LASTS)  # fmt: skip

    def work() -> None:
        earlier = Invitation.objects.filter(email__iexact=address, team=team, accepted_at=None, withdrawn_at=None)
        earlier.update(withdrawn_at=timezone.now())
        invitation.save(force_insert=True)
        record(actor, "invitation.made", target_kind="invitation", target_id=invitation.pk, target_name=address,
               team=team, details={"role": role})  # fmt: skip

    run_transaction(work)
    return invitation, token


def mail_invitation(invitation: Invitation, link: str) -> None:
    """Send the link to the invited address."""
    text = (
        f"{invitation.invited_by.email} invites you to the team {invitation.team.name} on CloudHub, where pictures are "
        f"made with cloud models.\n\nAccept within {LASTS.days} days:\n{link}\n\nThe link works once. If you do not "
        "know what this is about, do nothing.\n"
    )
    send_later(EmailMessage(f"CloudHub: join {invitation.team.name}", text, to=[invitation.email]))


def open_invitations(actor: Actor, team: Team) -> QuerySet[Invitation]:
    """Those that can still be accepted, the newest first. Raises `NotFound` for a team the actor does not see."""
    require_sight(actor, team)
    return _open().filter(team=team).select_related("invited_by").order_by("-id")


def withdraw_invitation(actor: Actor, invitation_id: int) -> Invitation:
    """Its link stops working at once. Raises `Forbidden`, `NotFound`, or `Conflict` when it was used."""
    invitation = Invitation.objects.select_related("team").filter(pk=invitation_id).first()
    if invitation is None or (invitation.team != actor.team and not actor.is_hub_owner):
        raise NotFound("There is no such invitation.")
    require_team_owner(actor, invitation.team)

    def work() -> None:
        if not _open().filter(pk=invitation.pk).update(withdrawn_at=timezone.now()):
            raise Conflict(USED)
        record(actor, "invitation.withdrawn", target_kind="invitation", target_id=invitation.pk,
               target_name=invitation.email, team=invitation.team)  # fmt: skip

    run_transaction(work)
    return invitation


def find_invitation(token: str) -> Invitation:
    """The open invitation of a link. Raises `NotFound`; which of the reasons it is stays unsaid."""
    found = _open().select_related("team", "invited_by").filter(digest=_digest(token)).first()
    if found is None or found.team.archived_at is not None:
        raise NotFound(USED)
    return found


def person_invited(invitation: Invitation) -> User | None:
    """Who has the invited address already, and therefore signs in to accept."""
    return User.objects.with_address(invitation.email)


def accept_as_newcomer(token: str, *, password: str, origin: Origin) -> User:
    """Make the account and join the team. Raises `NotFound` (used, withdrawn, run out), `Conflict` when somebody has
    the address by now, and `Invalid` naming the field for a password that breaks the rules."""
    invitation = find_invitation(token)
    user = User(email=User.objects.normalize_email(invitation.email))
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid.of({"password": " ".join(error.messages)}) from error
    # Hashing takes a good part of a second, which must not pass inside the transaction.
    user.set_password(password)
    return join_as_newcomer(invitation, user, origin)


def join_as_newcomer(invitation: Invitation, user: User, origin: Origin) -> User:
    """Save a new person and let them in by their invitation. Raises `NotFound` and `Conflict`."""

    def work() -> None:
        user.pk = None
        user.save(force_insert=True)
        _join(invitation, user, origin)

    try:
        run_transaction(work)
    except IntegrityError as error:
        raise Conflict("This address has an account by now. Sign in with it, then open the link again.") from error
    return user


def accept_as(user: User, token: str, origin: Origin) -> Invitation:
    """A person who is signed in joins the team. Raises `NotFound`, and `Forbidden` when somebody else is invited."""
    invitation = find_invitation(token)
    if not user.is_active or not is_same_address(user.email, invitation.email):
        raise Forbidden(f"This invitation is for {invitation.email}, and you are signed in as {user.email}.")
    run_transaction(lambda: _join(invitation, user, origin))
    return invitation


def open_invitations_for(email: str) -> list[Invitation]:
    """What is open for an address in teams that are, the oldest first."""
    found = _open().filter(email__iexact=email, team__archived_at=None).select_related("team", "invited_by")
    return [invitation for invitation in found.order_by("id") if is_same_address(invitation.email, email)]


def _join(invitation: Invitation, user: User, origin: Origin) -> None:
    """Use the invitation up, which only one of several at once can, and make the membership."""
    used = _open().filter(pk=invitation.pk).update(accepted_at=timezone.now(), accepted_by=user)
    if not used:
        raise NotFound(USED)
    Membership.objects.get_or_create(user=user, team=invitation.team, defaults={"role": invitation.role})
    actor = Actor(user, invitation.team, invitation.role, None, permissions_of(user, invitation.role), origin)
    record(actor, "invitation.accepted", target_kind="invitation", target_id=invitation.pk,
           target_name=invitation.email, details={"role": invitation.role})  # fmt: skip


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())


def _read_email(email: object) -> str:
    try:
        address = email.strip() if isinstance(email, str) else ""
        validate_email(address)
    except ValidationError as error:
        raise Invalid.of({"email": "This is not an e-mail address."}) from error
    if len(address) > 254 or "\x00" in address:
        raise Invalid.of({"email": "This is not an e-mail address."})
    return User.objects.normalize_email(address)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
