"""Read what a call wants, as xAI's reference has it: fields, ratios, resolutions, qualities, reference pictures.

https://docs.x.ai/developers/rest-api-reference/inference/images. `deferred`, `output` and `storage_options` are not
emulated; fields that the reference does not have are passed over, as xAI does.
"""

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from providers.emulation.contract import Call
from providers.xai.emulator.errors import Refused, Unfit, no_such_model
from providers.xai.emulator.models import NEWEST, REDIRECTED, ImageModel, find_model, pixels

LONGEST_PROMPT = 8000
MOST_PICTURES = 10
RESOLUTIONS, QUALITIES, FORMATS = ("1k", "2k"), ("low", "medium", "auto"), ("url", "b64_json")
NOT_SUPPORTED = ("size", "style")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One call that the model can carry out; what was left to the model is chosen already."""

    model: ImageModel
    prompt: str
    number: int
    size: tuple[int, int]
    quality: str
    resolution: str
    wants_url: bool
    references: tuple[Image.Image, ...] = field(default=(), repr=False)


def read_wish(call: Call, *, is_edit: bool) -> Wish:
    """A call to images/generations, or images/edits. Raises `Refused`."""
    given = _read_body(call)
    for name in NOT_SUPPORTED:
        if name in given:
            raise Refused(400, f"Argument not supported: {name}")
    name = _text(given, "model", "grok-imagine-image")
    model = NEWEST if name in REDIRECTED else find_model(name)
    if model is None:
        raise no_such_model(name)
    if "prompt" not in given:
        raise Unfit("missing field `prompt`")
    prompt = _text(given, "prompt")
    if not 0 < len(prompt) <= LONGEST_PROMPT:
        raise Refused(400, f"Prompt length must be between 1 and {LONGEST_PROMPT} characters.")
    references = _read_references(given, model) if is_edit else ()
    resolution = _choice(given, "resolution", RESOLUTIONS, "1k")
    _text(given, "user")
    return Wish(
        model=model, prompt=prompt, number=_read_number(given), references=references, resolution=resolution,
        size=pixels(_read_ratio(given, model, references), resolution),
        quality="low" if name in REDIRECTED else _read_quality(given, model, is_edit=is_edit),
        wants_url=_choice(given, "response_format", FORMATS, "url") == "url",
    )  # fmt: skip


def _read_body(call: Call) -> Mapping[str, Any]:
    """The fields of a JSON body, null ones left out. Forms are not taken, not even for edits."""
    if not call.headers.get("content-type", "").lower().startswith("application/json"):
        raise Refused(415, "Expected request with `Content-Type: application/json`")
    try:
        document = orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "Failed to parse the request body as JSON") from error
    if not isinstance(document, dict):
        raise Unfit("invalid type, expected struct GenerateImageRequest")
    return {name: value for name, value in document.items() if value is not None}


def _text(given: Mapping[str, Any], name: str, usual: str = "") -> str:
    value = given.get(name, usual)
    if not isinstance(value, str):
        raise Unfit(f"{name}: invalid type, expected a string")
    return value


def _choice(given: Mapping[str, Any], name: str, choices: tuple[str, ...], usual: str) -> str:
    value = _text(given, name, usual)
    if value not in choices:
        offered = " or ".join(f"`{choice}`" for choice in choices)
        raise Unfit(f"{name}: unknown variant `{value}`, expected {offered}")
    return value


def _read_number(given: Mapping[str, Any]) -> int:
    number = given.get("n", 1)
    if isinstance(number, bool) or not isinstance(number, int):
        raise Unfit("n: invalid type, expected i32")
    if not 1 <= number <= MOST_PICTURES:
        raise Refused(400, f"n must be between 1 and {MOST_PICTURES}.")
    return number


def _read_quality(given: Mapping[str, Any], model: ImageModel, *, is_edit: bool) -> str:
    """Left out or auto, low for pictures from words and medium for edits. Models without qualities pass it over."""
    quality = _text(given, "quality", "auto")
    if not model.has_qualities:
        return ""
    if quality not in QUALITIES:
        raise Refused(400, f"Quality {quality} is not supported by {model.id}.")
    return quality if quality != "auto" else "medium" if is_edit else "low"


def _read_ratio(given: Mapping[str, Any], model: ImageModel, references: tuple[Image.Image, ...]) -> str:
    """Edits follow the first picture; only with several of them a ratio may say otherwise."""
    ratio = _choice(given, "aspect_ratio", (*model.ratios, "auto"), "auto")
    if references and (ratio == "auto" or len(references) == 1):
        return f"{references[0].width}:{references[0].height}"
    return "1:1" if ratio == "auto" else ratio


def _read_references(given: Mapping[str, Any], model: ImageModel) -> tuple[Image.Image, ...]:
    listed = given.get("images", [])
    if not isinstance(listed, list):
        raise Unfit("images: invalid type, expected a sequence")
    if ("image" in given) == bool(listed):
        raise Refused(400, "Exactly one of image and images must be given.")
    asked = listed or [given["image"]]
    if len(asked) > model.most_references:
        raise Refused(400, f"At most {model.most_references} images can be given.")
    return tuple(_referenced(item) for item in asked)


def _referenced(item: Any) -> Image.Image:
    """The picture of a data URI. Files and foreign addresses are not emulated."""
    if not isinstance(item, dict) or not isinstance(item.get("url"), str):
        raise Unfit("image: missing field `url`")
    if item.get("type", "image_url") != "image_url":
        raise Unfit(f"image.type: unknown variant `{item['type']}`, expected `image_url`")
    head, _, encoded = item["url"].partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        raise Refused(400, "Failed to download the image.")
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)), formats=("PNG", "JPEG", "WEBP"))
        picture.load()
    except (binascii.Error, OSError, SyntaxError, ValueError) as error:
        raise Refused(400, "Invalid image: only JPEG, PNG and WebP are supported.") from error
    return picture
