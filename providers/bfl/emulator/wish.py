"""Read a body as strictly as BFL does: unknown keys and values outside their bounds are a 422 that names them."""

import base64
import binascii
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image, ImageChops

from providers.bfl.emulator.errors import Refused, at
from providers.bfl.emulator.models import (
    FILL,
    FILL_PRICE,
    FLUX_2,
    FLUX_3,
    FLUX_3_CLASSES,
    FLUX_3_RATIOS,
    MEGAPIXEL,
    MOST_PIXELS,
    Flux2Model,
)

LARGEST_PICTURE = 20 * 1024 * 1024
STEP = 16


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A body that is right: what is drawn, and its price in thousandths of a credit.

    A fill draws where `mask` is white.
    """

    model: str
    prompt: str
    size: tuple[int, int]
    references: tuple[Image.Image, ...] = field(repr=False)
    seed: int | None
    output_format: str
    upsamples: bool
    input_mp: int
    output_mp: int
    price: int
    mask: Image.Image | None = field(default=None, repr=False)


def read_wish(model: str, body: bytes) -> Wish:
    """The wish in a body. Raises `Refused` with BFL's answer."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise Refused(422, [{"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error"}])
    if model == FILL:
        return _fill(document)
    return _flux_3(document) if model == FLUX_3 else _flux_2(model, FLUX_2[model], document)


