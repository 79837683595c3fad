"""Read Stability's JSON, in which any field may be missing or odd; show or keep its words without secrets or bytes."""

from collections.abc import Callable
from typing import Any

from providers.base import Key

Redact = Callable[[str], str]

LONGEST_SHOWN = 300
LONGEST_KEPT = 4000
DEEPEST_KEPT = 12
PICTURE_FIELDS = ("image", "result")


def redactor(key: Key) -> Redact:
    """A function that takes the key out of a text, also where it is written without the white space around it."""
    secret = key.secret.strip()

    def redact(words: str) -> str:
        words = key.redact(words)
        return words.replace(secret, "[key]") if secret else words

    return redact


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def shown(words: str, redact: Redact, longest: int = LONGEST_SHOWN) -> str:
    """The vendor's words for a sentence: one line, no secret, cut to `longest` characters after redaction."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in redact(words)).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def quotation(words: str) -> str:
    """A sentence that quotes the vendor's words, already `shown`; empty without any."""
    ending = "" if words.endswith((".", "!", "?", "…")) else "."
    return f"Stability says: “{words}”{ending}" if words else ""


def kept(value: Any, redact: Redact, depth: int = 0) -> Any:
    """The vendor's answer for storage: redacted, its picture replaced by the number of its bytes."""
    if depth > DEEPEST_KEPT:
        return "[…]"
    if isinstance(value, dict):
        return {
            _kept_text(name, redact): f"[{len(item.rstrip('=')) * 3 // 4} bytes]"
            if name in PICTURE_FIELDS and isinstance(item, str)
            else kept(item, redact, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [kept(item, redact, depth + 1) for item in value]
    return _kept_text(value, redact) if isinstance(value, str) else value


def _kept_text(words: str, redact: Redact) -> str:
    # PostgreSQL stores no NUL in text or JSON.
    return redact(words).replace("\x00", "")[:LONGEST_KEPT]
