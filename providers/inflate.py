"""Unpack an answer piece by piece, so that whoever reads may stop: a few bytes can stand for gigabytes."""

import zlib
from collections.abc import Iterable, Iterator

import httpx

PIECE = 64 * 1024
# Either head, gzip's or zlib's, is recognised by zlib itself.
_WINDOW_OF_BOTH = zlib.MAX_WBITS | 32
_PACKED = ("gzip", "x-gzip", "deflate")


def inflated(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The bytes of a body that came with this Content-Encoding, in pieces of at most 64 KB once they are unpacked.

    Raises `httpx.DecodingError` for anything but one layer of gzip or deflate (the hub asks for none), and for a body
    that is broken or cut off.
    """
    layers = [
        layer for layer in (part.strip().lower() for part in encoding.split(",")) if layer not in ("", "identity")
    ]
    if not layers:
        yield from pieces
    elif len(layers) == 1 and layers[0] in _PACKED:
        try:
            yield from _unpacked(pieces)
        except zlib.error as error:
            raise httpx.DecodingError("The body is not packed as its head says.") from error
    else:
        raise httpx.DecodingError("The body is packed in a way that the hub does not take.")


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker, is_empty = zlib.decompressobj(_WINDOW_OF_BOTH), True
    for packed in pieces:
        is_empty = is_empty and not packed
        while packed and not unpacker.eof:
            yield unpacker.decompress(packed, PIECE)
            packed = unpacker.unconsumed_tail
    while piece := b"" if unpacker.eof else unpacker.decompress(b"", PIECE):
        yield piece
    if not unpacker.eof and not is_empty:
        raise httpx.DecodingError("The body ends before its end.")
