"""Make, find, rotate, change and revoke hub keys. The text of a key exists once, in the answer to whoever made it."""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from cloudhub.accounts.actor import Actor, is_usable
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.key_rights import RIGHTS, KeyRights, is_beyond, read_rights, require_no_more, rights_of
from cloudhub.accounts.models import HubKey, Membership, Team, User
from cloudhub.accounts.networks import lies_within
from cloudhub.core.addresses import is_same_address
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from cloudhub.core.text import is_storable
from cloudhub.core.throttle import take

KEY_START = "chk_"
USUAL_OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)
ONLY_THEIRS = "Only the key's own person or an owner of the hub may"


def prepare_hub_key(actor: Actor, fields: Mapping[str, Any], user: User | None = None) -> tuple[HubKey, str]:
    """A hub key in the actor's team that is not stored yet, for themselves or for `user`, and its text.

    `fields` are `name` and the rights of `KeyRights`, by default all that the actor has. Nobody gives away what they
    do not have. A person may always make keys for themselves; a key needs `manage` to make another, or a stolen one
    could outlive its end. Only owners of the hub make keys for others. Raises `Forbidden`, and `Invalid` naming the
    field.
    """
    actor.require("manage" if actor.hub_key else "read")
    if user not in (None, actor.user):
        _require_may_make_for_others(actor)
    key, text = _new_key(fields.get("name"), user or actor.user, actor.team, read_rights(actor, fields))
    if actor.hub_key:
        key.older_lines = _join(actor.hub_key.lines)
    return key, text


def find_holder(actor: Actor, email: object) -> User:
    """Who shall have a key that the actor makes: themselves, or as an owner of the hub somebody else of the team.

    Raises `Forbidden`, and `Invalid` naming the field user.
    """
    wished = email if isinstance(email, str) else ""
    if is_same_address(wished, actor.user.email):
        return actor.user
    _require_may_make_for_others(actor)
    holder = User.objects.with_address(wished) if is_storable(wished) else None
    if holder is None or not Membership.objects.filter(user=holder, team=actor.team).exists():
        raise Invalid.of({"user": "Give the e-mail address of a person in your team."})
    return holder


def insert_hub_key(
    actor: Actor | None,
    key: HubKey,
    details: Mapping[str, Any] | None = None,
    together: Callable[[], None] = lambda: None,
) -> None:
    """Store a prepared key, do what belongs `together` with it, write the audit line: in the caller's transaction."""
    _require_not_revoked(actor)
    # A repeated transaction gets a new number.
    key.pk = None
    key.save(force_insert=True)
    together()
    record(actor, "hub_key.created", target_kind="hub_key", target_id=key.pk, target_name=key.name, team=key.team,
           details={"for_user": key.user_id, **rights_of(key).as_json, **(details or {})})  # fmt: skip


def find_hub_key(text: str) -> HubKey | None:
    """The usable key with that text, or None: one look-up by its hash, whatever the text."""
    if not text.startswith(KEY_START) or len(text) > 100:
        return None
    key = HubKey.objects.select_related("user", "team").filter(digest=_digest(text)).first()
    return key if key is not None and is_usable(key) else None


def use_hub_key(text: str, address: str) -> HubKey | None:
    """The usable key with that text for a call from `address`, or None. Marks it used, at most once a minute.

    Raises `Forbidden` outside its networks and `TooMany` when its calls of this minute are used up.
    """
    key = find_hub_key(text)
    if key is None:
        return None
    if key.allowed_networks and not lies_within(address, key.allowed_networks):
        raise Forbidden("This hub key may not be used from the network that this call came from.")
    _take_turn(key)
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        stale = HubKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1)), id=key.id)
        run_transaction(lambda: stale.update(last_used_at=now))
    return key


def _take_turn(key: HubKey) -> None:
    """Count the call in the key's line, and in those of the keys it was made with. Raises `TooMany`."""
    limits = [(key.pk, key.calls_a_minute)]
    if key.lines != [key.pk]:
        # A line's first key has the limit of all, whatever was rotated while it changed.
        firsts = HubKey.objects.filter(id__in=key.lines).values_list("id", "calls_a_minute")
        limits = sorted(firsts, key=lambda first: first[0] != key.line)
    for line, limit in limits:
        wait = take(f"hub_key:{line}", limit, 60) if limit else 0
        if wait:
            raise TooMany(
                f"The hub key {key.name} may make {limit} calls a minute. Nothing was done; wait {wait} seconds.",
                retry_after=wait,
            )


