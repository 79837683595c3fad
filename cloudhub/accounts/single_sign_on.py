"""Who may come in by single sign-on: people and addresses that the hub knows, where the provider verified them."""

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from cloudhub.accounts.actor import Actor, Origin, permissions_of, witness_of
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.invitations import join_as_newcomer, open_invitations_for
from cloudhub.accounts.models import AuditEntry, Membership, Role, Team, User
from cloudhub.accounts.passwords import RESET
from cloudhub.accounts.sessions import end_sessions_of
from cloudhub.core.addresses import is_same_address
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Forbidden

NOT_VERIFIED = "Your identity provider does not say that your e-mail address is verified. The hub knows people by it."
NOT_KNOWN = "There is no account and no invitation for your e-mail address. Ask the owner of the hub for an invitation."
ANOTHER_PERSON = (
    "Your e-mail address is connected with somebody else at the identity provider. Ask the owner of the hub."
)
NOT_YOURS = (
    "Your identity provider knows you by another e-mail address than the hub does; nothing was connected. Sign in "
    "there with the address of your account."
)
PROVEN = (
    "Single sign-on has proven that your e-mail address is yours. The password and the sessions of this account from "
    "before have ended; revoke hub keys that you do not know on the page Keys."
)
NOT_CLEAR = "The identity provider gave two answers about two people. Tell whoever runs it."
OWNER = (
    "An owner of the hub connects single sign-on once from their own Account page: sign in with your password first."
)


def welcome(email: str, *, is_verified: bool, origin: Origin) -> User:
    """The person whom an identity provider's first word about somebody means, made new where an invitation or the
    allowed e-mail domains let them in. New people are never owners of the hub.

    An owner of the hub is not found by address: whoever rules the provider would rule the hub. Raises `Forbidden`
    with a sentence.
    """
    if not is_verified or not email:
        raise Forbidden(NOT_VERIFIED)
    user = User.objects.with_address(email)
    if user is not None:
        if not user.is_active:
            raise Forbidden(NOT_KNOWN)
        if user.is_superuser:
            raise Forbidden(OWNER)
        return user
    newcomer = User(email=User.objects.normalize_email(email))
    newcomer.set_unusable_password()
    invitations = open_invitations_for(email)
    if invitations:
        return join_as_newcomer(invitations[0], newcomer, origin)
    if _is_of_the_house(email):
        return _join_team(newcomer, origin)
    raise Forbidden(NOT_KNOWN)


def prove_address(user: User, origin: Origin) -> bool:
    """End what was there before the address was proven: whether the person had a password.

    Whoever has an invitation's link can make the account of the address in it. Its password ends with its sessions
    when the identity provider first proves whose address it is, unless a link mailed to it had done so. Second factors
    stay: who cannot pass one that somebody else set up does not come in.
    """
    if not user.has_usable_password() or AuditEntry.objects.filter(user=user, action=RESET).exists():
        return False
    user.set_unusable_password()
    actor = witness_of(user, origin)

    def work() -> None:
        User.objects.filter(pk=user.pk).update(password=user.password)
        end_sessions_of(user)
        record(actor, "password.withdrawn", target_kind="person", target_id=user.pk, target_name=user.email)

    run_transaction(work)
    return True


def record_connection(user: User, origin: Origin) -> None:
    """Tell the audit trail that a person comes in by single sign-on from then on."""
    actor = witness_of(user, origin)

    def work() -> None:
        record(actor, "single_sign_on.connected", target_kind="person", target_id=user.pk, target_name=user.email)

    run_transaction(work)


def require_own_address(user: Any, email: object, *, is_verified: bool) -> None:
    """Whoever connects their account is known at the provider by the same, verified address. Raises `Forbidden`."""
    if not is_verified or not isinstance(email, str):
        raise Forbidden(NOT_VERIFIED)
    if not user.is_authenticated or not is_same_address(email, user.email):
        raise Forbidden(NOT_YOURS)


def single_sign_on_of(user: User) -> dict[str, Any]:
    """What the Account page shows: the provider's name ("" where there is none), and whether the person uses it."""
    return {
        "single_sign_on": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
        "is_connected": SocialAccount.objects.filter(user=user).exists(),
    }


def _is_of_the_house(email: str) -> bool:
    domain = email.rpartition("@")[2].lower()
    return bool(settings.OIDC_TEAM) and domain in [allowed.lower() for allowed in settings.OIDC_EMAIL_DOMAINS]


def _join_team(user: User, origin: Origin) -> User:
    """A new member of the team that the settings name."""
    team = Team.objects.filter(name=settings.OIDC_TEAM, archived_at=None).first()
    if team is None:
        raise Conflict(
            f"The team {settings.OIDC_TEAM}, which OIDC_TEAM names, is not there. Tell the owner of the hub."
        )

    def work() -> None:
        user.pk = None
        user.save(force_insert=True)
        Membership.objects.create(user=user, team=team, role=Role.MEMBER)
        actor = Actor(user, team, Role.MEMBER, None, permissions_of(user, Role.MEMBER), origin)
        record(actor, "member.joined_by_single_sign_on", target_kind="person", target_id=user.pk,
               target_name=user.email)  # fmt: skip

    run_transaction(work)
    return user
