"""Ids that sort by the time of their making (UUID version 7, RFC 9562): the primary key is the paging key."""

import secrets
import threading
import time
import uuid
from datetime import datetime

_lock = threading.Lock()
_last = 0


def new_id() -> uuid.UUID:
    """A UUIDv7, strictly greater than every one that this process made before."""
    global _last  # noqa: PLW0603 - the order of ids within one millisecond is process state
    with _lock:
        value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(74)
        value = max(value, _last + 1)
        _last = value
    milliseconds, random = value >> 80, value & (1 << 74) - 1
    bits = milliseconds << 80 | 7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return uuid.UUID(int=bits)


def first_id_at(moment: datetime) -> uuid.UUID:
    """Not after any id that was made from that moment on."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def read_id(text: object) -> uuid.UUID | None:
    """The id in `text`, or None when it is none: an unknown id and a malformed one are both "not found"."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