def hub_keys_for(actor: Actor) -> QuerySet[HubKey]:
    """The keys that the actor may see: every key for a hub owner, the team's for a team owner, else their own."""
    keys = HubKey.objects.select_related("user", "team").order_by("-id")
    if actor.is_hub_owner:
        return keys
    return keys.filter(team=actor.team) if actor.may("manage") else keys.filter(team=actor.team, user=actor.user)


def get_hub_key(actor: Actor, key_id: object) -> HubKey:
    """Raises `NotFound` for a key that the actor may not see."""
    text = str(key_id)
    known = text.isascii() and text.isdigit() and len(text) < 18
    key = hub_keys_for(actor).filter(id=int(text)).first() if known else None
    if key is None:
        raise NotFound("There is no such hub key.")
    return key


def change_hub_key(actor: Actor, key_id: object, changes: Mapping[str, Any]) -> HubKey:
    """Change a key's name or rights; the rate limit holds for the whole line.

    A team's owner may narrow the keys of others, not widen them: what such a key does is done in its person's name.
    Raises `Invalid` naming each field, `Forbidden`, `NotFound`, or `Conflict` for a key that has ended.
    """
    if actor.hub_key:
        actor.require("manage")
    key = get_hub_key(actor, key_id)
    problems = {name: "This cannot be changed." for name in changes if name not in ("name", *RIGHTS)}
    if problems:
        raise Invalid.of(problems)
    _require_usable(key)
    values: dict[str, Any] = {}
    rights = read_rights(actor, changes, now=rights_of(key)) if set(changes) & set(RIGHTS) else None
    if rights is not None:
        values |= rights.columns
    if "name" in changes:
        values["name"] = _read_name(changes["name"])
    changed = {name: value for name, value in values.items() if getattr(key, name) != value}

    def update() -> None:
        now = HubKey.objects.select_for_update(no_key=True).get(id=key.pk)
        if rights is not None and not _is_theirs(actor, now) and is_beyond(rights, rights_of(now)):
            raise Forbidden(f"{ONLY_THEIRS} give it more rights. You can narrow or revoke it.")
        if not HubKey.objects.filter(id=key.pk, revoked_at=None).update(**changed):
            raise Conflict("This key has ended. Make a new one.")
        if "calls_a_minute" in changed:
            HubKey.objects.filter(_in_line(key.line)).update(calls_a_minute=changed["calls_a_minute"])
        record(actor, "hub_key.changed", target_kind="hub_key", target_id=key.pk, target_name=key.name, team=key.team,
               details={name: str(changed[name]) if name == "expires_at" else changed[name]
                        for name in changed if name != "name"})  # fmt: skip

    if changed:
        run_transaction(update)
        key.refresh_from_db()
    return key


def rotate_hub_key(actor: Actor, key_id: object, overlap: timedelta = USUAL_OVERLAP) -> tuple[HubKey, str]:
    """A new key with the rights of the old one, and its text; the old one ends after `overlap`, 0 ends it at once.

    Both count in the same budgets and in the same rate limit. Whoever gets the text acts as the key's person, so only
    that person and owners of the hub may. Raises `Forbidden`, `NotFound`, `Invalid` naming overlap, or `Conflict` for
    a key that has ended or was rotated already.
    """
    if actor.hub_key:
        actor.require("manage")
    old = get_hub_key(actor, key_id)
    if not _is_theirs(actor, old):
        raise Forbidden(f"{ONLY_THEIRS} rotate it. You can revoke it.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid.of({"overlap_hours": f"The overlap is 0 to {LONGEST_OVERLAP.days * 24} hours."})
    _require_usable(old)
    if actor.hub_key and actor.hub_key.pk != old.pk:
        require_no_more(actor, rights_of(old))
    new, text = _new_key(old.name, old.user, old.team, rights_of(old))
    with_it = actor.hub_key.lines if actor.hub_key else []
    new.replaces, new.older_lines = old, _join([*(line for line in with_it if line not in old.lines), *old.lines])
    try:
        run_transaction(lambda: _replace(actor, old, new, overlap))
    except IntegrityError as error:
        raise Conflict("This key was rotated already. Rotate the one that replaced it.") from error
    return new, text


def _replace(actor: Actor, old: HubKey, new: HubKey, overlap: timedelta) -> None:
    now = timezone.now()
    _require_not_revoked(actor)
    # What was taken from the old key meanwhile, the new one must not bring back.
    for name, value in rights_of(HubKey.objects.select_for_update(no_key=True).get(pk=old.pk)).columns.items():
        setattr(new, name, value)
    usable = HubKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), id=old.pk, revoked_at=None)
    end = Value(now + overlap)
    if not usable.update(expires_at=Coalesce(Least("expires_at", end), end)):
        raise Conflict("This key has ended. Make a new one.")
    new.pk = None
    new.save(force_insert=True)
    record(actor, "hub_key.rotated", target_kind="hub_key", target_id=old.pk, target_name=old.name, team=old.team,
           details={"replaced_by": new.pk, "overlap_hours": overlap.total_seconds() / 3600})  # fmt: skip


