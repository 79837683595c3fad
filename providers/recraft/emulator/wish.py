"""Read a call's JSON or form as strictly as Recraft's pages describe it: every field known, every value in bounds."""

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from providers.emulation.multipart import BadForm, is_form, read_form
from providers.recraft.emulator.documents import MODELS, Model, Operation
from providers.recraft.emulator.errors import Refused

LARGEST_FILE = 10_000_000
MOST_PIXELS = 16_000_000
MOST_SIDE = 4096
LARGEST_SEED = 2**32 - 1
# A form calls a tool's picture "file" in the pages' examples and "image" in the interface's description.
PICTURE_NAMES = ("image_url", "image", "file")
MASK_NAMES = ("mask_url", "mask")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A call that was read and found right. `name` is what the invoice calls its work."""

    operation: Operation
    name: str
    units: int
    count: int
    size: tuple[int, int]
    values: Mapping[str, Any] = field(default_factory=dict)
    picture: bytes = field(default=b"", repr=False)


def read_wish(operation: Operation, content_type: str, body: bytes) -> Wish:
    """The wish in a call. Raises `Refused` with Recraft's answer."""
    values = _form(content_type, body) if is_form(content_type) else _json(body)
    picture, mask = _taken(values, PICTURE_NAMES), _taken(values, MASK_NAMES)
    unknown = [name for name in values if name not in operation.fields]
    if unknown:
        raise Refused(400, f"unknown field: {unknown[0]}", "invalid_request_parameter")
    missing = [name for name in operation.required if values.get(name) in (None, "")]
    if missing:
        raise Refused(400, f"{missing[0]} is required", "invalid_request_parameter")
    _check_output(values)
    size = _checked_picture(picture, operation.least_side) if operation.least_side else None
    if operation.takes_mask:
        _check_mask(mask, size)
    if size is None and picture is not None:
        raise Refused(400, "unknown field: image", "invalid_request_parameter")
    if not operation.models:
        return _wish(operation, "", operation.units, 1, size or (1, 1), values, picture)
    name, model = _model(operation, values)
    _check_drawing(values, model)
    drawn = size or _size(values, model)
    return _wish(operation, name, model.units, values.get("n", 1), drawn, values, picture)


def _wish(
    operation: Operation, name: str, units: int, count: int, size: tuple[int, int], values: Any, picture: bytes | None
) -> Wish:
    return Wish(operation=operation, name=operation.name or name, units=units, count=count, size=size, values=values,
                picture=picture or b"")  # fmt: skip


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except ValueError as error:
        raise Refused(400, "the request body is not JSON", "invalid_request") from error
    if not isinstance(document, dict):
        raise Refused(400, "the request body is not an object", "invalid_request")
    return {name: value for name, value in document.items() if value is not None}


def _form(content_type: str, body: bytes) -> dict[str, Any]:
    try:
        parts = read_form(content_type, body)
        values: dict[str, Any] = {
            part.name: part.data if part.filename is not None else _number(part.text) for part in parts
        }
    except BadForm as error:
        raise Refused(400, str(error), "invalid_request") from error
    return values


def _number(text: str) -> Any:
    """A form's text as the number that JSON would have."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _taken(values: dict[str, Any], names: tuple[str, ...]) -> bytes | None:
    """The bytes of a picture under any of its names, taken out of `values`; None without one."""
    given = next((name for name in names if name in values), None)
    value = values.pop(given) if given else None
    if value is None or isinstance(value, bytes):
        return value
    head, comma, data = str(value).partition(";base64,")
    try:
        if not (comma and head.startswith("data:image/")):
            raise ValueError("no data URL")
        return base64.b64decode(data, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Refused(400, f"{given} cannot be read", "invalid_image") from error


def _check_output(values: Mapping[str, Any]) -> None:
    choices = {"response_format": ("url", "b64_json"), "image_format": ("png", "webp")}
    for name, allowed in choices.items():
        if values.get(name, allowed[0]) not in allowed:
            raise Refused(400, f"{name} must be one of {', '.join(allowed)}", "invalid_request_parameter")


def _checked_picture(data: bytes | None, least_side: int) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(data or b""), formats=("PNG", "JPEG", "WEBP")) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refused(400, "image must be a PNG, JPG or WEBP", "invalid_image_type") from error
    fits = len(data or b"") < LARGEST_FILE and width * height <= MOST_PIXELS
    if not fits or min(width, height) < least_side or max(width, height) > MOST_SIDE:
        raise Refused(400, f"an image of {width}x{height} is not supported", "invalid_image_size")
    return width, height


def _check_mask(data: bytes | None, size: tuple[int, int] | None) -> None:
    """Grey, of exactly the picture's size, each pixel 0 or 255."""
    if data is None:
        raise Refused(400, "mask is required", "invalid_request_parameter")
    if _checked_picture(data, 1) != size:
        raise Refused(400, "mask and image must have the same dimensions", "invalid_mask")
    with Image.open(io.BytesIO(data)) as mask:
        levels = {level for level, count in enumerate(mask.histogram()) if count}
        if mask.mode not in ("1", "L") or not levels <= {0, 255}:
            raise Refused(400, "each pixel of the mask must be black or white", "invalid_mask")


def _model(operation: Operation, values: Mapping[str, Any]) -> tuple[str, Model]:
    name = values.get("model", operation.models[0])
    if name not in operation.models:
        raise Refused(400, f"model {name} is not supported by this operation", "unsupported_model")
    return name, MODELS[name]


def _check_drawing(values: Mapping[str, Any], model: Model) -> None:
    problems = {
        f"prompt must have 1 to {model.longest_prompt} characters": not _is_text(values["prompt"], model),
        "n must be from 1 to 6": not _is_whole(values.get("n", 1), 1, 6),
        "random_seed must be an unsigned integer": not _is_whole(values.get("random_seed", 0), 0, LARGEST_SEED),
        "strength must be from 0 to 1": not _is_part(values.get("strength", 0)),
        "styles are not supported by this model": "style" in values and not model.is_styled,
        "negative_prompt is not supported by this model": "negative_prompt" in values and not model.is_styled,
    }
    wrong = [message for message, is_wrong in problems.items() if is_wrong]
    if wrong:
        raise Refused(400, wrong[0], "invalid_request_parameter")


def _size(values: Mapping[str, Any], model: Model) -> tuple[int, int]:
    """As asked by ratio or pixels; without, as "auto-selected": here the square."""
    asked = values.get("size", "1:1")
    pixels = model.sizes.get(asked, asked)
    if pixels not in model.sizes.values():
        raise Refused(400, f"size {asked} is not supported by this model", "invalid_size")
    width, _, height = str(pixels).partition("x")
    return int(width), int(height)


def _is_text(value: Any, model: Model) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= model.longest_prompt


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_part(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
