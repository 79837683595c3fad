"""What counts as a picture: its own bytes decide, and whatever could hurt is refused unopened."""

import io
import struct
import tracemalloc
import zlib
from typing import Any

import pytest
from PIL import Image

from providers.pictures import UnreadablePicture, read_picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encoded(kind: str, size: tuple[int, int] = (32, 20), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind, **options)
    return buffer.getvalue()


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=100)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of that size."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return SIGNATURE + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("kind", "mime_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_type_and_size_are_read_from_the_bytes(kind: str, mime_type: str) -> None:
    picture = read_picture(encoded(kind), seed=7, revised_prompt="a teal field")
    assert (picture.mime_type, picture.width, picture.height) == (mime_type, 32, 20)
    assert (picture.seed, picture.revised_prompt) == (7, "a teal field")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        b"%PDF-1.7",
        b"PK\x03\x04" + b"\0" * 60,
        SIGNATURE,
        encoded("PNG")[:40],
        encoded("JPEG")[:20],
        encoded("GIF"),
        encoded("BMP"),
        encoded("TIFF"),
        encoded("ICO"),
    ],
    ids=[
        "empty",
        "text",
        "svg",
        "html",
        "pdf",
        "zip",
        "png-signature",
        "cut-png",
        "cut-jpeg",
        "gif",
        "bmp",
        "tiff",
        "ico",
    ],
)
def test_what_is_no_png_jpeg_or_webp_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadablePicture, match="not a readable PNG, JPEG or WebP"):
        read_picture(data)


@pytest.mark.parametrize(
    "size", [(10_000, 8_001), (9_500, 9_500), (20_000, 20_000), (2**31 - 1, 2**31 - 1), (2**31, 1)]
)
def test_a_picture_that_would_fill_the_memory_is_refused_by_its_header(size: tuple[int, int]) -> None:
    data = png_claiming(*size)
    tracemalloc.start()
    with pytest.raises(UnreadablePicture):
        read_picture(data)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_the_largest_picture_of_a_vendor_is_read_without_decoding() -> None:
    assert read_picture(png_claiming(6336, 2688)).width == 6336


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animated_picture_is_refused(kind: str) -> None:
    with pytest.raises(UnreadablePicture, match="animated"):
        read_picture(animated(kind))


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x05\x06" + b"\0" * 18, b"%PDF-1.7"])
def test_a_picture_with_something_else_behind_it_is_only_ever_a_picture(tail: bytes) -> None:
    assert read_picture(encoded("PNG") + tail).mime_type == "image/png"


@pytest.mark.parametrize("front", [b"<html>", b"%PDF-1.7\n", b"PK\x03\x04"])
def test_something_else_with_a_picture_behind_it_is_refused(front: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        read_picture(front + encoded("PNG"))


def test_a_text_chunk_that_unpacks_to_a_giant_is_refused() -> None:
    bomb = chunk(b"zTXt", b"note\0\0" + zlib.compress(b"a" * 20_000_000, 9))
    data = encoded("PNG")
    with pytest.raises(UnreadablePicture):
        read_picture(data[:33] + bomb + data[33:])