def revoke_hub_key(*, actor: Actor, key_id: object) -> tuple[HubKey, int]:
    """End a key at once, and with it those that it or another key of its line made: how many these were.

    Whoever stole a key may have made some. Keys that only follow it go on, and all ledger lines stay. Raises `NotFound`
    for a key that the actor may not see.
    """
    key = get_hub_key(actor, key_id)

    def revoke() -> int:
        is_first = _end(key)
        others = [other for other in _made_with(key.line).select_related("team").order_by("id") if _end(other)]
        if is_first:
            _record_end(actor, key, {})
        for other in others:
            _record_end(actor, other, {"made_with_key": key.pk})
        return len(others)

    others = run_transaction(revoke)
    key.refresh_from_db()
    return key, others


def _end(key: HubKey) -> bool:
    return bool(HubKey.objects.filter(id=key.pk, revoked_at=None).update(revoked_at=timezone.now()))


def _record_end(actor: Actor, key: HubKey, details: Mapping[str, Any]) -> None:
    record(actor, "hub_key.revoked", target_kind="hub_key", target_id=key.pk, target_name=key.name, team=key.team,
           details=details)  # fmt: skip


def _made_with(line: int) -> QuerySet[HubKey]:
    """The keys that a line's keys made, those made by these, and what followed any of them."""
    return HubKey.objects.filter(revoked_at=None, older_lines__contains=f"|{line}|").exclude(_in_line(line))


def _require_not_revoked(actor: Actor | None) -> None:
    """In the transaction of a new key: what is being revoked makes none that would escape it. Raises `Forbidden`."""
    if actor and actor.hub_key:
        rows = HubKey.objects.select_for_update(no_key=True).filter(pk=actor.hub_key.pk, revoked_at=None)
        if not list(rows.values("id")):
            raise Forbidden("This hub key has been revoked. No key was made.")


def _require_usable(key: HubKey) -> None:
    if not is_usable(key):
        raise Conflict("This key has ended. Make a new one.")


def _new_key(name: object, user: User, team: Team, rights: KeyRights) -> tuple[HubKey, str]:
    text = KEY_START + secrets.token_urlsafe(32)
    key = HubKey(name=_read_name(name), user=user, team=team, prefix=text[:10], digest=_digest(text), **rights.columns)
    return key, text


def _require_may_make_for_others(actor: Actor) -> None:
    if not actor.is_hub_owner:
        raise Forbidden("Only the hub's owner may make a key for another person.")


def _in_line(line: int) -> Q:
    """The first key of a line and all that followed it."""
    return Q(id=line) | Q(replaces__isnull=False, older_lines__endswith=f"|{line}|")


def _is_theirs(actor: Actor, key: HubKey) -> bool:
    """Whether the actor may have the key do more, or have its text."""
    return actor.is_hub_owner or key.user_id == actor.user.pk


def _read_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > 100 or not is_storable(name):
        raise Invalid.of({"name": "A key needs a name of at most 100 characters."})
    return name.strip()


def _join(lines: Sequence[int]) -> str:
    return f"|{'|'.join(map(str, lines))}|" if lines else ""


def _digest(text: str) -> str:
    """Keys are 256 random bits, so a plain hash is enough and the look-up needs no second secret."""
    return hashlib.sha256(text.encode()).hexdigest()
