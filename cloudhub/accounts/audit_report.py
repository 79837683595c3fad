"""The lines of the audit trail that somebody may read, filtered and as files."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_check import in_batches
from cloudhub.accounts.models import AuditEntry
from cloudhub.core.errors import Invalid
from cloudhub.core.text import is_storable
from cloudhub.core.times import read_time

DOORS = {"page": "Pages", "api": "API", "admin": "Admin site", "command": "Command", "hub": "The hub itself"}
FILTERS = ("person", "action", "object", "team", "since", "until", "door")
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
COLUMNS = (
    "number", "at", "action", "target_kind", "target_id", "target_name", "details", "team", "team_id", "who", "user_id",
    "hub_key", "hub_key_id", "door", "address", "is_erased", "personal_digest", "previous_hash", "hash",
)  # fmt: skip
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def audit_lines_for(actor: Actor, filters: Mapping[str, str]) -> QuerySet[AuditEntry]:
    """The lines, newest first: every team's for an owner of the hub, their team's for a team's owner.

    `person` is a whole e-mail address or a user's id, `action` a whole action, or an object ("budget") for all that
    was done to its kind, `object` a kind or "kind:id", `team` a name or an id, `since` and `until` ISO dates or times
    (inclusive, exclusive), `door` one of `DOORS`. What is empty does not filter; what nothing has finds nothing.
    Raises `Forbidden`, `Invalid` naming the field.
    """
    actor.require("manage")
    lines = AuditEntry.objects.select_related("team", "user", "hub_key").order_by("-number")
    if not actor.is_hub_owner:
        lines = lines.filter(team=actor.team)
    problems = {name: "There is no such filter." for name in filters if name not in FILTERS}
    problems |= {name: "Text cannot hold such characters." for name, text in filters.items() if not is_storable(text)}
    if filters.get("door") and filters["door"] not in DOORS:
        problems["door"] = f"Choose one of {', '.join(DOORS)}."
    if problems:
        raise Invalid.of(problems)
    for name in FILTERS:
        if filters.get(name):
            lines = lines.filter(_condition(name, filters[name].strip()))
    return lines


def _condition(name: str, text: str) -> Q:
    if name == "person":
        return _named(text, "user_id", "user__email__iexact")
    if name == "team":
        return _named(text, "team_id", "team__name__iexact")
    if name == "action":
        return Q(action=text) if "." in text else Q(action__startswith=f"{text}.")
    if name == "object":
        kind, _, target = text.partition(":")
        return Q(target_kind=kind, target_id=target) if target else Q(target_kind=kind)
    if name == "door":
        return Q(door=text)
    return Q(at__gte=read_time(name, text)) if name == "since" else Q(at__lt=read_time(name, text))


def _named(text: str, by_id: str, by_name: str) -> Q:
    condition = Q(**{by_name: text})
    return condition | Q(**{by_id: int(text)}) if text.isascii() and text.isdigit() and len(text) < 18 else condition


def present_line(entry: AuditEntry) -> dict[str, Any]:
    """A line for programs. With its `personal_digest` it holds all that its hash covers."""
    return {
        "number": entry.number, "at": entry.at.isoformat(timespec="microseconds"), "action": entry.action,
        "target_kind": entry.target_kind, "target_id": entry.target_id, "target_name": entry.target_name or None,
        "details": entry.details, "team": entry.team.name if entry.team else None, "team_id": entry.team_id,
        "who": entry.who or None, "user_id": entry.user_id,
        "hub_key": entry.hub_key.name if entry.hub_key else None, "hub_key_id": entry.hub_key_id, "door": entry.door,
        "address": entry.address or None, "is_erased": not entry.salt, "personal_digest": entry.personal_digest,
        "previous_hash": entry.previous_hash, "hash": entry.hash,
    }  # fmt: skip


def as_json_lines(lines: QuerySet[AuditEntry]) -> Iterator[str]:
    """One JSON object a line, the oldest first, however many there are."""
    for entry in in_batches(lines):
        yield json.dumps(present_line(entry), ensure_ascii=False) + "\n"


def as_csv(lines: QuerySet[AuditEntry]) -> Iterator[str]:
    """A table with a head, the oldest first. No cell begins like a formula of a spreadsheet."""
    yield _row(list(COLUMNS))
    for entry in in_batches(lines):
        line = present_line(entry)
        yield _row([_cell(line[column]) for column in COLUMNS])


def _row(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | bool) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
