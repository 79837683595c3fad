"""Read a call to POST /v1/images/generations: the fields that its model takes, with the types of Together's schema.

https://github.com/togethercomputer/openapi (openapi.yaml, 2026-04-28)
"""

import base64
import binascii
import io
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from providers.emulation.contract import Call
from providers.together.emulator.models import COMMON, ServedModel, find_model

# https://github.com/togethercomputer/skills, together-images/references/api-reference.md
RATIOS = {"1:1": (1024, 1024), "16:9": (1344, 768), "9:16": (768, 1344), "4:3": (1184, 864), "3:2": (1248, 832)}
LEAST_SIDE = 256
MOST_AT_ONCE = 4


class Refused(Exception):
    """Together answers an error in its envelope."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        self.status, self.param, self.code = status, param, code
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One call that can be carried out."""

    model: ServedModel
    prompt: str
    number: int
    size: tuple[int, int]
    steps: int
    as_address: bool
    mime_type: str
    references: tuple[Image.Image, ...] = field(default=(), repr=False)


def read_wish(call: Call) -> Wish:
    """Raises `Refused`."""
    given = _body(call)
    model = find_model(given.get("model"))
    if model is None:
        words = f"Unable to access model {given.get('model')}. Please visit https://api.together.ai/models."
        raise Refused(404, words, param="model", code="model_not_available")
    for name in given:
        if name not in COMMON | model.fields:
            raise Refused(400, f"{name} is not supported for model {model.id}", param=name)
    prompt = given.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise Refused(400, "prompt is required", param="prompt")
    _whole(given, "seed", 0, 2**63 - 1)
    if not isinstance(given.get("guidance_scale", 3.5), int | float):
        raise Refused(400, "guidance_scale must be a number", param="guidance_scale")
    return Wish(
        model=model, prompt=prompt, number=_whole(given, "n", 1, MOST_AT_ONCE) or 1, size=_size(given, model),
        steps=_whole(given, "steps", 1, model.most_steps) or model.usual_steps,
        as_address=_one_of(given, "response_format", ("url", "base64")) == "url",
        mime_type=f"image/{_one_of(given, 'output_format', ('jpeg', 'png'))}",
        references=_references(given, model),
    )  # fmt: skip


def _body(call: Call) -> dict[str, Any]:
    try:
        document = orjson.loads(call.body)
    except ValueError as error:
        raise Refused(400, "Invalid JSON in the request body") from error
    if not isinstance(document, dict):
        raise Refused(400, "The request body must be an object")
    return document


def _whole(given: dict[str, Any], name: str, least: int, most: int) -> int | None:
    value = given.get(name)
    if name in given and (type(value) is not int or not least <= value <= most):
        raise Refused(400, f"{name} must be an integer between {least} and {most}", param=name)
    return value


def _one_of(given: dict[str, Any], name: str, values: tuple[str, ...]) -> str:
    value = given.get(name, values[0])
    if value not in values:
        raise Refused(400, f"{name} must be one of {', '.join(values)}", param=name)
    return str(value)


def _size(given: dict[str, Any], model: ServedModel) -> tuple[int, int]:
    if "aspect_ratio" in given:
        return RATIOS[_one_of(given, "aspect_ratio", tuple(RATIOS))]
    width, height = (_whole(given, name, LEAST_SIDE, model.most_side) or 1024 for name in ("width", "height"))
    for name, side in (("width", width), ("height", height)):
        if side % model.smallest_step:
            raise Refused(400, f"{name} must be a multiple of {model.smallest_step}", param=name)
    return width, height


def _references(given: dict[str, Any], model: ServedModel) -> tuple[Image.Image, ...]:
    listed = given.get("reference_images", [])
    if not isinstance(listed, list) or len(listed) > model.most_references:
        raise Refused(400, f"reference_images must be at most {model.most_references} URLs", param="reference_images")
    one = [given["image_url"]] if "image_url" in given else []
    return tuple(_open(address) for address in [*one, *listed])


def _open(address: object) -> Image.Image:
    """A picture in a data URI; this part of the emulator fetches nothing."""
    head, comma, encoded = address.partition(",") if isinstance(address, str) else ("", "", "")
    try:
        if not head.startswith("data:image/") or not comma:
            raise ValueError
        return Image.open(io.BytesIO(base64.b64decode(encoded, validate=True))).convert("RGB")
    except (OSError, SyntaxError, ValueError, binascii.Error) as error:
        raise Refused(400, "Unable to load the image", param="image_url") from error
