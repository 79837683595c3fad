"""Read the body of a new prediction as strictly as the vendor does, against the model's own schema."""

import base64
import binascii
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from providers.emulation.contract import Call
from providers.replicate.emulator.errors import Refused, invalid_input
from providers.replicate.emulator.models import Model

MEGAPIXEL = 1024 * 1024
RESOLUTIONS = {"0.5 MP": 0.5, "1 MP": 1.0, "2 MP": 2.0, "4 MP": 4.0}
MIME_TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "png": "image/png"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
}  # fmt: skip
Uploads = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Wish:
    """A prediction that was accepted: its model and input, and what follows from them."""

    model: Model
    input: dict[str, Any]
    size: tuple[int, int]
    count: int
    mime_type: str
    references: tuple[Image.Image, ...] = field(default=(), repr=False)
    megapixels: int = 0

    @property
    def extension(self) -> str:
        return next(name for name, mime in MIME_TYPES.items() if mime == self.mime_type)


def read_body(call: Call, allowed: set[str]) -> dict[str, Any]:
    """The JSON object of a request with only `allowed` names and an `input`."""
    try:
        body = orjson.loads(call.body)
    except ValueError as error:
        raise Refused(400, "The request body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise Refused(400, "The request body must be a JSON object.")
    problems = [("required", "", f"{name} is required") for name in sorted(allowed & {"version", "input"} - set(body))]
    problems += [
        ("additional_property_not_allowed", "", f"Additional property {name} is not allowed")
        for name in body
        if name not in allowed
    ]
    if "input" in body and not isinstance(body["input"], dict):
        problems.append(("invalid_type", "input", "Invalid type. Expected: object"))
    if problems:
        raise invalid_input(problems)
    return body


def read_wish(given: dict[str, Any], model: Model, uploads: Uploads) -> Wish:
    """The wish in an input. Raises `Refused` (422) naming every field at fault."""
    problems = [("required", "input", f"{name} is required") for name in model.required if name not in given]
    for name, value in given.items():
        if name not in model.properties:
            words = f"Additional property {name} is not allowed"
            problems.append(("additional_property_not_allowed", "input", words))
            continue
        problem = _problem(name, value, model.properties[name])
        if problem:
            problems.append((problem[0], f"input.{name}", problem[1]))
    if problems:
        raise invalid_input(problems)
    whole = {name: found["default"] for name, found in model.properties.items() if "default" in found} | given
    pictures = _pictures(given, model, uploads)
    size = _size(whole, model, pictures)
    return Wish(
        model=model, input=given, size=size, count=whole.get("num_outputs", 1),
        mime_type=MIME_TYPES[whole.get("output_format", "png")], references=pictures,
        megapixels=_megapixels(whole, pictures),
    )  # fmt: skip


def _problem(name: str, value: Any, found: dict[str, Any]) -> tuple[str, str] | None:
    kind = found["type"]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, TYPES[kind]) or (kind in ("integer", "number") and not is_number):
        return "invalid_type", f"Invalid type. Expected: {kind}"
    if "enum" in found and value not in found["enum"]:
        choices = ", ".join(f'"{choice}"' for choice in found["enum"])
        return "enum", f"{name} must be one of the following: {choices}"
    if is_number and value < found.get("minimum", -math.inf):
        return "number_gte", f"Must be greater than or equal to {found['minimum']}"
    if is_number and value > found.get("maximum", math.inf):
        return "number_lte", f"Must be less than or equal to {found['maximum']}"
    if found.get("format") == "uri" and not str(value).startswith(("http://", "https://", "data:")):
        return "format", "Does not match format 'uri'"
    if isinstance(value, list) and len(value) > found.get("maxItems", math.inf):
        return "array_max_items", f"Array must have at most {found['maxItems']} items"
    return None


def _pictures(given: dict[str, Any], model: Model, uploads: Uploads) -> tuple[Image.Image, ...]:
    """The input pictures; a mask is looked at but not drawn from."""
    found = []
    for name, value in given.items():
        described = model.properties[name]
        is_file = described.get("format") == "uri" or described.get("items", {}).get("format") == "uri"
        for address in (value if isinstance(value, list) else [value]) if is_file else ():
            picture = _opened(address, uploads)
            if name != "mask":
                found.append(picture)
    return tuple(found)


def _opened(address: str, uploads: Uploads) -> Image.Image:
    data: bytes | None
    if address.startswith("data:"):
        try:
            data = base64.b64decode(address.partition("base64,")[2], validate=True)
        except binascii.Error:
            data = None
    else:
        data = uploads(address)
    try:
        return Image.open(io.BytesIO(data or b"")).convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise invalid_input([("format", "input", "An input image could not be read")]) from error


def _size(whole: dict[str, Any], model: Model, pictures: tuple[Image.Image, ...]) -> tuple[int, int]:
    ratio = whole.get("aspect_ratio", "custom")
    if ratio == "custom":
        step = 32 if model.id.endswith("1.1-pro") else 8
        width, height = (whole.get(name) or 1024 for name in ("width", "height"))
        return max(step, round(width / step) * step), max(step, round(height / step) * step)
    size = model.sizes.get(ratio, (1024, 1024))
    if ratio == "match_input_image" and pictures:
        size = pictures[0].size
    named = whole.get("megapixels") or whole.get("resolution", "")
    wanted = 0.25 if named == "0.25" else RESOLUTIONS.get(named, 1.0)
    if wanted == 1.0:
        return size
    # At most 2048 a side: https://replicate.com/black-forest-labs/flux-2-flex/api
    scale = min(math.sqrt(wanted * MEGAPIXEL / (size[0] * size[1])), 2048 / max(size))
    return int(size[0] * scale) // 16 * 16, int(size[1] * scale) // 16 * 16


def _megapixels(whole: dict[str, Any], pictures: tuple[Image.Image, ...]) -> int:
    """What FLUX.2 counts: the asked output and every input picture, each in begun megapixels."""
    named = whole.get("resolution", "")
    if whole.get("aspect_ratio") == "custom":
        wanted = max(1, math.ceil((whole.get("width") or 1024) * (whole.get("height") or 1024) / MEGAPIXEL))
    elif named == "match_input_image" and pictures:
        wanted = min(4, math.ceil(pictures[0].width * pictures[0].height / MEGAPIXEL))
    else:
        wanted = math.ceil(RESOLUTIONS.get(named, 1.0))
    return wanted + sum(max(1, math.ceil(picture.width * picture.height / MEGAPIXEL)) for picture in pictures)
