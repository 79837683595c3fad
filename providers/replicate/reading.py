"""Read Replicate's JSON, in which any field may be missing or odd; show or keep its words without secrets or bytes."""

import re
from collections.abc import Callable
from typing import Any

from providers.base import Key

Redact = Callable[[str], str]

LONGEST_SHOWN = 300
LONGEST_KEPT = 8000
DEEPEST_KEPT = 24
# Replicate's tokens begin with r8_: https://replicate.com/docs/topics/security/api-tokens
_ANY_TOKEN = re.compile(r"\br8_[0-9A-Za-z]{20,}")
_DATA_URI = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,([0-9A-Za-z+/=_-]*)")


def redactor(key: Key) -> Redact:
    """A function that takes every token out of a text: the one in use, and whatever else looks like one."""
    secret = key.secret.strip() or key.secret

    def redact(words: str) -> str:
        words = key.redact(words)
        return _ANY_TOKEN.sub("[key]", words.replace(secret, "[key]") if secret else words)

    return redact


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, without anything else that stands in it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The texts of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """A whole number, also one that JSON writes as 4.0."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def shown(words: str, redact: Redact, longest: int = LONGEST_SHOWN) -> str:
    """The vendor's words for a sentence: one line, no secret, cut to `longest` characters after redaction."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in redact(words)).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def quotation(words: str) -> str:
    """A sentence that quotes the vendor's words, already `shown`; empty without any."""
    ending = "" if words.endswith((".", "!", "?", "…")) else "."
    return f"Replicate says: “{words}”{ending}" if words else ""


def kept(value: Any, redact: Redact, depth: int = 0) -> Any:
    """The vendor's answer for storage: redacted, and a picture inside a data URI replaced by its number of bytes."""
    if depth > DEEPEST_KEPT:
        return "[…]"
    if isinstance(value, dict):
        return {_kept_text(name, redact): kept(item, redact, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [kept(item, redact, depth + 1) for item in value]
    return _kept_text(value, redact) if isinstance(value, str) else value


def _kept_text(words: str, redact: Redact) -> str:
    words = _DATA_URI.sub(lambda found: f"[{len(found[1].rstrip('=')) * 3 // 4} bytes]", words)
    # PostgreSQL stores no NUL in text or JSON.
    words = redact(words).replace("\x00", "")
    return words if len(words) <= LONGEST_KEPT else f"{words[:LONGEST_KEPT]}[… {len(words) - LONGEST_KEPT} more]"
