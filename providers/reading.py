"""Read vendors' JSON, in which any field may be missing or odd; show or keep their words without secrets or bytes."""

import json
import re
from collections.abc import Callable, Container
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from providers.credentials import Key

Redact = Callable[[str], str]

LONGEST_SHOWN = 300
LONGEST_KEPT = 8000
DEEPEST_KEPT = 24
LONGEST_WAIT_SECONDS = 120.0
SHORTEST_WAIT_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 365 * 86_400.0
LONGEST_DATE = 100
# What follows the question mark of a signed address opens the file behind it for as long as it lives.
# None reaches over the start of the next, so that a text of nothing but starts is read once.
_SIGNED = re.compile(r"(https?://(?:(?!https?://)[^\s\"'<>?])+)\?[^\s\"'<>]+")
_DATA_URI = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,([0-9A-Za-z+/=_-]*)")
_BASE64 = re.compile(r"[0-9A-Za-z+/_-]+={0,2}")
LEAST_PICTURE = 1000


def redactor(key: Key, *others: str, like: re.Pattern[str] | None = None, signed: bool = True) -> Redact:
    """A function that takes the key, `others` (such as a token) and the signatures of addresses out of a text.

    What looks `like` one of the vendor's keys goes too: an answer may quote another than the one in use. Where none is
    `signed`, addresses stay whole, for people to follow.
    """
    hidden = {value for secret in (*key.secrets, *others) for value in (secret, secret.strip()) if value.strip()}

    def redact(words: str) -> str:
        for value in sorted(hidden, key=len, reverse=True):
            words = words.replace(value, "[key]")
        words = like.sub("[key]", words) if like else words
        return _SIGNED.sub(r"\1?[…]", words) if signed else words

    return redact


def decoded(body: bytes) -> Any:
    """A JSON body with its fractions as exact decimals: costs are not floats. Raises ValueError."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ArithmeticError, RecursionError) as error:
        raise ValueError("The body is no usable JSON.") from error


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, without anything else that stands in it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The texts of a list, without anything else that stands in it."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def whole(value: Any) -> int | None:
    """A whole number that a database can store, else None; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        return None
    return value


def shown(words: str, redact: Redact, longest: int = LONGEST_SHOWN) -> str:
    """The vendor's words for a sentence: one line, no secret, cut to `longest` characters after redaction."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in redact(words)).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def quotation(words: str, who: str, verb: str = "says") -> str:
    """A sentence that quotes the vendor's words, already `shown`; empty without any."""
    ending = "" if words.endswith((".", "!", "?", "…")) else "."
    return f"{who} {verb}: “{words}”{ending}" if words else ""


def kept(value: Any, redact: Redact, depth: int = 0, *, pictures: Container[str] = ()) -> Any:
    """The vendor's answer for storage: redacted and cut, exact fractions as text, without NUL, which PostgreSQL does
    not store. Of a picture its number of bytes is kept: in the fields named `pictures`, in data URIs, in long base64.
    """
    if depth > DEEPEST_KEPT:
        return "[…]"
    if isinstance(value, dict):
        return {
            kept_text(str(name), redact): _byte_count(item)
            if name in pictures and isinstance(item, str)
            else kept(item, redact, depth + 1, pictures=pictures)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [kept(item, redact, depth + 1, pictures=pictures) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    return kept_text(value, redact) if isinstance(value, str) else value


def kept_text(words: str, redact: Redact) -> str:
    if len(words) >= LEAST_PICTURE and _BASE64.fullmatch(words):
        return _byte_count(words)
    words = _DATA_URI.sub(lambda found: _byte_count(found[1]), words)
    words = redact(words).replace("\x00", "")
    return words if len(words) <= LONGEST_KEPT else f"{words[:LONGEST_KEPT]}[… {len(words) - LONGEST_KEPT} more]"


def _byte_count(encoded: str) -> str:
    return f"[{len(encoded.rstrip('=')) * 3 // 4} bytes]"


def seconds_to_wait(header: str | None, usual: float) -> float:
    """Seconds between two questions by a Retry-After header, within reason; `usual` when it cannot be read."""
    return min(pause_of(header, usual), LONGEST_WAIT_SECONDS)


def pause_of(header: str | None, usual: float) -> float:
    """Seconds before a new call by a Retry-After header, a number or an HTTP date; `usual` when it cannot be read."""
    seconds = retry_after(header)
    return usual if seconds is None else max(seconds, SHORTEST_WAIT_SECONDS)


def retry_after(header: str | None) -> float | None:
    """Seconds by a Retry-After header, at most those of a year and negative for a date that is past; None when it is
    neither a number nor an HTTP date."""
    words = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", words):
        return min(float(words), LONGEST_PAUSE_SECONDS)
    try:
        until = parsedate_to_datetime(words[:LONGEST_DATE])
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min((until - datetime.now(UTC)).total_seconds(), LONGEST_PAUSE_SECONDS)
    except (ValueError, OverflowError):
        return None
