"""Vendors' keys that people store in the hub: add, test, label, give to a team, put in order, rotate and revoke.

Keys of every team are the hub owner's, a team's keys its owners'. Values go in and never come out again; a vendor is
asked outside every transaction. Every verb raises `Forbidden` or `NotFound`, and `Invalid` naming the field; those that
ask a vendor also `TooMany`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import Team
from cloudhub.accounts.pace import CHECKS, keep_pace
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from cloudhub.core.identifiers import read_id
from cloudhub.vault.binding import addresses_of, is_in_place
from cloudhub.vault.check import CheckResult, ask_about
from cloudhub.vault.envelope import CannotDecrypt, newest_id
from cloudhub.vault.keys import active_keys, fingerprint, keys_for
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.sealing import open_key, seal_into
from cloudhub.vault.typed import last_four, read_label, read_priority, read_provider, read_values
from providers.base import Key, Provider
from providers.catalogue import find_provider, installed_providers

State = ProviderKey.State
Place = Literal["team", "shared", ".env", "environment", "file", "not needed", ""]


def add_key(
    actor: Actor, *, provider: str, values: Mapping[str, str], form: str = "", label: str = "",
    team: Team | None = None, priority: object = 100, replaces: ProviderKey | None = None,
) -> ProviderKey:  # fmt: skip
    """Store a key for a team, or without one for every team. Nothing is asked of the vendor: see `test_values`.

    Also raises `Conflict` when it is stored already, or `NoEncryptionKey`.
    """
    _may_change(actor, team)
    vendor = read_provider(provider)
    key = read_values(vendor, values, form)
    name, place = read_label(label), read_priority(priority)
    if replaces is not None:
        _find_to_change(actor, replaces.pk)
    stored = _new(actor, vendor, key, team=team, label=name, priority=place, replaces=replaces)

    def work() -> None:
        _refuse_twice(stored)
        stored.save(force_insert=True)
        _record(actor, "provider_key.added", stored)

    run_transaction(work)
    return stored


def test_values(
    actor: Actor, *, provider: str, values: Mapping[str, str], form: str = "", team: Team | None = None,  # noqa: PT028
) -> CheckResult:  # fmt: skip
    """Ask the vendor about a key that has been typed and is not stored: free, and nothing is kept of it."""
    _may_change(actor, team)
    vendor = read_provider(provider)
    key = read_values(vendor, values, form)
    keep_pace(actor, CHECKS)
    return ask_about(vendor, key)


def test_key(actor: Actor, key_id: object) -> CheckResult:
    """Ask the vendor about a stored key, free of charge: `health.check.check_stored_key` also remembers the answer.

    Raises `Conflict` for a key whose secrets are gone.
    """
    stored = _find_to_change(actor, key_id)
    vendor = _vendor_of(stored)
    keep_pace(actor, CHECKS)
    if stored.state not in (State.ACTIVE, State.RETIRED) or not stored.ciphertext:
        raise Conflict(f"This key is {stored.get_state_display().lower()}: {stored.ended_reason}".strip())
    if not is_in_place(stored, vendor):
        raise Conflict(moved(vendor))
    try:
        key = open_key(stored, vendor)
    except CannotDecrypt as error:
        return CheckResult("unreachable", error.message, error.code, TYPE_AGAIN)
    result = ask_about(vendor, key)
    run_transaction(
        lambda: _record(actor, "provider_key.tested", stored, {"result": result.verdict, "code": result.code})
    )
    return result


def relabel_key(actor: Actor, key_id: object, label: object) -> ProviderKey:
    """Call a key something else; an empty label takes the name away."""
    return _change(actor, key_id, "provider_key.relabelled", {"label": read_label(label)}, {})


def set_priority(actor: Actor, key_id: object, priority: object) -> ProviderKey:
    """Put a key before or behind the others of its vendor and team: the lowest is taken first."""
    number = read_priority(priority)
    return _change(actor, key_id, "provider_key.reordered", {"priority": number}, {"priority": number})


def set_team(actor: Actor, key_id: object, team: Team | None) -> ProviderKey:
    """Give a key to another team, or with None to every team. It needs the right over both."""
    _may_change(actor, team)
    before = _find_to_change(actor, key_id).team_id
    details = {"from_team": before, "to_team": team.pk if team else None}
    return _change(actor, key_id, "provider_key.given", {"team": team}, details)


def rotate_key(actor: Actor, key_id: object, values: Mapping[str, str]) -> ProviderKey:
    """Put a new key in the place of one in use: tested at the vendor first, then both change in one transaction.

    The old one makes no more calls and is still asked about jobs that were begun with it. When the vendor refuses the
    new one (`Invalid` naming `values`) or is out of reach (`Unavailable`), nothing has changed.
    """
    old = _find_to_change(actor, key_id)
    if not old.is_active:
        raise Conflict("Only a key in use can be rotated; add a new one instead.")
    vendor = read_provider(old.provider)
    key = read_values(vendor, values, old.form)
    newest_id()
    keep_pace(actor, CHECKS)
    result = ask_about(vendor, key)
    if result.verdict == "refused":
        raise Invalid.of({"values": f"{result.sentence} {result.remedy} The old key stays in use.".replace("  ", " ")})
    if not result.is_valid:
        raise Unavailable(f"{result.sentence} The new key could not be tested; the old one stays in use.")
    new = _new(actor, vendor, key, team=old.team, label=old.label, priority=old.priority, replaces=old)

    def work() -> None:
        ended = {"state": State.RETIRED, "ended_at": timezone.now(), "ended_reason": "Replaced by a new key."}
        if not ProviderKey.objects.filter(id=old.pk, state=State.ACTIVE, team=old.team).update(**ended):
            raise Conflict("Somebody replaced or revoked this key or gave it to others just now; nothing was changed.")
        _refuse_twice(new)
        new.save(force_insert=True)
        _record(actor, "provider_key.rotated", new, {"replaces": str(old.pk)})

    run_transaction(work)
    return new


def revoke_key(actor: Actor, key_id: object) -> ProviderKey:
    """End a key at once and forget its secrets: no call is sent with it any more. Its history stays.

    A job that was begun with it and is not done becomes an unknown outcome once the hub has to ask anew.
    """
    stored = _find_to_change(actor, key_id)
    alive = ProviderKey.objects.filter(id=stored.pk, state__in=[State.ACTIVE, State.RETIRED, State.DROPPED])

    def work() -> None:
        gone = {"ciphertext": "", "encryption_key_id": "", "ended_at": timezone.now()}
        if not alive.update(state=State.REVOKED, ended_reason="Revoked by hand.", **gone):
            raise Conflict("This key has been revoked already.")
        _record(actor, "provider_key.revoked", stored)

    run_transaction(work)
    stored.refresh_from_db()
    return stored


def stored_keys_for(actor: Actor) -> QuerySet[ProviderKey]:
    """The keys that an actor may look at: all for a hub owner, their team's and the shared ones for a team's owner,
    none for anybody else."""
    keys = ProviderKey.objects.select_related("team", "created_by").order_by("provider", "priority", "id")
    keys = keys.defer("ciphertext")
    if actor.is_hub_owner:
        return keys
    return keys.filter(Q(team=actor.team) | Q(team=None)) if actor.may("manage") else keys.none()


def may_change(actor: Actor, team_id: int | None) -> bool:
    """Whether an actor may add and change keys of a team, or with None those of every team."""
    return actor.is_hub_owner or (actor.may("manage") and team_id == actor.team.pk)


@dataclass(frozen=True)
class KeySource:
    """Which key of a vendor is the first for the actor's team. `place` is empty without a key; `stored_id` is a stored
    key's; `words` say for people where it comes from."""

    provider: Provider
    place: Place
    words: str
    stored_id: str = ""
    last_four: str = ""


