"""Hub keys for tests, made as people make them."""

from collections.abc import Sequence

from cloudhub.accounts.actor import PERMISSIONS, Actor
from cloudhub.accounts.models import HubKey, Role, Team, User
from cloudhub.billing.hub_keys import issue_hub_key


def create_hub_key(*, name: str, user: User, team: Team, scopes: Sequence[str] = PERMISSIONS) -> tuple[HubKey, str]:
    """A key with these scopes, whatever the person's role allows, and its text."""
    actor = Actor(user, team, Role.OWNER, None, frozenset(PERMISSIONS))
    return issue_hub_key(actor, {"name": name, "scopes": list(scopes)})
