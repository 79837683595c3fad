"""The audit trail: who did what to which key, budget, model, member or outcome, from where, in a chain of hashes."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django.db import connection
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry, Team, User

# "cloudhub" as a number: the lock that lets one transaction at a time append.
CHAIN_LOCK = 0x636C6F7564687562
# Of a line's team, person and hub key.
SHARE_LOCKS = (
    "SELECT 1 FROM accounts_team WHERE id = %s FOR KEY SHARE",
    "SELECT 1 FROM accounts_user WHERE id = %s FOR KEY SHARE",
    "SELECT 1 FROM accounts_hubkey WHERE id = %s FOR KEY SHARE",
)
FIRST = "0" * 64
HUB_ITSELF = "the hub"


def record(
    actor: Actor | None,
    action: str,
    *,
    target_kind: str = "",
    target_id: object = "",
    target_name: str = "",
    team: Team | None = None,
    of_no_team: bool = False,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Append one line, in the transaction of what it tells of: call it inside `run_transaction`, as its last step.

    `action` is the object and the verb in the past ("hub_key.revoked"), `target_name` what people call the object.
    `details` are plain JSON values without secrets and without people's names: ids instead. None as `actor` is the hub
    itself. Without `team` the line belongs to the actor's, with `of_no_team` to none; a team's owner reads what belongs
    to it. Locks taken after it could deadlock with another appender.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An audit line belongs into the transaction of what it tells of.")
    home = None if of_no_team else team or (actor.team if actor and actor.team.pk else None)
    if connection.vendor == "postgresql":
        _queue_for_the_chain(home, actor)
    last = AuditEntry.objects.order_by("-number").first()
    entry = AuditEntry(
        number=last.number + 1 if last else 1, at=timezone.now(), team=home, user=actor.user if actor else None,
        hub_key=actor.hub_key if actor else None, door=actor.origin.door if actor else "hub", action=action,
        target_kind=target_kind, target_id=str(target_id), details=_plain(details or {}),
        who=(actor.name if actor else HUB_ITSELF)[:300], address=(actor.origin.address if actor else "")[:60],
        target_name=target_name[:300], salt=secrets.token_hex(16), previous_hash=last.hash if last else FIRST,
    )  # fmt: skip
    entry.personal_digest = digest_of_personal(entry)
    entry.hash = hash_of(entry)
    entry.save(force_insert=True)
    return entry


def record_person(actor: Actor, action: str, person: User, *, details: Mapping[str, Any] | None = None) -> AuditEntry:
    """A line of what an owner of the hub did to a person: of the person's one team, of none where they have several
    or no team. The actor's own team need not know. As `record` otherwise."""
    home = home_of(person)
    return record(actor, action, target_kind="person", target_id=person.pk, target_name=person.email, team=home,
                  of_no_team=home is None, details=details)  # fmt: skip


def home_of(person: User) -> Team | None:
    """The one team that they are in, None for several."""
    some = list(Team.objects.filter(memberships__user=person).order_by("id")[:2])
    return some[0] if len(some) == 1 else None


def _queue_for_the_chain(home: Team | None, actor: Actor | None) -> None:
    """Wait, on PostgreSQL, until nobody else appends.

    The rows that the line will point to are locked first, as its foreign keys do at the insert: who waits for them with
    the chain in hand would keep out the very transaction that holds them.
    """
    rows = [home, actor.user if actor else None, actor.hub_key if actor else None]
    with connection.cursor() as cursor:
        for row, statement in zip(rows, SHARE_LOCKS, strict=True):
            if row is not None:
                cursor.execute(statement, [row.pk])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


def digest_of_personal(entry: AuditEntry) -> str:
    """What stands in the chain for the erasable columns."""
    return _hash([entry.salt, entry.who, entry.address, entry.target_name])


def hash_of(entry: AuditEntry) -> str:
    """The line's own hash, which covers everything but the erasable columns themselves, and the line before."""
    return _hash([
        entry.number, entry.at.astimezone(UTC).isoformat(timespec="microseconds"), entry.team_id, entry.user_id,
        entry.hub_key_id, entry.door, entry.action, entry.target_kind, entry.target_id, entry.details,
        entry.personal_digest, entry.previous_hash,
    ])  # fmt: skip


def _plain(details: Mapping[str, Any]) -> Any:
    """As they are read back from either database: PostgreSQL writes a float in another way than it came."""
    return json.loads(json.dumps(details, ensure_ascii=True), parse_float=str, parse_constant=str)


def _hash(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
