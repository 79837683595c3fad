"""Read a model's OpenAPI schema, as Cog writes it into `latest_version.openapi_schema`: references put in place. Pure.

https://replicate.com/docs/reference/http#models.versions.get
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.reading import items, mapping, text, texts
from providers.replicate.reading import number

DEEPEST_REFERENCE = 8


@dataclass(frozen=True)
class Field:
    """One input of a model. `kind` is a JSON schema type, "file" or "files" (addresses), or "" for anything else."""

    name: str
    kind: str
    required: bool = False
    choices: tuple[Any, ...] = ()
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    most_items: int | None = None
    secret: bool = False
    description: str = ""

    @property
    def text_choices(self) -> tuple[str, ...]:
        return tuple(choice for choice in self.choices if isinstance(choice, str))


def read_fields(document: Any) -> list[Field]:
    """The inputs of a schema document in the vendor's order; empty when it has none."""
    schemas = mapping(mapping(mapping(document).get("components")).get("schemas"))
    described = mapping(schemas.get("Input"))
    required = set(texts(described.get("required")))
    found = [
        (number(mapping(raw).get("x-order")) or 0.0, _field(name, resolved(raw, schemas), name in required, schemas))
        for name, raw in mapping(described.get("properties")).items()
    ]
    return [field for _, field in sorted(found, key=lambda pair: pair[0])]


def gives_files(document: Any) -> bool:
    """Whether the output is an address of a file, or a list of them."""
    schemas = mapping(mapping(mapping(document).get("components")).get("schemas"))
    output = resolved(schemas.get("Output"), schemas)
    return _is_address(output) or _is_address(resolved(output.get("items"), schemas))


def resolved(raw: Any, schemas: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A property with its `$ref`, `allOf`, `anyOf` and `oneOf` put in place; its own words win over theirs."""
    own = mapping(raw)
    if depth > DEEPEST_REFERENCE:
        return own
    whole: dict[str, Any] = {}
    name = text(own.get("$ref")).rpartition("/")[2]
    parts = [schemas.get(name)] if name else []
    parts += items(own.get("allOf"))
    for group in ("anyOf", "oneOf"):
        # A value that may also be left out is written as a choice between its type and null.
        others = [part for part in items(own.get(group)) if part.get("type") != "null"]
        parts += others[:1]
    for part in parts:
        whole |= resolved(part, schemas, depth + 1)
    return whole | {name: value for name, value in own.items() if name not in ("$ref", "allOf", "anyOf", "oneOf")}


def _field(name: str, found: dict[str, Any], required: bool, schemas: Mapping[str, Any]) -> Field:
    kind = text(found.get("type"))
    if _is_address(found):
        kind = "file"
    elif kind == "array":
        kind = "files" if _is_address(resolved(found.get("items"), schemas)) else ""
    most_items = number(found.get("maxItems"))
    choices = found.get("enum")
    return Field(
        name=name,
        kind=kind if kind in ("string", "integer", "number", "boolean", "file", "files") else "",
        # Cog lists only what has no default; a default that is there makes the input optional in any case.
        required=required and found.get("default") is None,
        choices=tuple(choices) if isinstance(choices, list) else (),
        default=found.get("default"),
        minimum=number(found.get("minimum")),
        maximum=number(found.get("maximum")),
        step=number(found.get("multipleOf")),
        most_items=int(most_items) if most_items is not None else None,
        secret=found.get("format") == "password" or found.get("writeOnly") is True or found.get("x-cog-secret") is True,
        description=text(found.get("description")),
    )


def _is_address(found: Mapping[str, Any]) -> bool:
    return found.get("type", "string") == "string" and found.get("format") == "uri"
