"""Read a picture's real type and size from its bytes, with Pillow and only for the formats that the hub serves."""

import io
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from PIL import Image

from providers.request import Picture

MIME_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
FORMATS = tuple(MIME_TYPES)
MOST_PIXELS = 80_000_000
# Scans of a progressive JPEG; each goes over every pixel again, and programs write about ten.
MOST_SCANS = 100
_SCAN = b"\xff\xda"
_SEGMENT = re.compile(rb"\xff+([\x01-\xfe])(..)", re.DOTALL)
# Pillow asks for a WebP's whole canvas when it opens one.
_WEBP_HEAD = 30
# What people send most often instead, by how it begins, for a sentence that helps.
_OTHERS = (
    (b"GIF8", "a GIF"), (b"%PDF", "a PDF document"), (b"II*\0", "a TIFF"), (b"MM\0*", "a TIFF"), (b"BM", "a BMP"),
    (b"8BPS", "a Photoshop document"), (b"SIMPLE  =", "a FITS file"), (b"PK\x03\x04", "an archive"),
)  # fmt: skip
_BRANDS = {b"avif": "an AVIF", b"avis": "an AVIF", b"heic": "a HEIC", b"heix": "a HEIC", b"mif1": "a HEIC"}
_decoders = threading.BoundedSemaphore(max(1, int(os.environ.get("HUB_PICTURES_AT_ONCE", "") or 4)))


class UnreadablePicture(ValueError):
    """The bytes are no picture that the hub serves; the text says why."""


@contextmanager
def open_picture(data: bytes, formats: tuple[str, ...] = FORMATS) -> Iterator[Image.Image]:
    """A picture whose pixels may be decoded; at most HUB_PICTURES_AT_ONCE (4) are open in this process at a time.

    A picture takes three or four bytes a pixel while it is open, so that a hundred at once would fill the memory. Open
    no second one inside of it. Raises `UnreadablePicture` for a size beyond the limit and for a JPEG of more scans than
    MOST_SCANS, and what Pillow raises.
    """
    _refuse_giants(data)
    refuse_many_scans(data)
    with _decoders, Image.open(io.BytesIO(data), formats=formats) as image:
        _refuse_size(*image.size)
        yield image


def refuse_many_scans(data: bytes) -> None:
    """Raises `UnreadablePicture` for a JPEG whose decoding would take beyond all use, by its structure."""
    at = 2
    while data.startswith(b"\xff\xd8"):
        segment = _SEGMENT.match(data, at)
        if segment is None:
            return
        if segment[1] == _SCAN[1:]:
            break
        at = segment.end() - 2 + max(2, int.from_bytes(segment[2], "big"))
    # Behind the first scan these two bytes mean nothing else: a pixel's 0xff is followed by a zero.
    if data.startswith(b"\xff\xd8") and data.count(_SCAN, at) > MOST_SCANS:
        raise UnreadablePicture(f"The picture is a JPEG of more than {MOST_SCANS} scans; save it anew.")


def decode_picture(data: bytes) -> None:
    """Decode every pixel once, to learn whether that works. Raises `UnreadablePicture`."""
    try:
        with open_picture(data) as image:
            image.load()
    except UnreadablePicture:
        raise
    except Exception as error:  # noqa: BLE001 - decoders fail in many ways at what anybody wrote
        raise UnreadablePicture("The picture is broken behind its head and cannot be decoded.") from error


def read_picture(data: bytes, *, seed: int | None = None, revised_prompt: str | None = None) -> Picture:
    """Type and size of a PNG, JPEG or WebP from its bytes; pixels are not decoded. Raises `UnreadablePicture`."""
    _refuse_giants(data)
    # A WebP's canvas is there from the start; the others' heads need no place.
    place = _decoders if data[:4] == b"RIFF" else nullcontext()
    try:
        with place, Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _refuse_size(*image.size)
            kind, (width, height), frames = image.format or "", image.size, getattr(image, "n_frames", 1)
    except UnreadablePicture:
        raise
    # Pillow warns from 89 megapixels on, which is an exception only where warnings are errors; the limit above is ours.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        words = _other_kind(data)
        looks = f" It looks like {words}." if words else ""
        raise UnreadablePicture(f"The file is not a readable PNG, JPEG or WebP picture.{looks}") from error
    if kind == "MPO":
        # A JPEG with a second picture behind it, such as a gain map; every viewer shows the first.
        kind, frames = "JPEG", 1
    if frames > 1:
        raise UnreadablePicture("An animated picture cannot be used here.")
    return Picture(mime_type=MIME_TYPES[kind], width=width, height=height, seed=seed, revised_prompt=revised_prompt)


def _refuse_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise UnreadablePicture(f"The picture has more than {MOST_PIXELS} pixels.")


def _refuse_giants(data: bytes) -> None:
    """Raises `UnreadablePicture` for a size beyond the limit in the head of a PNG or WebP, before anything opens it."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        _refuse_size(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= _WEBP_HEAD:
        kind, number = data[12:16], int.from_bytes
        if kind == b"VP8X":
            _refuse_size(number(data[24:27], "little") + 1, number(data[27:30], "little") + 1)
        elif kind == b"VP8L":
            bits = number(data[21:25], "little")
            _refuse_size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        elif kind == b"VP8 ":
            _refuse_size(number(data[26:28], "little") & 0x3FFF, number(data[28:30], "little") & 0x3FFF)


def _other_kind(data: bytes) -> str:
    start = data[:600].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<"):
        return "an SVG drawing, which can hold programs" if b"<svg" in start else "a web page"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "")
    return next((words for begins, words in _OTHERS if data.startswith(begins)), "")
