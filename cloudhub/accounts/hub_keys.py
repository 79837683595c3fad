"""Make, find and revoke hub keys. The text of a key exists once, in the answer to whoever made it."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudhub.accounts.actor import PERMISSIONS, Actor, is_usable
from cloudhub.accounts.models import HubKey, Team, User
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Forbidden, Invalid, NotFound

KEY_START = "chk_"


def create_hub_key(
    *, name: object, user: User, team: Team, scopes: Sequence[str] = PERMISSIONS, expires_at: datetime | None = None
) -> tuple[HubKey, str]:
    """The stored key and its text, which is shown this once. Raises `Invalid` naming the field."""
    if not isinstance(name, str) or not name.strip() or len(name) > 100:
        raise Invalid.of({"name": "A key needs a name of at most 100 characters."})
    if not scopes or not set(scopes) <= set(PERMISSIONS):
        raise Invalid.of({"scopes": f"Scopes are one or more of {', '.join(PERMISSIONS)}."})
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid.of({"expires_at": "The key would already have expired."})
    text = KEY_START + secrets.token_urlsafe(32)
    key = HubKey(name=name.strip(), user=user, team=team, prefix=text[:10], digest=_digest(text),
                 scopes=[scope for scope in PERMISSIONS if scope in scopes], expires_at=expires_at)  # fmt: skip
    run_transaction(lambda: key.save(force_insert=True))
    return key, text


def issue_hub_key(
    actor: Actor, *, name: object, scopes: object = None, user: User | None = None, expires_at: datetime | None = None
) -> tuple[HubKey, str]:
    """A hub key in the actor's team, for themselves or for `user`; scopes are by default all that the actor has.

    Nobody gives away what they do not have: else a key without `generate` could make one that spends. A person may
    always make keys for themselves; a key needs `manage` to make another, or a stolen one could outlive its end.
    Raises `Forbidden`, and `Invalid` naming the field.
    """
    actor.require("manage" if actor.hub_key or user not in (None, actor.user) else "read")
    wished = sorted(actor.permissions) if scopes is None else scopes
    if not isinstance(wished, list) or not all(isinstance(scope, str) for scope in wished):
        raise Invalid.of({"scopes": f"Scopes are a list of one or more of {', '.join(PERMISSIONS)}."})
    missing = [scope for scope in PERMISSIONS if scope in wished and not actor.may(scope)]
    if missing:
        raise Forbidden(f"A key can only give what you have yourself; you lack {', '.join(missing)}.")
    return create_hub_key(name=name, user=user or actor.user, team=actor.team, scopes=wished, expires_at=expires_at)


def find_hub_key(text: str) -> HubKey | None:
    """The usable key with that text, or None. Marks it used, at most once a minute."""
    if not text.startswith(KEY_START) or len(text) > 100:
        return None
    key = HubKey.objects.select_related("user", "team").filter(digest=_digest(text)).first()
    if key is None or not is_usable(key):
        return None
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        stale = HubKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1)), id=key.id)
        run_transaction(lambda: stale.update(last_used_at=now))
    return key


def hub_keys_for(actor: Actor) -> QuerySet[HubKey]:
    """The keys that the actor may see: every key for a hub owner, the team's for a team owner, else their own."""
    keys = HubKey.objects.select_related("user", "team").order_by("-id")
    if actor.is_hub_owner:
        return keys
    return keys.filter(team=actor.team) if actor.may("manage") else keys.filter(team=actor.team, user=actor.user)


def revoke_hub_key(*, actor: Actor, key_id: str) -> HubKey:
    """End a key at once. Its ledger lines stay. Raises `NotFound` for a key that the actor may not see."""
    text = str(key_id)
    known = text.isascii() and text.isdigit() and len(text) < 18
    key = hub_keys_for(actor).filter(id=int(text)).first() if known else None
    if key is None:
        raise NotFound("There is no such hub key.")
    run_transaction(lambda: HubKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=timezone.now()))
    key.refresh_from_db()
    return key


def _digest(text: str) -> str:
    """Keys are 256 random bits, so a plain hash is enough and the look-up needs no second secret."""
    return hashlib.sha256(text.encode()).hexdigest()
