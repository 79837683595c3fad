"""What pages and programs say of a stored key that exists: which one, whose, and several changes at once."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry, Team
from cloudhub.core.errors import Invalid, NotFound
from cloudhub.core.identifiers import read_id
from cloudhub.core.text import is_storable
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.stored import relabel_key, set_priority, set_team, stored_keys_for
from cloudhub.vault.typed import read_label, read_priority

EVERY_TEAM = ""


def get_stored_key(actor: Actor, key_id: object) -> ProviderKey:
    """Raises `Forbidden` for those who do not manage, `NotFound` for a key that the actor may not look at."""
    actor.require("manage")
    known = read_id(key_id)
    stored = stored_keys_for(actor).filter(id=known).first() if known else None
    if stored is None:
        raise NotFound("There is no such key.")
    return stored


def change_key(actor: Actor, key_id: object, changes: Mapping[str, Any]) -> ProviderKey:
    """Change `team` (a `Team`, None for every team), `priority` or `label`; what stays as it is leaves no trace.

    Raises `Invalid` naming each field before anything is changed, else as the verbs of `stored`.
    """
    problems = {name: "This cannot be changed." for name in changes if name not in ("team", "priority", "label")}
    for name, read in (("priority", read_priority), ("label", read_label)):
        try:
            if name in changes:
                read(changes[name])
        except Invalid as error:
            problems |= error.fields
    if problems:
        raise Invalid.of(problems)
    stored = get_stored_key(actor, key_id)
    if "team" in changes and changes["team"] != stored.team:
        stored = set_team(actor, key_id, changes["team"])
    if "priority" in changes and read_priority(changes["priority"]) != stored.priority:
        stored = set_priority(actor, key_id, changes["priority"])
    if "label" in changes and read_label(changes["label"]) != stored.label:
        stored = relabel_key(actor, key_id, changes["label"])
    return stored


def teams_for_keys(actor: Actor) -> QuerySet[Team]:
    """The teams to which the actor may give a vendor's key."""
    living = Team.objects.filter(archived_at=None).order_by("name")
    if actor.is_hub_owner:
        return living
    return living.filter(id=actor.team.pk) if actor.may("manage") else living.none()


def read_team(actor: Actor, reference: object) -> Team | None:
    """The team that a name or an id means, None (every team) for None and "". Raises `Invalid` naming `team`."""
    if reference is None or reference == EVERY_TEAM:
        return None
    team = None
    if isinstance(reference, str) and is_storable(reference):
        number = int(reference) if reference.isascii() and reference.isdigit() and len(reference) < 18 else 0
        # A team may be called 7: its name goes before another one's number.
        found = teams_for_keys(actor).filter(Q(name=reference) | Q(id=number))
        team = next(iter(sorted(found, key=lambda known: known.name != reference)), None)
    if team is None:
        raise Invalid.of({"team": "Name a team of yours, or none for every team."})
    return team


def last_tests(keys: list[ProviderKey]) -> dict[str, AuditEntry]:
    """The newest line of the audit trail about a test of each key, by the key's id."""
    lines = AuditEntry.objects.filter(
        target_kind="provider_key", target_id__in=[str(key.pk) for key in keys], action="provider_key.tested"
    )
    return {line.target_id: line for line in lines.order_by("number")}
