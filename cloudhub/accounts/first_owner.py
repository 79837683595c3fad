"""The first owner and the default team, made at the first start."""

import secrets

from django.conf import settings

from cloudhub.accounts.actor import Actor, Origin, actor_of_user
from cloudhub.accounts.models import Membership, Role, Team, User
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Forbidden

DEFAULT_TEAM = "Studio"


def ensure_first_owner() -> str:
    """Make the default team and its owner when there are none. Returns the new password, "" when nothing was made."""
    return run_transaction(_make)


def _make() -> str:
    if User.objects.filter(is_superuser=True).exists():
        return ""
    password = settings.OWNER_PASSWORD or secrets.token_urlsafe(12)
    team, _ = Team.objects.get_or_create(name=DEFAULT_TEAM)
    owner = User.objects.create_superuser(settings.OWNER_EMAIL, password)
    Membership.objects.create(user=owner, team=team, role=Role.OWNER)
    return password


def first_owner() -> User:
    """The hub's first owner. Raises `User.DoesNotExist` before the first start."""
    owner = User.objects.filter(is_superuser=True, is_active=True).order_by("id").first()
    if owner is None:
        raise User.DoesNotExist("There is no owner yet. Run `python3 hub.py run` once.")
    return owner


def actor_of_commands() -> Actor | None:
    """For whom a command acts when it names nobody: the first owner, None before there is one."""
    try:
        return actor_of_user(first_owner(), origin=Origin("command"))
    except (User.DoesNotExist, Forbidden):
        return None
