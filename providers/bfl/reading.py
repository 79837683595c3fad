"""Read BFL's JSON, in which any field may be missing or odd; show or keep its words without secrets."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from providers.base import Key

Redact = Callable[[str], str]

LONGEST_SHOWN = 300
LONGEST_KEPT = 8000
DEEPEST_KEPT = 12
MOST_CREDITS = 1_000_000


def redactor(key: Key) -> Redact:
    """A function that takes the key out of a text, also where it is written without the white space around it."""
    secret = key.secret.strip()

    def redact(words: str) -> str:
        words = key.redact(words)
        return words.replace(secret, "[key]") if secret else words

    return redact


def decoded(body: bytes) -> Any:
    """A JSON body with its numbers exact: costs are not floats. Raises ValueError."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ArithmeticError, RecursionError) as error:
        raise ValueError("The body is no usable JSON.") from error


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def figure(value: Any) -> Decimal | None:
    """A credit or megapixel figure, None when it is no number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = Decimal(value)
    return found if found.is_finite() and 0 <= found <= MOST_CREDITS else None


def shown(words: str, redact: Redact, longest: int = LONGEST_SHOWN) -> str:
    """The vendor's words for a sentence: one line, no secret, cut to `longest` characters after redaction."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in redact(words)).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def quotation(words: str) -> str:
    """A sentence that quotes the vendor's words, already `shown`; empty without any."""
    ending = "" if words.endswith((".", "!", "?", "…")) else "."
    return f"BFL says: “{words}”{ending}" if words else ""


def kept(value: Any, redact: Redact, depth: int = 0) -> Any:
    """The vendor's answer for storage: redacted, and exact numbers as their text."""
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
    # PostgreSQL stores no NUL in text or JSON.
    return redact(words).replace("\x00", "")[:LONGEST_KEPT]
