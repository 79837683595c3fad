"""The fields of an images call, each with the check that OpenAI's reference gives it; JSON and forms read alike.

https://developers.openai.com/api/reference/resources/images/methods/generate and openapi.yaml of
https://github.com/openai/openai-openapi (2026-08-21), with the fields of openai-python 3.54.0.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.emulation.contract import Call
from providers.emulation.multipart import BadForm, Part, is_form, read_form
from providers.openai.emulator.errors import INVALID, Refused, unknown_parameter, wrong_value

FILES = ("image", "image[]", "mask")
INTEGERS = ("n", "output_compression", "partial_images")
_GPT = {"prompt", "model", "n", "size", "quality", "background", "output_format", "output_compression", "stream",
        "partial_images", "safety_identifier", "user"}  # fmt: skip
GENERATE_FIELDS = frozenset(_GPT | {"moderation"})
FORM_FIELDS = frozenset(_GPT | {"input_fidelity"})
JSON_EDIT_FIELDS = frozenset(_GPT | {"moderation", "images", "mask"})
DALL_E_FIELDS = frozenset({"prompt", "model", "n", "size", "quality", "response_format", "style", "user"})


@dataclass(frozen=True, kw_only=True)
class Body:
    """A request's plain fields, null ones left out, and the files of a form."""

    fields: Mapping[str, Any]
    files: tuple[Part, ...] = ()
    is_form: bool = False


def read_body(call: Call) -> Body:
    """The body of a call. Raises `Refused`."""
    content_type = call.headers.get("content-type", "")
    if is_form(content_type):
        return _read_form(content_type, call.body)
    if not content_type.lower().startswith("application/json"):
        raise Refused(400, f"Unsupported content type: '{content_type}'. Send application/json or a form.")
    try:
        document = orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "We could not parse the JSON body of your request.") from error
    if not isinstance(document, dict):
        raise Refused(400, "The body of a request is a JSON object.")
    return Body(fields={name: value for name, value in document.items() if value is not None})


def _read_form(content_type: str, body: bytes) -> Body:
    try:
        parts = read_form(content_type, body)
        fields = {part.name: _plain(part) for part in parts if part.filename is None}
    except BadForm as error:
        raise Refused(400, f"Could not parse multipart form: {error}") from error
    files = tuple(part for part in parts if part.filename is not None)
    strange = next((part.name for part in files if part.name not in FILES), None)
    if strange is not None:
        raise unknown_parameter(strange)
    return Body(fields=fields, files=files, is_form=True)


def _plain(part: Part) -> Any:
    """A text part as its JSON value, by the kind of its field."""
    if part.name in INTEGERS:
        return int(part.text) if re.fullmatch("[0-9]{1,9}", part.text) else part.text
    if part.name == "stream":
        return {"true": True, "false": False}.get(part.text, part.text)
    return part.text


def refuse_unknown(fields: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in fields:
        if name not in known:
            raise unknown_parameter(name)


def a_text(fields: Mapping[str, Any], name: str, usual: str = "") -> str:
    return str(_read(fields, name, usual, lambda value: isinstance(value, str), "a string"))


def a_choice(fields: Mapping[str, Any], name: str, choices: tuple[str, ...], usual: str) -> str:
    value = a_text(fields, name, usual)
    if value not in choices:
        offered = ", ".join(f"'{choice}'" for choice in choices)
        raise wrong_value(name, f"Invalid value: '{value}'. Supported values are: {offered}.")
    return value


def an_integer(fields: Mapping[str, Any], name: str, low: int, high: int, usual: int) -> int:
    def is_integer(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    value = int(_read(fields, name, usual, is_integer, "an integer"))
    if not low <= value <= high:
        code = "integer_below_min_value" if value < low else "integer_above_max_value"
        bound = f"a value >= {low}" if value < low else f"a value <= {high}"
        raise Refused(400, f"Invalid '{name}': expected {bound}, but got {value} instead.", kind=INVALID, code=code,
                      param=name)  # fmt: skip
    return value


def a_flag(fields: Mapping[str, Any], name: str) -> bool:
    return bool(_read(fields, name, False, lambda value: isinstance(value, bool), "a boolean"))


def _read(fields: Mapping[str, Any], name: str, usual: Any, fits: Callable[[Any], bool], what: str) -> Any:
    value = fields.get(name, usual)
    if not fits(value):
        message = f"Invalid type for '{name}': expected {what}, but got {type(value).__name__} instead."
        raise Refused(400, message, code="invalid_type", param=name)
    return value
