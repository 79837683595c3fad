"""What becomes of prompts and pictures at a vendor, as it says itself: shown where somebody is about to send them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

NOT_DOCUMENTED = "how long they are kept is not documented"
TRAINING_NOT_DOCUMENTED = "whether they are used for training is not documented"


@dataclass(frozen=True, kw_only=True)
class PrivacyNote:
    """`goes_to` completes "Prompt and pictures go to …" or "stay …"; `kept` and `training` are parts of that sentence.

    `hosts` are the vendor's own, "*.example.org" with everything below: at any other address the note does not hold.
    `source` is the page that says so, empty where only the owner of a server can say, `read_on` the day it was read.
    """

    goes_to: str
    kept: str = NOT_DOCUMENTED
    training: str = TRAINING_NOT_DOCUMENTED
    details: str = ""
    hosts: tuple[str, ...] = ()
    source: str = ""
    read_on: date | None = None
    stays: bool = False

    @property
    def words(self) -> str:
        """One sentence: where to, how long kept, and training."""
        verb = "stay" if self.stays else "go to"
        return f"Prompt and pictures {verb} {self.goes_to}; {self.kept}; {self.training}."


def read_privacy(document: Mapping[str, Any]) -> PrivacyNote:
    """The table `privacy` of a `catalog.toml`. Raises KeyError or TypeError when it is missing or has other fields."""
    table = dict(document["privacy"])
    return PrivacyNote(**{**table, "hosts": tuple(table.get("hosts", ()))})


def note_at(note: PrivacyNote, label: str, addresses: Sequence[tuple[str, str]]) -> PrivacyNote:
    """The note for calls that go to `addresses` (variable or "", base address): as it is at the vendor's own hosts.

    Elsewhere it names the host, and what the vendor promises is not repeated for it.
    """
    foreign = [(name, host) for name, host in ((name, host_of(address)) for name, address in addresses)
               if host and not _is_known(host, note.hosts)]  # fmt: skip
    if not foreign:
        return note
    there = " and ".join(f"{host} ({name})" if name else host for name, host in foreign)
    if not note.hosts:
        return replace(note, goes_to=f"{there}, {note.goes_to}")
    also = f" where that address is used, else to {note.goes_to}" if len(foreign) < len(addresses) else ""
    return PrivacyNote(
        goes_to=f"{there} instead of {label}'s own address{also}",
        kept=NOT_DOCUMENTED, training=TRAINING_NOT_DOCUMENTED, source=note.source, read_on=note.read_on,
        details=f"What {label} says of itself need not hold there.",
    )  # fmt: skip


def sending_addresses(variables: Sequence[str]) -> list[tuple[str, str]]:
    """Those of a vendor's address variables to which wishes are sent, with what is set, "" where nothing is."""
    return [(name, os.environ.get(name, "").strip()) for name in variables if name.endswith("_BASE_URL")]


def host_of(address: str) -> str:
    """Host and port of an address, without what may stand before them; "" where there is none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _is_known(host: str, hosts: Sequence[str]) -> bool:
    name = host.partition(":")[0]
    return any(name == known or (known.startswith("*.") and name.endswith(known[1:])) for known in hosts)
