"""Read what a call wants, as strictly as OpenAI does: models, sizes and their rules, formats, pictures, masks.

The rules: https://developers.openai.com/api/docs/guides/image-generation and the texts of openai-python 3.54.0.
"""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from providers.emulation.contract import Call
from providers.openai.emulator import fields
from providers.openai.emulator.errors import Refused, no_such_model, unknown_parameter, wrong_value
from providers.openai.emulator.models import ImageModel, find_model

LONGEST_PROMPT, LONGEST_DALL_E_PROMPT = 32_000, 4_000
MOST_PICTURES, MOST_REFERENCES = 10, 16
LARGEST_PICTURE, LARGEST_MASK = 50 * 1024 * 1024, 4 * 1024 * 1024
LEAST_PIXELS, MOST_PIXELS, LONGEST_SIDE, STEP = 655_360, 8_294_400, 3840, 16
FORMATS = ("png", "jpeg", "webp")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One call that the model can carry out; what was left to the model is chosen already."""

    model: ImageModel
    prompt: str
    number: int
    size: tuple[int, int]
    quality: str
    output_format: str = "png"
    background: str = "opaque"
    stream: bool = False
    partial_images: int = 0
    style: str = "vivid"
    wants_url: bool = False
    safety_identifier: str = ""
    references: tuple[Image.Image, ...] = field(default=(), repr=False)
    mask: Image.Image | None = field(default=None, repr=False)
    is_edit: bool = False

    @property
    def size_text(self) -> str:
        return f"{self.size[0]}x{self.size[1]}"


def read_generation(call: Call) -> Wish:
    """A call to images/generations. Raises `Refused`."""
    body = fields.read_body(call)
    if body.is_form:
        raise Refused(400, "Unsupported content type: 'multipart/form-data'. Send application/json.")
    model = _read_model(body.fields)
    if model.is_dall_e:
        return _read_dall_e(body.fields, model)
    fields.refuse_unknown(body.fields, fields.GENERATE_FIELDS | _own_fields(model))
    return _read_gpt(body.fields, model)


def read_edit(call: Call) -> Wish:
    """A call to images/edits, as a form or as JSON. Raises `Refused`."""
    body = fields.read_body(call)
    model = _read_model(body.fields)
    if model.is_dall_e:
        raise wrong_value("model", f"Invalid value: '{model.id}'. Value must be a GPT image model.")
    known = fields.FORM_FIELDS if body.is_form else fields.JSON_EDIT_FIELDS
    fields.refuse_unknown(body.fields, known | _own_fields(model))
    if body.is_form:
        pictures = [part.data for part in body.files if part.name in ("image", "image[]")]
        mask = next((part.data for part in body.files if part.name == "mask"), None)
    else:
        listed = body.fields.get("images", [])
        if not isinstance(listed, list):
            raise Refused(400, "Invalid type for 'images': expected an array.", code="invalid_type", param="images")
        pictures = [_referenced(item, f"images[{at}]") for at, item in enumerate(listed)]
        mask = _referenced(body.fields["mask"], "mask") if "mask" in body.fields else None
    if not pictures:
        raise Refused(400, "Missing required parameter: 'image'.", code="missing_required_parameter", param="image")
    if len(pictures) > MOST_REFERENCES:
        raise wrong_value("image", f"Too many images: at most {MOST_REFERENCES}, but got {len(pictures)}.")
    references = tuple(_open_picture(data) for data in pictures)
    return _read_gpt(body.fields, model, references, _open_mask(mask, references[0]))


def _own_fields(model: ImageModel) -> frozenset[str]:
    return frozenset({"complexity"}) if model.complexity else frozenset()


def _read_model(given: Mapping[str, Any]) -> ImageModel:
    name = fields.a_text(given, "model")
    if not name:
        raise Refused(400, "Missing required parameter: 'model'.", code="missing_required_parameter", param="model")
    model = find_model(name)
    if model is None:
        raise no_such_model(name)
    return model


def _read_gpt(
    given: Mapping[str, Any], model: ImageModel, references: tuple[Image.Image, ...] = (),
    mask: Image.Image | None = None,
) -> Wish:  # fmt: skip
    quality = fields.a_text(given, "quality", "auto")
    if quality not in (*model.qualities, "auto"):
        raise wrong_value("quality", f"The model '{model.id}' does not support quality '{quality}'.")
    output_format = fields.a_choice(given, "output_format", (*FORMATS, "gif", "svg"), "png")
    if output_format not in FORMATS:
        raise wrong_value("output_format", f"The output format '{output_format}' needs access to its preview.")
    background = fields.a_choice(given, "background", ("transparent", "opaque", "auto"), "auto")
    if background == "transparent" and output_format == "jpeg":
        raise wrong_value("background", "Transparent background is not supported for JPEG output format.")
    compression = fields.an_integer(given, "output_compression", 0, 100, 100)
    if compression < 100 and output_format == "png":
        raise wrong_value("output_compression", "Compression less than 100 is not supported for PNG output format.")
    stream, partial = fields.a_flag(given, "stream"), fields.an_integer(given, "partial_images", 0, 3, 0)
    number = fields.an_integer(given, "n", 1, MOST_PICTURES, 1)
    if partial and not stream:
        raise wrong_value("partial_images", "partial_images needs stream set to true.")
    if stream and number > 1:
        raise wrong_value("n", "Streaming is supported for one image at a time.")
    fields.a_choice(given, "moderation", ("auto", "low"), "auto")
    fields.a_choice(given, "complexity", ("low", "medium", "high"), "high")
    if "input_fidelity" in given and model.stages:
        raise unknown_parameter("input_fidelity")
    return Wish(
        model=model, prompt=_read_prompt(given, LONGEST_PROMPT), number=number, references=references, mask=mask,
        size=_read_size(fields.a_text(given, "size", "auto"), model), output_format=output_format,
        quality="high" if quality == "auto" else quality, stream=stream,
        background="transparent" if background == "transparent" else "opaque", partial_images=partial,
        safety_identifier=fields.a_text(given, "safety_identifier") or fields.a_text(given, "user"),
        is_edit=bool(references),
    )  # fmt: skip


def _read_dall_e(given: Mapping[str, Any], model: ImageModel) -> Wish:
    fields.refuse_unknown(given, fields.DALL_E_FIELDS)
    fields.an_integer(given, "n", 1, 1, 1)
    size = fields.a_choice(given, "size", model.sizes, "1024x1024")
    width, height = size.split("x")
    return Wish(
        model=model, prompt=_read_prompt(given, LONGEST_DALL_E_PROMPT), number=1, size=(int(width), int(height)),
        quality=fields.a_choice(given, "quality", model.qualities, "standard"),
        style=fields.a_choice(given, "style", ("vivid", "natural"), "vivid"),
        wants_url=fields.a_choice(given, "response_format", ("url", "b64_json"), "url") == "url",
    )  # fmt: skip


def _read_prompt(given: Mapping[str, Any], longest: int) -> str:
    prompt = fields.a_text(given, "prompt")
    if not prompt:
        raise Refused(400, "Missing required parameter: 'prompt'.", code="missing_required_parameter", param="prompt")
    if len(prompt) > longest:
        message = f"Invalid 'prompt': string too long. Expected a string with maximum length {longest}."
        raise Refused(400, message, code="string_above_max_length", param="prompt")
    return prompt


def _read_size(text: str, model: ImageModel) -> tuple[int, int]:
    if text == "auto":
        return (1024, 1536)
    found = re.fullmatch(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})", text)
    if model.sizes and text not in model.sizes:
        raise wrong_value("size", f"Invalid value: '{text}'. Supported values are: {', '.join(model.sizes)}, 'auto'.")
    if found is None:
        raise wrong_value("size", f"Invalid size '{text}': expected WIDTHxHEIGHT or 'auto'.")
    width, height = int(found[1]), int(found[2])
    if model.sizes:
        return width, height
    if width % STEP or height % STEP:
        raise wrong_value("size", f"Invalid size '{text}': width and height must be divisible by {STEP}.")
    if max(width, height) > 3 * min(width, height):
        raise wrong_value("size", f"Invalid size '{text}': the aspect ratio must be between 1:3 and 3:1.")
    if max(width, height) > LONGEST_SIDE or not LEAST_PIXELS <= width * height <= MOST_PIXELS:
        raise wrong_value("size", f"Invalid size '{text}': outside the model's pixel and edge limits.")
    return width, height


def _referenced(item: Any, place: str) -> bytes:
    """The bytes of an item of a JSON edit. Files and foreign addresses are not emulated."""
    if not isinstance(item, dict) or len(item) != 1 or not {"image_url", "file_id"} & set(item):
        raise wrong_value(place, f"'{place}' must have exactly one of 'image_url' and 'file_id'.")
    head, _, encoded = str(item.get("image_url", "")).partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        raise wrong_value(place, f"'{place}' could not be downloaded.")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise wrong_value(place, f"'{place}' is not valid base64.") from error


def _open_picture(data: bytes, param: str = "image") -> Image.Image:
    if len(data) >= LARGEST_PICTURE:
        raise wrong_value(param, "The image is larger than 50MB.")
    try:
        picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
        picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = "Invalid image file or mode for image. Use png, webp or jpg."
        kind = "image_generation_user_error"
        raise Refused(400, message, kind=kind, code="invalid_image_file", param=param) from error
    return picture


def _open_mask(data: bytes | None, first: Image.Image) -> Image.Image | None:
    if data is None:
        return None
    if len(data) >= LARGEST_MASK:
        raise wrong_value("mask", "The mask is larger than 4MB.")
    mask = _open_picture(data, "mask")
    if mask.format != "PNG" or "A" not in mask.getbands():
        raise wrong_value("mask", "The mask must be a PNG with an alpha channel.")
    if mask.size != first.size:
        raise wrong_value("mask", "The mask must have the same dimensions as the image.")
    return mask