def sources_of(actor: Actor) -> list[KeySource]:
    """Where each vendor's key comes from for the actor's team, in the vendors' order. One query."""
    actor.require("manage")
    rows = active_keys()
    by_id = {str(stored.pk): stored for stored in rows}
    found = []
    for vendor in installed_providers().values():
        keys = keys_for(vendor, actor.team.pk, rows)
        found.append(_source(vendor, keys[0], by_id) if keys else KeySource(vendor, "", "no key"))
    return found


def _source(vendor: Provider, key: Key, by_id: Mapping[str, ProviderKey]) -> KeySource:
    stored = by_id.get(key.stored_id)
    if stored is not None:
        place: Place = "team" if stored.team_id is not None else "shared"
        return KeySource(vendor, place, key.source, key.stored_id, stored.last_four)
    known: tuple[Place, ...] = (".env", "environment", "not needed")
    place = next((name for name in known if name == key.source), "file")
    return KeySource(vendor, place, key.source, last_four="" if key.public else key.last_four)


TYPE_AGAIN = "Type the key again, or bring the missing encryption key back."


def moved(vendor: Provider) -> str:
    """Why a stored key is not used although it opens."""
    return f"{vendor.label} has another address now than when this key was typed; it must be typed again."


def _new(
    actor: Actor, vendor: Provider, key: Key, *, team: Team | None, label: str, priority: int,
    replaces: ProviderKey | None,
) -> ProviderKey:  # fmt: skip
    form = next(form for form in vendor.forms() if form.name == key.form)
    public = {name: value for name, value in key.values.items() if name in form.public}
    stored = ProviderKey(
        provider=vendor.id, team=team, label=label, form=form.name, public_values=public, bound_to=addresses_of(vendor),
        last_four=last_four(key, form), key_print=fingerprint(key), priority=priority, replaces=replaces,
        created_by=actor.user,
    )  # fmt: skip
    seal_into(stored, {name: value for name, value in key.values.items() if name not in form.public})
    return stored


