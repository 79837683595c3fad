"""Google's reading of a JSON body: protocol buffers' JSON form, strict on names and types, with Google's error texts.

https://protobuf.dev/programming-guides/json/ says that both camelCase and snake_case names are read, that null is an
absent field, and that whole numbers may come as text.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scalar = Literal["string", "bytes", "int32", "number", "bool", "anything"]


@dataclass(frozen=True)
class Choice:
    """An enum: its full type name in Google's errors and its words."""

    type_name: str
    words: frozenset[str]


@dataclass(frozen=True)
class Repeated:
    """A list of one kind; a lone element counts as a list of one."""

    kind: "Kind"


@dataclass(frozen=True)
class Message:
    """A message by the camelCase names of its fields."""

    fields: Mapping[str, "Kind"]


Kind = Scalar | Choice | Repeated | Message


class BadBody(ValueError):
    """A body that Google does not read; `violations` are pairs of field path and description."""

    def __init__(self, violations: list[tuple[str, str]]) -> None:
        self.violations = violations
        super().__init__("\n".join(description for _, description in violations))


def read_message(value: Any, message: Message) -> dict[str, Any]:
    """The body with camelCase names, enum words in capitals and bytes decoded. Raises `BadBody` with all faults."""
    violations: list[tuple[str, str]] = []
    read = _read(value, message, "", violations)
    if violations:
        raise BadBody(violations)
    return dict(read)


def _read(value: Any, kind: Kind, path: str, violations: list[tuple[str, str]]) -> Any:
    if isinstance(kind, Message):
        return _read_fields(value, kind, path, violations)
    if isinstance(kind, Repeated):
        elements = value if isinstance(value, list) else [value]
        return [_read(element, kind.kind, f"{path}[{index}]", violations) for index, element in enumerate(elements)]
    if isinstance(kind, Choice):
        word = value.upper() if isinstance(value, str) else None
        if word in kind.words:
            return word
        violations.append(_wrong_value(path, kind.type_name, value))
        return None
    return _read_scalar(value, kind, path, violations)


def _read_fields(value: Any, message: Message, path: str, violations: list[tuple[str, str]]) -> dict[str, Any]:
    if not isinstance(value, dict):
        violations.append(_wrong_value(path, "message", value))
        return {}
    by_name = {spelling: name for name in message.fields for spelling in (name, snake_case(name))}
    read = {}
    for spelling, field_value in value.items():
        name = by_name.get(spelling)
        if name is None:
            where = f" at '{path}'" if path else ""
            text = f'Invalid JSON payload received. Unknown name "{spelling}"{where}: Cannot find field.'
            violations.append((path, text))
        elif field_value is not None:
            inner = f"{path}.{snake_case(name)}" if path else snake_case(name)
            read[name] = _read(field_value, message.fields[name], inner, violations)
    return read


def _read_scalar(value: Any, kind: Scalar, path: str, violations: list[tuple[str, str]]) -> Any:
    if kind == "anything":
        return value
    type_name, reader = _SCALARS[kind]
    read = reader(value)
    if read is None:
        violations.append(_wrong_value(path, type_name, value))
    return read


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    if number is None or not number.is_integer() or not -(2**31) <= number < 2**31:
        return None
    return int(number)


def _bytes(value: Any) -> bytes | None:
    """Standard or URL-safe base64, with or without padding."""
    if not isinstance(value, str):
        return None
    standard = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        return None


_SCALARS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "string": ("TYPE_STRING", _text),
    "bool": ("TYPE_BOOL", _truth),
    "int32": ("TYPE_INT32", _whole),
    "number": ("TYPE_FLOAT", _number),
    "bytes": ("TYPE_BYTES", _bytes),
}


def snake_case(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def _wrong_value(path: str, type_name: str, value: Any) -> tuple[str, str]:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return path, f"Invalid value at '{path}' ({type_name}), {shown[:100]}"
