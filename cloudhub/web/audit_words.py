"""Lines of the audit trail as people say them: what was done, to what, and the few details that matter."""

from dataclasses import dataclass
from typing import Any

from cloudhub.accounts.audit_report import DOORS
from cloudhub.accounts.models import AuditEntry

# Where "<verb> the <object>" would sound wrong. Every other action of the hub speaks for itself: hub_key.revoked.
WORDS = {
    "lane.limits_changed": "changed the limits of the lane",
    "lane.opened": "let calls go again in the lane",
    "outcome.settled": "settled an unknown outcome",
    "outcome.released": "gave back the money of an unknown outcome",
    "outcome.written_off": "wrote off an unknown outcome",
    "provider_key.forgotten": "forgot the secrets of the replaced vendor key",
    "price_block.acknowledged": "allowed calls again after an overrun, for",
}
KINDS = {"hub_key": "hub key", "provider_key": "vendor key", "user": "person", "encryption_key": "encryption key"}
MOST_DETAILS = 6


@dataclass(frozen=True)
class AuditLine:
    """`details` are pairs of a name and what it was or became."""

    entry: AuditEntry
    who: str
    action: str
    target: str
    door: str
    details: list[tuple[str, str]]


def line_of(entry: AuditEntry) -> AuditLine:
    """A line as the page shows it; a person who was erased is "somebody who was erased"."""
    details = [
        (name.replace("_", " "), _value(value)) for name, value in entry.details.items() if value not in (None, "")
    ]
    name = entry.target_name or (f"number {entry.target_id}" if entry.target_id.isdigit() else "")
    return AuditLine(
        entry, entry.who or "somebody who was erased", action_words(entry.action), name,
        DOORS.get(entry.door, entry.door), details[:MOST_DETAILS],
    )  # fmt: skip


def action_words(action: str) -> str:
    """An action in plain words: "hub_key.revoked" → "revoked the hub key"."""
    if action in WORDS:
        return WORDS[action]
    kind, _, verb = action.partition(".")
    return f"{verb.replace('_', ' ')} the {kind_words(kind)}".strip()


def kind_words(kind: str) -> str:
    """A kind of object as people call it."""
    return KINDS.get(kind, kind.replace("_", " "))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) and set(value) == {"from", "to"}:
        return f"{_value(value['from'])} → {_value(value['to'])}"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_value(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value) or "none"
    return "none" if value is None else str(value)
