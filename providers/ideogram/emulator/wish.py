"""Read a call as strictly as Ideogram's document says: every field known, of its type and within its bounds."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from providers.emulation.multipart import BadForm, is_form, read_form
from providers.ideogram.emulator.errors import Refused
from providers.ideogram.emulator.services import LARGEST_FILE, LARGEST_SEED, LONGEST_PROMPT, Service

WIDEST_SHAPE = 6
_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A call that was read and found right. `size` is what is drawn, in pixels."""

    fields: Mapping[str, Any]
    files: Mapping[str, list[bytes]] = field(default_factory=dict, repr=False)
    size: tuple[int, int] = (2048, 2048)

    @property
    def count(self) -> int:
        return int(self.fields.get("num_images", 1))


def read_wish(service: Service, content_type: str, body: bytes) -> Wish:
    """The wish in a JSON body or a form. Raises `Refused` with Ideogram's answer."""
    fields, files = _form(content_type, body) if is_form(content_type) else (_json(content_type, body), {})
    known = {"prompt", "num_images", "seed"} if service.draws else set()
    known |= {service.quality, service.size, *service.choices, *service.texts, *service.flags} - {""}
    for name in (*fields, *files):
        if name not in known and name not in service.files:
            raise Refused(400, f"{name}: unknown field.")
    fields = {name: _checked(service, name, value) for name, value in fields.items()}
    if service.draws and "prompt" not in fields:
        raise Refused(400, "prompt: required.")
    return Wish(fields=fields, files=files, size=_drawn_size(service, fields, files))


def _json(content_type: str, body: bytes) -> dict[str, Any]:
    if not content_type.startswith("application/json"):
        raise Refused(400, "The body must be JSON or a form.")
    try:
        document = orjson.loads(body)
    except ValueError as error:
        raise Refused(400, "The body is no JSON.") from error
    if not isinstance(document, dict):
        raise Refused(400, "The body must be an object.")
    return document


def _form(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, list[bytes]]]:
    fields: dict[str, Any] = {}
    files: dict[str, list[bytes]] = {}
    try:
        for part in read_form(content_type, body):
            if part.filename is not None:
                files.setdefault(part.name, []).append(part.data)
            else:
                fields[part.name] = _value(part.name, part.text)
    except BadForm as error:
        raise Refused(400, str(error)) from error
    return fields, files


def _value(name: str, text: str) -> Any:
    """A form's text as the type of its field."""
    if name in ("num_images", "seed"):
        return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text
    return _TRUTHS.get(text, text) if name in ("private", "async", "enable_copyright_detection") else text


def _checked(service: Service, name: str, value: Any) -> Any:
    bounds = {"num_images": (1, 8), "seed": (0, LARGEST_SEED)}
    texts = {"prompt": LONGEST_PROMPT, **service.texts}
    if name in bounds:
        low, high = bounds[name]
        is_right = type(value) is int and low <= value <= high
    elif name in texts:
        is_right = isinstance(value, str) and 1 <= len(value) <= texts[name]
    elif name in service.flags:
        is_right = isinstance(value, bool)
    elif name == service.quality:
        is_right = bool(value) and value in service.prices
    elif name == service.size:
        is_right = value in service.sizes or (name == "size" and value == "auto")
    else:
        is_right = value in service.choices.get(name, ())
    if not is_right:
        raise Refused(400, f"{name}: not a value that this endpoint takes.")
    return value


def _drawn_size(service: Service, fields: Mapping[str, Any], files: Mapping[str, list[bytes]]) -> tuple[int, int]:
    """The size asked for, or the picture's own; a mask must fit it and mark one part of it."""
    if not service.files:
        asked = fields.get(service.size, "auto")
        across, _, down = ("2048x2048" if asked == "auto" else asked).partition("x")
        return int(across), int(down)
    if len(files.get("image", [])) != 1:
        raise Refused(400, "image: required.")
    for name, given in files.items():
        most = service.files[name] - (1 if name == "reference_images" and "mask" in files else 0)
        if len(given) > most:
            raise Refused(400, f"{name}: at most {most}.")
    sizes = {name: [_size(name, data) for data in given] for name, given in files.items()}
    width, height = sizes["image"][0]
    if service.draws and max(width, height) > WIDEST_SHAPE * min(width, height):
        raise Refused(400, "image: its aspect ratio must be between 1:6 and 6:1.")
    if "mask" in files:
        _check_mask(files["mask"][0], (width, height))
    return width, height


def _size(name: str, data: bytes) -> tuple[int, int]:
    if len(data) > LARGEST_FILE:
        raise Refused(413)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            return image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refused(400, f"{name}: must be JPEG, PNG or WebP.") from error


def _check_mask(data: bytes, size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(data)) as mask:
        if mask.size != size:
            raise Refused(400, "mask: must have the same width and height as image.")
        low, high = mask.convert("L").getextrema()
    if not (isinstance(low, int) and low < 128 <= high):
        raise Refused(400, "mask: must contain both black and white areas.")
