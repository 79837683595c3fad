"""Read the body of a request as strictly as an endpoint does, against its own inputs."""

import base64
import binascii
import io
import math
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from providers.emulation.invoice import ChargeLine
from providers.fal.emulator.errors import Refused, problem
from providers.fal.emulator.models import Model

MEGAPIXEL = 1024 * 1024
MIME_TYPES = {"webp": "image/webp", "jpeg": "image/jpeg", "png": "image/png"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
}  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """A request that an endpoint accepted, and what follows from it. `price` is of one picture, in micro-dollars."""

    model: Model
    input: dict[str, Any]
    size: tuple[int, int]
    count: int
    mime_type: str
    price: int
    references: tuple[Image.Image, ...] = field(default=(), repr=False)

    @property
    def extension(self) -> str:
        return self.mime_type.removeprefix("image/")

    def charges(self, pictures: int) -> tuple[ChargeLine, ...]:
        return (ChargeLine(pictures, self.price),)


def read_wish(given: dict[str, Any], model: Model) -> Wish:
    """The wish in an input. Raises `Refused` (422) naming every field at fault."""
    problems = [problem("missing", name, "Field required") for name in model.required if name not in given]
    for name, value in given.items():
        if name not in model.properties:
            # fal's endpoints leave what they do not know; here it is told, so that no field is sent in vain.
            problems.append(problem("extra_forbidden", name, "Extra inputs are not permitted"))
        elif wrong := _problem(value, model.properties[name]):
            problems.append(problem(wrong[0], name, wrong[1]))
    if problems:
        raise Refused(422, problems)
    whole = {name: found["default"] for name, found in model.properties.items() if "default" in found} | given
    pictures = _pictures(given)
    size = model.size(whole, [picture.size for picture in pictures])
    mime_type = MIME_TYPES[whole.get("output_format", "png")]
    return Wish(
        model=model, input=given, size=size, count=whole.get("num_images", 1), mime_type=mime_type,
        price=_price(model, whole, size), references=tuple(pictures),
    )  # fmt: skip


def _price(model: Model, whole: dict[str, Any], size: tuple[int, int]) -> int:
    price = model.price
    if model.by_megapixel:
        price *= max(1, math.ceil(size[0] * size[1] / MEGAPIXEL))
    if model.by_choice:
        price = model.by_choice[1][whole[model.by_choice[0]]]
    if str(whole.get("style", "")).startswith("vector_illustration"):
        price *= 2
    return price + sum(extra for name, value, extra in model.extras if whole.get(name) == value)


def _problem(value: Any, found: dict[str, Any]) -> tuple[str, str] | None:
    if "anyOf" in found:
        wrong = [_problem(value, part) for part in found["anyOf"]]
        return None if None in wrong else wrong[-1]
    kind = "object" if "$ref" in found else found.get("type", "")
    if kind == "null":
        return ("none_required", "Input should be null") if value is not None else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, TYPES[kind]) or (kind in ("integer", "number") and not is_number):
        return f"{kind}_type", f"Input should be a valid {kind}"
    if "enum" in found and value not in found["enum"]:
        return "literal_error", f"Input should be {', '.join(found['enum'])}"
    if is_number and value < found.get("minimum", -math.inf):
        return "greater_than_equal", f"Input should be greater than or equal to {found['minimum']}"
    if is_number and value > found.get("maximum", math.inf):
        return "less_than_equal", f"Input should be less than or equal to {found['maximum']}"
    if isinstance(value, str) and len(value) > found.get("maxLength", math.inf):
        return "string_too_long", f"String should have at most {found['maxLength']} characters"
    return _size_problem(value) if isinstance(value, dict) else None


def _size_problem(value: dict[str, Any]) -> tuple[str, str] | None:
    sides = (value.get("width"), value.get("height"))
    fits = all(isinstance(side, int) and 0 < side <= 14142 for side in sides)
    return None if fits else ("greater_than", "Input should be greater than 0")


def _pictures(given: dict[str, Any]) -> list[Image.Image]:
    """The input pictures; a mask must have the size of its picture and is not drawn from."""
    named = [("image_url", given["image_url"])] if "image_url" in given else []
    named += [("image_urls", address) for address in given.get("image_urls", ())]
    found = [_opened(name, address) for name, address in named]
    if "mask_url" in given and found and _opened("mask_url", given["mask_url"]).size != found[0].size:
        raise Refused(422, [problem("image_size_mismatch", "mask_url", "The mask must have the size of the image")])
    return found


def _opened(name: str, address: str) -> Image.Image:
    try:
        data = base64.b64decode(address.partition("base64,")[2], validate=True) if address.startswith("data:") else b""
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (binascii.Error, OSError, SyntaxError, ValueError) as error:
        raise Refused(422, [problem("image_load_error", name, "Failed to load the image")]) from error
