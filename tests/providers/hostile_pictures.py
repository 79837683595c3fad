"""Files that people of ill will call pictures, each made by hand and small."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
HTML = b"<!DOCTYPE html><html><script>alert(document.cookie)</script></html>"


def encoded(kind: str, size: tuple[int, int] = (32, 20), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def packed(rows: int, width: int) -> bytes:
    """Rows of black, packed as far as they go."""
    return zlib.compress(b"\0" * (rows * (3 * width + 1)), 9)


def png_giant() -> bytes:
    """Some kilobytes that claim 50,000 × 50,000 pixels and begin to deliver them."""
    return SIGNATURE + header(50_000, 50_000) + chunk(b"IDAT", packed(60, 50_000)) + chunk(b"IEND", b"")


def webp_giant() -> bytes:
    """A WebP head that claims the largest canvas there is; Pillow would ask for two of them when it opens it."""
    inside = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + b"\xff\xff\xff" * 2
    inside += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def webp_lossless_giant() -> bytes:
    bits = struct.pack("<I", 16_383 | 16_383 << 14)
    inside = b"WEBPVP8L" + struct.pack("<I", 20) + b"\x2f" + bits + bytes(15)
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def jpeg_giant() -> bytes:
    """A real small JPEG whose frame header says 65,500 × 65,500."""
    data = bytearray(encoded("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(data)


def jpeg_of_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded("JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * count + data[-2:]


def _frames(count: int) -> Iterator[bytes]:
    pixels = zlib.compress(b"\0" * (20 * (32 * 3 + 1)), 9)
    for number in range(count):
        control = struct.pack(">IIIIIHHBB", 2 * number, 32, 20, 0, 0, 1, 100, 0, 0)
        yield chunk(b"fcTL", control)
        yield chunk(b"fdAT", struct.pack(">I", 2 * number + 1) + pixels) if number else chunk(b"IDAT", pixels)


def apng(count: int = 10_000) -> bytes:
    """An animation of so many frames."""
    control = chunk(b"acTL", struct.pack(">II", count, 0))
    return SIGNATURE + header(32, 20) + control + b"".join(_frames(count)) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    bomb = chunk(b"zTXt", b"note\0\0" + zlib.compress(b"a" * 20_000_000, 9))
    data = encoded("PNG")
    return data[:33] + bomb + data[33:]


def gif_and_script() -> bytes:
    """A GIF whose size reads as the beginning of a comment, so that a browser may run it as JavaScript."""
    return b"GIF89a/*\x2a\x00\x00\x00\x00\xff\x00\x00\x00*/=1;alert(1);"


def webp_animation() -> bytes:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    return buffer.getvalue()


FITS = b"SIMPLE  =                    T" + b" " * 50 + b"BITPIX  =                    8" + b" " * 50
PSD = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 30_000, 30_000, 8, 3) + bytes(40)
AVIF = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(40)

# Each with a word of the sentence that refuses it.
REFUSED: dict[str, tuple[bytes, str]] = {
    "svg with a script": (SVG, "an SVG drawing, which can hold programs"),
    "svg behind a byte order mark": (b"\xef\xbb\xbf \n" + SVG, "an SVG drawing"),
    "html": (HTML, "a web page"),
    "gif and script": (gif_and_script(), "a GIF"),
    "gif": (encoded("GIF"), "a GIF"),
    "fits": (FITS, "a FITS file"),
    "tiff": (encoded("TIFF"), "a TIFF"),
    "psd": (PSD, "a Photoshop document"),
    "bmp": (encoded("BMP"), "a BMP"),
    "pdf": (b"%PDF-1.7\n", "a PDF document"),
    "zip": (b"PK\x03\x04" + bytes(60), "an archive"),
    "avif": (AVIF, "an AVIF"),
    "html before a png": (b"<html>" + encoded("PNG"), "a web page"),
    "text": (b"hello", "not a readable PNG, JPEG or WebP picture."),
    "png of 50,000 by 50,000": (png_giant(), "more than 80000000 pixels"),
    "webp of 16,777,216 by 16,777,216": (webp_giant(), "more than 80000000 pixels"),
    "webp of 16,384 by 16,384": (webp_lossless_giant(), "more than 80000000 pixels"),
    "jpeg of 65,500 by 65,500": (jpeg_giant(), "not a readable PNG, JPEG or WebP picture."),
    "png animation of 10,000 frames": (apng(), "animated"),
    "webp animation": (webp_animation(), "animated"),
    "text that unpacks to 20 MB": (text_bomb(), "not a readable"),
    "png without its head": (SIGNATURE, "not a readable"),
}
CUT_OFF = {
    "png": encoded("PNG", (300, 200))[:-12], "png in its pixels": encoded("PNG", (300, 200))[:200],
    "jpeg": encoded("JPEG", (300, 200))[:-2], "jpeg in its pixels": encoded("JPEG", (300, 200))[:700],
    "webp": encoded("WEBP", (300, 200), lossless=True)[:-2],
}  # fmt: skip