def _flux_2(name: str, model: Flux2Model, body: Mapping[str, Any]) -> Wish:
    pictures = ["input_image", *(f"input_image_{number}" for number in range(2, model.references + 1))]
    known = {"prompt", "width", "height", "seed", "safety_tolerance", "output_format", *model.extras, *pictures}
    problems = _unknown(body, known) + _common(body, most_tolerance=5)
    for side in ("width", "height"):
        problems += _whole(body, side, 64, MOST_PIXELS // 64)
        if isinstance(body.get(side), int) and body[side] % STEP:
            problems.append(at(side, f"Input should be a multiple of {STEP}", "multiple_of"))
    problems += _whole(body, "steps", 1, 50)
    if body.get("output_format", "jpeg") not in ("jpeg", "png", "webp"):
        problems.append(at("output_format", "Input should be 'jpeg', 'png' or 'webp'", "enum"))
    _stop(problems + _guidance(body, 10) + _switches(body))
    references = [_picture(body[slot], slot, 64, 20_000_000) for slot in pictures if body.get(slot) is not None]
    size = _flux_2_size(body, references)
    if size[0] * size[1] > MOST_PIXELS:
        _stop([at("width", "The picture would have more than 4 megapixels")])
    output, inputs = _begun(size[0] * size[1]), _begun(sum(min(_area(image), MOST_PIXELS) for image in references))
    upsamples = bool(body.get("prompt_upsampling", not body.get("disable_pup", False))) and bool(model.extras)
    return Wish(
        model=name, prompt=body["prompt"], size=size, references=tuple(references), seed=body.get("seed"),
        output_format=body.get("output_format", "jpeg"), upsamples=upsamples, input_mp=inputs, output_mp=output,
        price=model.price(output, inputs),
    )  # fmt: skip


def _guidance(body: Mapping[str, Any], most: int) -> list[dict[str, Any]]:
    guidance = body.get("guidance", 4.5)
    fits = isinstance(guidance, int | float) and not isinstance(guidance, bool) and 1.5 <= guidance <= most
    return [] if fits else [at("guidance", f"Input should be from 1.5 to {most}")]


def _switches(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    switches = ("disable_pup", "prompt_upsampling")
    return [
        at(switch, "Input should be a valid boolean", "bool_type")
        for switch in switches
        if not isinstance(body.get(switch, True), bool)
    ]


def _fill(body: Mapping[str, Any]) -> Wish:
    """FLUX.1 Fill, by FluxProFillInputs of https://api.bfl.ai/openapi.json."""
    known = {"image", "mask", "prompt", "steps", "prompt_upsampling", "seed", "guidance", "output_format",
             "safety_tolerance"}  # fmt: skip
    problems = _unknown(body, known) + _whole(body, "safety_tolerance", 0, 6) + _whole(body, "seed", -(2**63), 2**63)
    problems += _whole(body, "steps", 15, 50) + _guidance(body, 100) + _switches(body)
    if "image" not in body:
        problems.append(at("image", "Field required", "missing"))
    if not isinstance(body.get("prompt", ""), str):
        problems.append(at("prompt", "Input should be a valid string", "string_type"))
    if body.get("output_format", "jpeg") not in ("jpeg", "png"):
        problems.append(at("output_format", "Input should be 'jpeg' or 'png'", "enum"))
    _stop(problems)
    image = _opened(body["image"], "image", 64, 20_000_000)
    if body.get("mask") is not None:
        mask = _opened(body["mask"], "mask", 64, 20_000_000).convert("L")
    else:
        mask = ImageChops.invert(image.convert("RGBA").getchannel("A"))
    if mask.size != image.size:
        raise Refused(422, [at("mask", "The dimensions of the mask must match the original image")])
    if mask.getbbox() is None:
        raise Refused(422, [at("mask", "The mask or the image's alpha channel marks nothing")])
    return Wish(
        model=FILL, prompt=body.get("prompt", ""), size=image.size, references=(image.convert("RGB"),),
        seed=body.get("seed"), output_format=body.get("output_format", "jpeg"),
        upsamples=body.get("prompt_upsampling", False), input_mp=_begun(_area(image)), output_mp=_begun(_area(image)),
        price=FILL_PRICE, mask=mask,
    )  # fmt: skip


def _flux_2_size(body: Mapping[str, Any], references: list[Image.Image]) -> tuple[int, int]:
    """As asked; else the first picture's, made smaller to 4 megapixels and cut to the grid; else a square."""
    across, down = references[0].size if references else (1024, 1024)
    scale = min(1.0, math.sqrt(MOST_PIXELS / (across * down)))
    fitted = [max(STEP, int(side * scale) // STEP * STEP) for side in (across, down)]
    return int(body.get("width") or fitted[0]), int(body.get("height") or fitted[1])


def _flux_3(body: Mapping[str, Any]) -> Wish:
    known = {"prompt", "images", "aspect_ratio", "resolution", "safety_tolerance", "grounding", "version"}
    problems = _unknown(body, known) + _common(body, most_tolerance=4)
    ratio, resolution, images = body.get("aspect_ratio", "auto"), body.get("resolution", "1k"), body.get("images", [])
    if ratio not in FLUX_3_RATIOS:
        problems.append(at("aspect_ratio", f"Input should be one of {', '.join(FLUX_3_RATIOS)}", "literal_error"))
    if resolution not in FLUX_3_CLASSES:
        problems.append(at("resolution", f"Input should be one of {', '.join(FLUX_3_CLASSES)}", "literal_error"))
    if not isinstance(images, list) or len(images) > 10 or ("images" in body and not images):
        problems.append(at("images", "List should have 1 to 10 items", "too_long"))
    if not isinstance(body.get("grounding", True), bool):
        problems.append(at("grounding", "Input should be a valid boolean", "bool_type"))
    _stop(problems)
    references = [_picture(image, "images", 256, 16_000_000) for image in images]
    side, price = FLUX_3_CLASSES[resolution]
    across, down = (references[0].size if references else (1, 1)) if ratio == "auto" else _sides(ratio)
    size = (_on_grid(side * math.sqrt(across / down)), _on_grid(side * math.sqrt(down / across)))
    return Wish(
        model=FLUX_3, prompt=body["prompt"], size=size, references=tuple(references), seed=None, output_format="png",
        upsamples=True, input_mp=_begun(sum(_area(image) for image in references)),
        output_mp=_begun(size[0] * size[1]), price=price,
    )  # fmt: skip


def _unknown(body: Mapping[str, Any], known: set[str]) -> list[dict[str, Any]]:
    return [at(name, "Extra inputs are not permitted", "extra_forbidden") for name in body if name not in known]


def _common(body: Mapping[str, Any], *, most_tolerance: int) -> list[dict[str, Any]]:
    problems = _whole(body, "safety_tolerance", 0, most_tolerance) + _whole(body, "seed", -(2**63), 2**63)
    if "prompt" not in body:
        problems.append(at("prompt", "Field required", "missing"))
    elif not isinstance(body["prompt"], str) or not body["prompt"].strip():
        problems.append(at("prompt", "Input should be a valid string", "string_type"))
    return problems


def _whole(body: Mapping[str, Any], name: str, least: int, most: int) -> list[dict[str, Any]]:
    value = body.get(name)
    if value is None:
        return []
    fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    return [] if fits else [at(name, f"Input should be a whole number from {least} to {most}")]


def _stop(problems: list[dict[str, Any]]) -> None:
    if problems:
        raise Refused(422, problems)


def _picture(text: Any, name: str, least_side: int, most_pixels: int) -> Image.Image:
    return _opened(text, name, least_side, most_pixels).convert("RGB")


def _opened(text: Any, name: str, least_side: int, most_pixels: int) -> Image.Image:
    """A reference picture in base64, also as a data URI. Addresses are not fetched here."""
    try:
        if not isinstance(text, str) or len(text) > LARGEST_PICTURE:
            raise ValueError
        data = base64.b64decode(text.rpartition(",")[2], validate=True)
        image = Image.open(io.BytesIO(data))
        image.load()
    except (binascii.Error, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise Refused(400, f"{name}: the image could not be read.") from None
    if min(image.size) < least_side or _area(image) > most_pixels:
        raise Refused(400, f"{name}: the image has {image.width}x{image.height} pixels, which is not supported.")
    return image


def _area(image: Image.Image) -> int:
    return image.width * image.height


def _begun(pixels: int) -> int:
    return -(-pixels // MEGAPIXEL)


def _sides(ratio: str) -> tuple[int, int]:
    across, down = ratio.split(":")
    return int(across), int(down)


def _on_grid(side: float) -> int:
    return int(side + 1e-9) // STEP * STEP
