"""Read an endpoint's OpenAPI document: the inputs of its request and what its result holds, references in place. Pure.

https://fal.ai/docs/platform-apis/v1/models.md (expand=openapi-3.0). The request is the POST of the endpoint's own path;
the result stands at the GET of `…/requests/{request_id}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.reading import items, mapping, text, texts

DEEPEST_REFERENCE = 8


@dataclass(frozen=True)
class Field:
    """One input of an endpoint. `kind` is a JSON schema type, "texts" (a list of texts), "size" (a size by name or as
    an object with width and height), or "" for anything else."""

    name: str
    kind: str
    required: bool = False
    choices: tuple[Any, ...] = ()
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    most_items: int | None = None
    description: str = ""

    @property
    def text_choices(self) -> tuple[str, ...]:
        return tuple(choice for choice in self.choices if isinstance(choice, str))


def read_fields(document: Any, endpoint: str) -> list[Field]:
    """The inputs of an endpoint in the vendor's order; empty when the document describes none."""
    schemas = _schemas(document)
    post = mapping(mapping(mapping(mapping(document).get("paths")).get(f"/{endpoint}")).get("post"))
    described = resolved(_json_schema(post.get("requestBody")), schemas)
    required = set(texts(described.get("required")))
    known = mapping(described.get("properties"))
    order = [name for name in texts(described.get("x-fal-order-properties")) if name in known]
    return [_field(name, known[name], name in required, schemas) for name in dict.fromkeys([*order, *known])]


def gives_pictures(document: Any) -> bool:
    """Whether a result holds `images` or `image`."""
    schemas = _schemas(document)
    for path, described in mapping(mapping(document).get("paths")).items():
        if path.endswith("/requests/{request_id}"):
            answers = mapping(mapping(mapping(described).get("get")).get("responses"))
            output = resolved(_json_schema(answers.get("200")), schemas)
            return bool({"images", "image"} & set(mapping(output.get("properties"))))
    return False


def number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def resolved(raw: Any, schemas: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A property with its `$ref`, `allOf`, `anyOf` and `oneOf` put in place; its own words win over theirs."""
    own = mapping(raw)
    if depth > DEEPEST_REFERENCE:
        return own
    name = text(own.get("$ref")).rpartition("/")[2]
    parts: list[Any] = [schemas.get(name)] if name else []
    parts += items(own.get("allOf"))
    # A value that may also be left out is written as a choice between its type and null.
    parts += _others(own)[:1]
    whole: dict[str, Any] = {}
    for part in parts:
        whole |= resolved(part, schemas, depth + 1)
    return whole | {name: value for name, value in own.items() if name not in ("$ref", "allOf", "anyOf", "oneOf")}


def _schemas(document: Any) -> dict[str, Any]:
    return mapping(mapping(mapping(document).get("components")).get("schemas"))


def _json_schema(body: Any) -> Any:
    return mapping(mapping(mapping(body).get("content")).get("application/json")).get("schema")


def _others(own: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [part for group in ("anyOf", "oneOf") for part in items(own.get(group)) if part.get("type") != "null"]


def _field(name: str, raw: Any, required: bool, schemas: Mapping[str, Any]) -> Field:
    alternatives = [resolved(part, schemas) for part in _others(mapping(raw))] or [resolved(raw, schemas)]
    found = resolved(raw, schemas)
    listed = (part.get("enum") for part in alternatives)
    choices: list[Any] = next((choice for choice in listed if isinstance(choice, list)), [])
    most = number(found.get("maxItems"))
    return Field(
        name=name,
        kind=_kind(found, alternatives, schemas),
        # A default that is there makes the input optional in any case.
        required=required and found.get("default") is None,
        choices=tuple(choices),
        default=found.get("default"),
        minimum=number(found.get("minimum")),
        maximum=number(found.get("maximum")),
        most_items=int(most) if most is not None else None,
        description=text(found.get("description")),
    )


def _kind(found: Mapping[str, Any], alternatives: list[dict[str, Any]], schemas: Mapping[str, Any]) -> str:
    if any({"width", "height"} <= set(mapping(part.get("properties"))) for part in alternatives):
        return "size"
    kind = text(found.get("type"))
    if kind == "array":
        return "texts" if resolved(found.get("items"), schemas).get("type") == "string" else ""
    return kind if kind in ("string", "integer", "number", "boolean") else ""
