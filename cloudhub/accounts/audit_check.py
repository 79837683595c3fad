"""Is the audit trail whole? Walks the chain from its first line; needs little memory however long it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from cloudhub.accounts.audit_guards import missing_guards
from cloudhub.accounts.audit_trail import FIRST, digest_of_personal, hash_of
from cloudhub.accounts.models import AuditEntry
from cloudhub.core.errors import Invalid

BATCH = 1000
_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True)
class Head:
    """The last line that somebody knows of. Kept outside the database, it shows when the end was cut off."""

    number: int = 0
    hash: str = FIRST

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True)
class Verdict:
    """`faults` are sentences, empty when the trail is whole; of bad lines only the first is named, because all that
    follow it hang on it. `head` is the last good line, `erased` how many lines name nobody any more."""

    head: Head
    erased: int
    faults: list[str] = field(default_factory=list)


def read_head(text: str) -> Head:
    """From "NUMBER:HASH". Raises `Invalid`."""
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise Invalid.of({"expect": "A head is the number of a line, a colon and its hash of 64 digits."})
    return Head(int(found[1]), found[2])


def verify_audit_trail(expected: Head | None = None) -> Verdict:
    """Check numbers, hashes, what names people, and the guards; with `expected` also that this line is still there.

    Whoever can write to the database past its guards can also compute a new chain. A head noted elsewhere shows that.
    """
    faults = [
        f"The guard {name} of the audit trail is missing: lines could be changed."
        for name in missing_guards(connection)
    ]
    head, erased = Head(), 0
    for entry in in_batches(AuditEntry.objects.all()):
        fault = _fault_of(entry, head, expected)
        if fault:
            return Verdict(head, erased, [*faults, fault])
        head = Head(entry.number, entry.hash)
        erased += not entry.salt
    if expected is not None and head.number < expected.number:
        faults.append(f"The end is cut off: line {expected.number} was there, the last one now is {head.number}.")
    return Verdict(head, erased, faults)


def _fault_of(entry: AuditEntry, before: Head, expected: Head | None) -> str:
    number = before.number + 1
    if entry.number != number:
        return f"Line {number} is missing: after {before.number} comes {entry.number}."
    if entry.previous_hash != before.hash:
        return f"Line {number} does not follow line {before.number}: it was written after another one."
    if entry.hash != hash_of(entry):
        return f"Line {number} was changed: its hash does not fit its words."
    is_erased = not (entry.salt or entry.who or entry.address or entry.target_name)
    if not is_erased and entry.personal_digest != digest_of_personal(entry):
        return f"Line {number} was changed: who did it, from where or the object's name is not what was written."
    if expected is not None and number == expected.number and entry.hash != expected.hash:
        return f"Line {number} is not the one that was noted: the trail was written anew."
    return ""


def in_batches(entries: QuerySet[AuditEntry], size: int = BATCH) -> Iterator[AuditEntry]:
    """The lines in the order of their writing, read `size` at a time, without a cursor that stays open."""
    last: Any = 0
    while batch := list(entries.order_by("number").filter(number__gt=last)[:size]):
        yield from batch
        last = batch[-1].number
