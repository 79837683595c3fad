"""Read RunPod's JSON, in which any field may be missing or odd; show or keep its words without secrets or bytes."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from providers.base import Key

Redact = Callable[[str], str]

LONGEST_SHOWN = 300
LONGEST_KEPT = 8000
LEAST_PICTURE = 1000
DEEPEST_KEPT = 24
# RunPod's keys begin with rpa_; signed addresses of a bucket carry their own secrets.
_ANY_KEY = re.compile(r"\brpa_[0-9A-Za-z]{20,}|(?<=[?&]X-Amz-Signature=)[0-9a-f]+|(?<=[?&]Signature=)[^&\s\"']+")
_BASE64 = re.compile(r"(?:data:[\w.+/;=-]*base64,)?[0-9A-Za-z+/_-]+={0,2}")


def redactor(key: Key) -> Redact:
    """A function that takes every key out of a text: the one in use, and whatever else looks like one."""
    secret = key.secret.strip() or key.secret

    def redact(words: str) -> str:
        words = key.redact(words)
        return _ANY_KEY.sub("[key]", words.replace(secret, "[key]") if secret else words)

    return redact


def decoded(body: bytes) -> Any:
    """A JSON body with its fractions as exact decimals, as costs need them; None when it is no JSON."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def whole(value: Any) -> int | None:
    if isinstance(value, Decimal) and value == int(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def shown(words: str, redact: Redact, longest: int = LONGEST_SHOWN) -> str:
    """The vendor's words for a sentence: one line, no secret, cut to `longest` characters after redaction."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in redact(words)).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def quotation(words: str) -> str:
    """A sentence that quotes the vendor's words, already `shown`; empty without any."""
    ending = "" if words.endswith((".", "!", "?", "…")) else "."
    return f"RunPod says: “{words}”{ending}" if words else ""


def kept(value: Any, redact: Redact, depth: int = 0) -> Any:
    """The vendor's answer for storage: redacted, fractions as text, pictures replaced by their number of bytes."""
    if depth > DEEPEST_KEPT:
        return "[…]"
    if isinstance(value, dict):
        return {_kept_text(name, redact): kept(item, redact, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [kept(item, redact, depth + 1) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    return _kept_text(value, redact) if isinstance(value, str) else value


def _kept_text(words: str, redact: Redact) -> str:
    if len(words) >= LEAST_PICTURE and _BASE64.fullmatch(words):
        encoded = words.rpartition(",")[2]
        return f"[{len(encoded.rstrip('=')) * 3 // 4} bytes]"
    # PostgreSQL stores no NUL in text or JSON.
    words = redact(words).replace("\x00", "")
    return words if len(words) <= LONGEST_KEPT else f"{words[:LONGEST_KEPT]}[… {len(words) - LONGEST_KEPT} more]"
