"""Read the body of an InvokeModel as strictly as Bedrock does: every field known, every value within its bounds."""

import base64
import binascii
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from providers.bedrock.emulator.errors import Refused
from providers.bedrock.emulator.models import MODELS, Choice, Kind, Model, Number, Picture, Text
from providers.emulation.contract import Call

LARGEST_BODY = 25_000_000
NO_MODEL = "The provided model identifier is invalid."
NO_PROFILE = (
    "Invocation of model ID {} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an "
    "inference profile that contains this model."
)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A body that was read and found right."""

    name: str
    model: Model
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def read_wish(call: Call) -> Wish:
    """The wish of a call to /model/…/invoke. Raises `Refused` with Bedrock's answer."""
    name = call.path.removeprefix("/model/").removesuffix("/invoke")
    if name not in MODELS:
        raise Refused(400, NO_PROFILE.format(name) if f"us.{name}" in MODELS else NO_MODEL)
    if len(call.body) > LARGEST_BODY:
        raise Refused(413)
    values = _object(call.body)
    model = MODELS[name]
    pictures = {given: _decoded(given, values[given]) for given, kind in model.fields.items()
                if isinstance(kind, Picture) and given in values}  # fmt: skip
    problem = next(_problems(model, values, pictures), "")
    if problem:
        raise Refused(400, f"Malformed input request: {problem}, please reformat your input and try again.")
    return Wish(name=name, model=model, values=values, pictures=pictures)


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = orjson.loads(body)
    except ValueError:
        raise Refused(400) from None
    if not isinstance(values, dict):
        raise Refused(400)
    return values


def _problems(model: Model, values: Mapping[str, Any], pictures: Mapping[str, bytes]) -> Iterator[str]:
    yield from (f"#: extraneous key [{name}] is not permitted" for name in values if name not in model.fields)
    yield from (f"#: required key [{name}] not found" for name in model.required if name not in values)
    for name, value in values.items():
        yield from _value_problems(name, model.fields[name], value, pictures.get(name, b""))
    if model.one_of and not any(values.get(name) for name in model.one_of):
        yield f"#: one of {', '.join(model.one_of)} must not be 0"
    if "mask" in model.fields and "mask" not in values and not _has_alpha(pictures["image"]):
        yield "#/mask: is required where the image has no alpha channel"
    yield from _mode_problems(model, values)


def _mode_problems(model: Model, values: Mapping[str, Any]) -> Iterator[str]:
    """A strength goes with a picture, which goes with no ratio. The page's own example names no mode beside them."""
    starts = values.get("mode") == "image-to-image"
    if starts and not {"image", "strength"} <= set(values):
        yield "#: image-to-image requires image and strength"
    if "strength" in values and "image" not in values:
        yield "#/strength: needs an image"
    if "strength" in model.fields and "image" in values and "aspect_ratio" in values:
        yield "#/aspect_ratio: is only valid for text-to-image requests"


def _value_problems(name: str, kind: Kind, value: Any, picture: bytes) -> Iterator[str]:
    if isinstance(kind, Picture):
        yield from _picture_problems(name, kind, picture)
    elif isinstance(kind, Number):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or (kind.whole and not isinstance(value, int)):
            yield f"#/{name}: expected type: Number, found: {type(value).__name__}"
        elif not kind.least <= value <= kind.most:
            yield f"#/{name}: {value} is not between {kind.least} and {kind.most}"
    elif not isinstance(value, str):
        yield f"#/{name}: expected type: String, found: {type(value).__name__}"
    elif isinstance(kind, Choice) and value not in kind.values:
        yield f"#/{name}: {value[:40]} is not a valid enum value"
    elif isinstance(kind, Text) and len(value) > kind.longest:
        yield f"#/{name}: expected maxLength: {kind.longest}, actual: {len(value)}"


def _decoded(name: str, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Refused(400, f"Malformed input request: #/{name}: is not a base64 picture.") from None


def _picture_problems(name: str, kind: Picture, data: bytes) -> Iterator[str]:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        yield f"#/{name}: must be a jpeg, png or webp image"
        return
    fits = kind.least_side <= min(width, height) and max(width, height) <= kind.most_side
    fits = fits and kind.least_pixels <= width * height <= kind.most_pixels
    if not fits or max(width, height) > kind.widest * min(width, height):
        yield f"#/{name}: {width}x{height} is not what this model takes"


def _has_alpha(data: bytes) -> bool:
    with Image.open(io.BytesIO(data)) as image:
        return "A" in image.getbands() or "transparency" in image.info
