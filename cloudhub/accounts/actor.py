"""Who acts: a person at a page or a program with a hub key, in one team, and what they may do."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from django.utils import timezone

from cloudhub.accounts.models import HubKey, Membership, Role, Team, User
from cloudhub.core.errors import Forbidden

Permission = Literal["read", "generate", "manage"]
PERMISSIONS: tuple[Permission, ...] = ("read", "generate", "manage")
_REFERENCE = re.compile(r"user (\d{1,18})(?= with key |$)")
ROLE_PERMISSIONS: dict[str, tuple[Permission, ...]] = {
    Role.OWNER: ("read", "generate", "manage"),
    Role.MEMBER: ("read", "generate"),
    Role.VIEWER: ("read",),
}


@dataclass(frozen=True)
class Origin:
    """From where somebody acts, for the audit trail: the door, and the network address as the web server saw it."""

    door: Literal["page", "api", "admin", "command"] = "command"
    address: str = ""


@dataclass(frozen=True)
class Actor:
    """`permissions` are the role's, all of them for an owner of the hub, cut down to the hub key's scopes.

    `is_hub_owner` sees and manages every team.
    """

    user: User
    team: Team
    role: str
    hub_key: HubKey | None = None
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    origin: Origin = Origin()

    @property
    def is_hub_owner(self) -> bool:
        return self.user.is_superuser and self.may("manage")

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises `Forbidden` with a sentence when the actor lacks the permission."""
        if not self.may(permission):
            who = f"The hub key {self.hub_key.name}" if self.hub_key else f"A {self.role}"
            raise Forbidden(f"{who} may not {permission}.")

    @property
    def reference(self) -> str:
        """Who did it, for records that can never be changed: by number, so that they name nobody after an erasure."""
        return f"user {self.user.pk} with key {self.hub_key.prefix}…" if self.hub_key else f"user {self.user.pk}"

    @property
    def name(self) -> str:
        """Who did it, for people. It may stand only where it can be erased."""
        return f"{self.user.email} with key {self.hub_key.prefix}…" if self.hub_key else self.user.email


def permissions_of(user: User, role: str) -> frozenset[Permission]:
    """What a role allows; an owner of the hub may do everything in whichever team they work."""
    return frozenset(ROLE_PERMISSIONS[Role.OWNER if user.is_superuser else role])


def actor_of_user(user: User, team_id: int | None = None, origin: Origin = Origin()) -> Actor:  # noqa: B008 - frozen
    """The actor behind a session: in the wished team, else the first one joined. Raises `Forbidden` without any."""
    memberships = Membership.objects.filter(user=user, team__archived_at=None).select_related("team").order_by("id")
    chosen = memberships.filter(team_id=team_id).first() if team_id else None
    membership = chosen or memberships.first()
    if membership is None:
        raise Forbidden("You are in no team yet. Ask the owner to add you to one.")
    permissions = permissions_of(user, membership.role)
    return Actor(user, membership.team, membership.role, None, permissions, origin)


def witness_of(user: User, origin: Origin) -> Actor:
    """Whose act the audit trail tells of, also where they are in no team: then it may do nothing, and has none."""
    try:
        return actor_of_user(user, origin=origin)
    except Forbidden:
        return Actor(user, Team(), "", origin=origin)


def actor_of_hub_key(key: HubKey, origin: Origin = Origin("api")) -> Actor:  # noqa: B008 - frozen
    """The actor behind a hub key: its user's role in its team, cut down to the key's scopes. Raises `Forbidden`."""
    memberships = Membership.objects.filter(user=key.user, team=key.team, team__archived_at=None)
    membership = memberships.select_related("team", "user").first()
    if membership is None or not key.user.is_active:
        raise Forbidden("The person of this hub key is no longer in its team.")
    allowed = permissions_of(membership.user, membership.role) & frozenset(key.scopes)
    return Actor(membership.user, membership.team, membership.role, key, allowed, origin)


def told_by_name(references: Iterable[str]) -> dict[str, str]:
    """For people, what `Actor.reference` gave: "user 17" becomes the e-mail address, or what an erasure left of it."""
    numbers = {text: int(found[1]) for text in references if (found := _REFERENCE.match(text))}
    emails = dict(User.objects.filter(pk__in=numbers.values()).values_list("pk", "email"))
    known = {text: number for text, number in numbers.items() if number in emails}
    return {text: text.replace(f"user {number}", emails[number], 1) for text, number in known.items()}


def is_usable(key: HubKey) -> bool:
    """Neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > timezone.now())
