"""Read Google's JSON, in which any field may be missing or odd; show or keep its words without secrets or bytes."""

import re
from collections.abc import Callable
from typing import Any

from providers.base import Key

Redact = Callable[[str], str]

LARGEST_COUNT = 2**31 - 1
LONGEST_SHOWN = 300
LONGEST_KEPT = 8000
DEEPEST_KEPT = 24
PICTURE_FIELDS = ("data", "bytesBase64Encoded")
# Keys of Google's two kinds, keys inside addresses, private keys, access tokens, signed assertions:
# https://ai.google.dev/gemini-api/docs/api-key and https://developers.google.com/identity/protocols/oauth2
_ANY_KEY = re.compile(
    r"AIza[0-9A-Za-z_-]{35}|\bAQ\.[0-9A-Za-z._-]{12,}|(?<=[?&]key=)[^&\s\"'<>]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*|\bya29\.[0-9A-Za-z._-]+|\beyJ[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]+){1,2}"
)


def redactor(key: Key, *tokens: str) -> Redact:
    """A function that takes every key out of a text: the one in use, `tokens`, and whatever else looks like one."""
    secrets = [secret for secret in (key.secret.strip() or key.secret, *tokens) if secret]

    def redact(words: str) -> str:
        words = key.redact(words)
        for secret in secrets:
            words = words.replace(secret, "[key]")
        return _ANY_KEY.sub("[key]", words)

    return redact


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, without anything else that stands in it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def count(value: Any) -> int | None:
    """A count as proto3 JSON may write it, number or digits; None when it is no int32 that is zero or more."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        return None
    return value


def shown(words: str, redact: Redact, longest: int = LONGEST_SHOWN) -> str:
    """The vendor's words for a sentence: one line, no secret, cut to `longest` characters after redaction."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in redact(words)).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def quotation(words: str, who: str = "Google says") -> str:
    """A sentence that quotes the vendor's words, already `shown`; empty without any."""
    ending = "" if words.endswith((".", "!", "?", "…")) else "."
    return f"{who}: “{words}”{ending}" if words else ""


def kept(value: Any, redact: Redact, depth: int = 0) -> Any:
    """The vendor's answer for storage: redacted, picture bytes replaced by their number, no thought signatures."""
    if depth > DEEPEST_KEPT:
        return "[…]"
    if isinstance(value, dict):
        fields = ((name, item) for name, item in value.items() if name != "thoughtSignature")
        return {
            _kept_text(name, redact): _byte_count(item) if name in PICTURE_FIELDS and isinstance(item, str)
            else kept(item, redact, depth + 1)
            for name, item in fields
        }  # fmt: skip
    if isinstance(value, list):
        return [kept(item, redact, depth + 1) for item in value]
    return _kept_text(value, redact) if isinstance(value, str) else value


def _kept_text(words: str, redact: Redact) -> str:
    # PostgreSQL stores no NUL in text or JSON.
    words = redact(words).replace("\x00", "")
    return words if len(words) <= LONGEST_KEPT else f"{words[:LONGEST_KEPT]}[… {len(words) - LONGEST_KEPT} more]"


def _byte_count(encoded: str) -> str:
    return f"[{len(encoded.rstrip('=')) * 3 // 4} bytes]"
