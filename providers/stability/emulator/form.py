"""Read a multipart form as strictly as Stability does: every field known, every value within its bounds."""

import io
import re
from email.message import Message
from email.parser import HeaderParser

from PIL import Image

from providers.stability.emulator.errors import Refused
from providers.stability.emulator.services import (
    FORMS,
    Choice,
    File,
    Form,
    Kind,
    Number,
    Text,
    Wish,
    diffusion_form,
)

LARGEST_BODY = 10 * 1024 * 1024
_NUMBER = re.compile(r"\d{1,10}(\.\d{1,20})?")


def read_wish(path: str, content_type: str, body: bytes) -> Wish:
    """The wish in a form for `path`. Raises `Refused` with Stability's answer."""
    if len(body) > LARGEST_BODY:
        raise Refused(413)
    texts, files = _parts(content_type, body)
    if path == "generate/sd3":
        form = diffusion_form(texts.get("model", "sd3.5-large"), texts.get("mode", "text-to-image"))
    else:
        form = FORMS[path]
    problems = [f"{name}: is not a known field" for name in (*texts, *files) if name not in form.fields]
    for name, kind in form.fields.items():
        problems += _problems(name, kind, texts.get(name), files.get(name))
    if form.one_of and not any(texts.get(name, "0") != "0" or name in files for name in form.one_of):
        problems.append(f"{', '.join(form.one_of)}: at least one must be given")
    problems += _strength_problems(path, form, texts, files)
    if problems:
        raise Refused(400, *problems)
    return Wish(path=path, form=form, texts=texts, pictures=files)


def _parts(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Text fields and files by name."""
    head = Message()
    head["content-type"] = content_type
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise Refused(400, "content-type: must be multipart/form-data")
    texts: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for chunk in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        if chunk.startswith(b"--"):
            return texts, files
        headers, _, content = chunk.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        part = HeaderParser().parsestr(headers.decode("utf-8", "replace"))
        name = str(part.get_param("name", "", "content-disposition"))
        if name in texts or name in files:
            raise Refused(400, f"{name}: must be given once")
        if part.get_param("filename", None, "content-disposition") is None:
            texts[name] = content.decode("utf-8", "replace")
        else:
            files[name] = content
    raise Refused(400, "body: the form has no end")


def _problems(name: str, kind: Kind, text: str | None, file: bytes | None) -> list[str]:
    if isinstance(kind, File):
        if text is not None:
            return [f"{name}: must be a file"]
        return _file_problems(name, kind, file)
    if file is not None:
        return [f"{name}: must not be a file"]
    if isinstance(kind, Text):
        if text is None:
            return [f"{name}: is required"] if kind.required else []
        return [] if 1 <= len(text) <= kind.longest else [f"{name}: must have 1 to {kind.longest} characters"]
    if text is None:
        return []
    if isinstance(kind, Choice):
        return [] if text in kind.values else [f"{name}: must be one of {', '.join(kind.values)}"]
    return [] if _is_within(text, kind) else [f"{name}: must be a number from {kind.least} to {kind.most}"]


def _is_within(text: str, kind: Number) -> bool:
    if not _NUMBER.fullmatch(text) or (kind.whole and "." in text):
        return False
    return kind.least <= float(text) <= kind.most


def _file_problems(name: str, kind: File, data: bytes | None) -> list[str]:
    if data is None:
        return [f"{name}: is required"] if kind.required else []
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return [f"{name}: must be a jpeg, png or webp image"]
    fits = kind.least_side <= min(width, height) and max(width, height) <= kind.most_side
    fits = fits and kind.least_pixels <= width * height <= kind.most_pixels
    fits = fits and max(width, height) <= kind.widest * min(width, height)
    return [] if fits else [f"{name}: {width}x{height} is outside of what this service takes"]


def _strength_problems(path: str, form: Form, texts: dict[str, str], files: dict[str, bytes]) -> list[str]:
    """A strength goes with a picture and the other way round; a lamp's strength goes with its direction."""
    problems = []
    if "strength" in form.fields and ("image" in files) != ("strength" in texts):
        problems.append("strength: is required when image is provided, and only then")
    if path == "generate/ultra" and "image" in files and "aspect_ratio" in texts:
        problems.append("aspect_ratio: is only valid for text-to-image requests")
    if "light_source_strength" in texts and not {"light_source_direction", "light_reference"} & {*texts, *files}:
        problems.append("light_source_strength: requires light_source_direction or light_reference")
    if "mask" in form.fields and "mask" not in files and not _has_alpha(files.get("image", b"")):
        problems.append("mask: is required when image has no alpha channel")
    return problems


def _has_alpha(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return "A" in image.getbands() or "transparency" in image.info
    except (OSError, SyntaxError, ValueError):
        return False
