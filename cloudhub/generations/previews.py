"""Unfinished pictures that some models show while they work: asked for as an option, looked at and never kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudhub.catalog.find import entry_of, find_model
from cloudhub.generations import storage
from cloudhub.generations.models import Attempt

OPTION = "partial_images"
MOST_PREVIEWS = 3


@dataclass(frozen=True)
class Preview:
    """One unfinished picture of a call under way; `number` counts from 0."""

    attempt_id: Any
    number: int
    path: Path


def with_previews(model: object, fields: Mapping[str, Any], count: int) -> tuple[Mapping[str, Any], list[str]]:
    """The wish that asks for `count` previews, and a note where the model shows none. Raises as `find_model`."""
    if not count:
        return fields, []
    found = find_model(model)
    if all(option.name != OPTION for option in entry_of(found).capabilities.options):
        return fields, [f"{found.name} shows no unfinished pictures: {OPTION} {count} is not sent."]
    options = fields.get("options") or {}
    if not isinstance(options, Mapping):
        return fields, []
    return {**fields, "options": {**options, OPTION: count}}, []


def previews_of(attempts: Sequence[Attempt]) -> list[Preview]:
    """What the calls under way among `attempts` have shown so far, in their order."""
    under_way = [attempt.pk for attempt in attempts if attempt.state == Attempt.State.SENT]
    return [
        Preview(attempt_id, number, path)
        for attempt_id in under_way
        for number, path in storage.previews(attempt_id)
    ]  # fmt: skip
