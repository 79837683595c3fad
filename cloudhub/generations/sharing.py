"""A picture to pass on: the same pixels without what the file tells of places, people, programs and prompts.

The file's own parts are taken out and nothing is decoded or coded again, so that no picture gets worse. What decides
how it looks stays: colour profile, transparency, resolution, and the turn that a camera noted. Sources: PNG
https://www.w3.org/TR/png-3/, JPEG ITU-T T.81 annex B, WebP https://developers.google.com/speed/webp/docs/riff_container,
content credentials https://spec.c2pa.org/specifications/specifications/2.1/specs/C2PA_Specification.html (annex A).
"""

import re
import struct
import zlib
from collections.abc import Iterator

from PIL import Image as PillowImage

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# The chunks without which there is no picture, and of the others those that say how the pixels look. A capital letter
# makes a chunk critical, and anybody may write one that no program knows.
_PNG_LOOKS = {
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"iCCP",
    b"sBIT",
    b"pHYs",
    b"bKGD",
    b"cICP",
    b"mDCV",
    b"cLLI",
}
# Frames, tables and scans; not the reserved markers, behind which anything may stand.
_JPEG_PIXELS = frozenset(range(0xC0, 0xE0)) - {0xC8}
_WEBP_LOOKS = {b"VP8 ", b"VP8L", b"ALPH", b"ICCP"}
_HAS_EXIF, _HAS_XMP = 0x08, 0x04
_START_OF_SCAN, _END = 0xDA, 0xD9
# The end of a scan: a marker that is neither a stuffed zero, a filling byte nor a restart.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_ORIENTATION = 0x0112
Piece = tuple[bytes, bytes]


def without_metadata(data: bytes, *, with_credentials: bool = False) -> bytes:
    """A PNG, JPEG or WebP without metadata; anything behind its end, such as a second file, is left away too.

    `with_credentials` keeps the signed statement that a machine made the picture (C2PA), where there is one.
    """
    if data.startswith(PNG):
        return PNG + b"".join(_png_chunk(*piece) for piece in _kept_of_png(data, with_credentials))
    if data.startswith(JPEG):
        return JPEG + b"".join(_kept_of_jpeg(data, with_credentials))
    return _webp_of(list(_kept_of_webp(data, with_credentials)))


def is_whole(data: bytes) -> bool:
    """Whether the file of a picture goes on to its end, by its structure; nothing is decoded."""
    if data.startswith(PNG):
        return any(kind == b"IEND" for kind, _ in _png_pieces(data))
    if data.startswith(JPEG):
        return any(marker == _END for marker, _ in _jpeg_pieces(data))
    return len(data) >= 8 and len(data) >= struct.unpack("<I", data[4:8])[0] + 8


def _png_pieces(data: bytes) -> Iterator[Piece]:
    """The chunks up to IEND; one that the file cuts off ends it."""
    at = len(PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        # A chunk's last four bytes are its checksum; the last chunk is nothing else.
        if len(data) < at + 12 + length:
            break
        yield kind, body + data[at + 8 + length : at + 12 + length]
        if kind == b"IEND":
            return
        at += 12 + length


def _kept_of_png(data: bytes, with_credentials: bool) -> Iterator[Piece]:
    for kind, body in _png_pieces(data):
        if kind in _PNG_LOOKS or (with_credentials and kind == b"caBX"):
            yield kind, body
        turned = _turn(body[:-4]) if kind == b"eXIf" else None
        if turned:
            yield b"eXIf", turned + struct.pack(">I", zlib.crc32(b"eXIf" + turned))


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) - 4) + kind + body


def _jpeg_pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker with its segment, a scan's pixels included; a file that is cut off ends without the last marker."""
    at = len(JPEG)
    while at + 2 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            yield marker, data[at : at + 2]
            return
        if at + 4 > len(data):
            return
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker == _START_OF_SCAN:
            following = _AFTER_SCAN.search(data, end)
            end = following.start() if following else len(data)
        yield marker, data[at:end]
        at = end


def _kept_of_jpeg(data: bytes, with_credentials: bool) -> Iterator[bytes]:
    for marker, segment in _jpeg_pieces(data):
        body = segment[4:]
        if marker in _JPEG_PIXELS:
            yield segment
        elif marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 14:
            # Without the small picture that may follow: it can show what was cut away from the large one.
            yield b"\xff\xe0\x00\x10" + body[:12] + b"\0\0"
        elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            # How colours are coded, without what may follow.
            yield b"\xff\xee\x00\x0e" + body[:12]
        elif (marker == 0xE2 and body.startswith(b"ICC_PROFILE\0")) or (marker == 0xEB and with_credentials):
            yield segment
        elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
            turned = _turn(body[6:])
            if turned:
                yield b"\xff\xe1" + struct.pack(">H", len(turned) + 8) + b"Exif\0\0" + turned


def _kept_of_webp(data: bytes, with_credentials: bool) -> Iterator[Piece]:
    at, end = 12, min(len(data), 8 + struct.unpack("<I", data[4:8])[0]) if len(data) >= 12 else 0
    while at + 8 <= end:
        kind, length = struct.unpack("<4sI", data[at : at + 8])
        body = data[at + 8 : min(at + 8 + length, end)]
        turned = _turn(body.removeprefix(b"Exif\0\0")) if kind == b"EXIF" else None
        if turned:
            yield kind, turned
        elif kind in _WEBP_LOOKS or kind == b"VP8X" or (with_credentials and kind == b"C2PA"):
            yield kind, body
        at += 8 + length + length % 2


def _webp_of(pieces: list[Piece]) -> bytes:
    """The file again, its header saying what is still there."""
    kinds = {kind for kind, _ in pieces}
    chunks = []
    for kind, body in pieces:
        if kind == b"VP8X" and body:
            flags = body[0] & ~_HAS_XMP & (0xFF if b"EXIF" in kinds else ~_HAS_EXIF)
            body = bytes([flags & 0xFF]) + body[1:]
        chunks.append(struct.pack("<4sI", kind, len(body)) + body + b"\0" * (len(body) % 2))
    inside = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def _turn(exif: bytes) -> bytes | None:
    """EXIF that says nothing but how the camera was held, None when it was held upright or does not say."""
    found = PillowImage.Exif()
    try:
        found.load(exif)
        turn = found.get(_ORIENTATION)
    except Exception:  # noqa: BLE001 - written by anybody; what cannot be read is left away like the rest
        return None
    if turn not in range(2, 9):
        return None
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, turn, 0, 0)