def _refuse_twice(new: ProviderKey) -> None:
    same = ProviderKey.objects.filter(provider=new.provider, team=new.team, key_print=new.key_print, state=State.ACTIVE)
    known = same.filter(public_values=new.public_values, bound_to=new.bound_to).first()
    if known is not None:
        raise Conflict(f"This key is stored already: {known}.")


def _may_change(actor: Actor, team: Team | None) -> None:
    actor.require("manage")
    if not may_change(actor, team.pk if team else None):
        if team is None:
            raise Forbidden("Keys of every team are the hub owner's. You can store one for your own team.")
        raise NotFound("There is no such team.")


def _find_to_change(actor: Actor, key_id: object) -> ProviderKey:
    actor.require("manage")
    known = read_id(key_id)
    stored = stored_keys_for(actor).filter(id=known).first() if known else None
    if stored is None:
        raise NotFound("There is no such key.")
    if not may_change(actor, stored.team_id):
        raise Forbidden("This key is every team's: only the hub's owner changes it.")
    return stored


def _change(
    actor: Actor, key_id: object, action: str, changes: Mapping[str, Any], details: Mapping[str, Any]
) -> ProviderKey:
    stored = _find_to_change(actor, key_id)

    def work() -> None:
        alive = ProviderKey.objects.filter(id=stored.pk, state__in=[State.ACTIVE, State.RETIRED])
        if not alive.filter(team=stored.team).update(**changes):
            raise Conflict("This key was ended or given to others meanwhile; nothing was changed.")
        stored.refresh_from_db()
        _record(actor, action, stored, details)

    run_transaction(work)
    return stored


def _vendor_of(stored: ProviderKey) -> Provider:
    vendor = find_provider(stored.provider)
    if vendor is None:
        raise Conflict(f"The vendor {stored.provider} is not installed here.", code="provider_missing")
    return vendor


def _record(actor: Actor, action: str, stored: ProviderKey, details: Mapping[str, Any] | None = None) -> None:
    facts = {"provider": stored.provider, "shared": stored.team_id is None, **(details or {})}
    record(
        actor, action, target_kind="provider_key", target_id=stored.pk, target_name=str(stored), team=stored.team,
        details=facts,
    )  # fmt: skip
