"""A wish as lines that people read: what was asked, and what of it was asked differently of the vendor."""

from dataclasses import dataclass, fields
from typing import Any

from cloudhub.generations.models import Generation
from cloudhub.web.studio_form import label_of
from providers.base import CloudGenerationRequest

APART = ("prompt", "model", "options", "input_images", "mask", "entry", "prepared")
FIELDS = [field.name for field in fields(CloudGenerationRequest) if field.name not in APART]


@dataclass(frozen=True)
class Line:
    """`remark` says what became of `value`, where it was not simply sent."""

    label: str
    value: str
    remark: str = ""


def recipe_words(generation: Generation | None) -> list[Line]:
    """The settings of a wish in words, without its prompt and pictures; empty for an upload."""
    if generation is None:
        return []
    asked, sent = _flat(generation.request), _flat(generation.sent)
    lines = [_line(name, value, sent) for name, value in asked.items()]
    lines += [Line(label_of(name), value, "by default") for name, value in sent.items() if name not in asked]
    return lines


def _line(name: str, value: str, sent: dict[str, str]) -> Line:
    if sent.get(name) == value:
        return Line(label_of(name), value)
    return Line(label_of(name), value, f"asked of the vendor as {sent[name]}" if name in sent else "not sent")


def _flat(request: dict[str, Any]) -> dict[str, str]:
    """Names and texts in the order of a wish's fields, the vendor's options by name after them; PostgreSQL keeps no
    order. Width and height say what a ratio says."""
    values = {name: request[name] for name in FIELDS if name in request}
    values |= {f"options.{name}": value for name, value in sorted(request.get("options", {}).items())}
    if "width" in values and "height" in values:
        values["aspect_ratio"] = f"{values.pop('width')} × {values.pop('height')}"
    truth = {True: "yes", False: "no"}
    return {name: truth[value] if isinstance(value, bool) else str(value) for name, value in values.items()}
