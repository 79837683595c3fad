"""What only Google's JSON needs: counts as proto3 writes them, keys of its forms, no thought signatures."""

import re
from typing import Any

from providers import reading
from providers.base import Key
from providers.reading import Redact

LARGEST_COUNT = 2**31 - 1
PICTURE_FIELDS = ("data", "bytesBase64Encoded")
# Keys of Google's two kinds, keys inside addresses, private keys, access tokens, signed assertions:
# https://ai.google.dev/gemini-api/docs/api-key and https://developers.google.com/identity/protocols/oauth2
_ANY_KEY = re.compile(
    r"AIza[0-9A-Za-z_-]{35}|\bAQ\.[0-9A-Za-z._-]{12,}|(?<=[?&]key=)[^&\s\"'<>]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*|\bya29\.[0-9A-Za-z._-]+|\beyJ[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]+){1,2}"
)


def redactor(key: Key, *tokens: str) -> Redact:
    """Takes every key out of a text: the one in use, `tokens`, and whatever else looks like one."""
    return reading.redactor(key, *tokens, like=_ANY_KEY, signed=False)


def count(value: Any) -> int | None:
    """A count as proto3 JSON may write it, number or digits; None when it is no int32 that is zero or more."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        return None
    return value


def kept(value: Any, redact: Redact) -> Any:
    """The answer for storage, as `providers.reading.kept` has it, without thought signatures."""
    return reading.kept(_unsigned(value), redact, pictures=PICTURE_FIELDS)


def _unsigned(value: Any, depth: int = 0) -> Any:
    if depth > reading.DEEPEST_KEPT:
        return value
    if isinstance(value, dict):
        return {name: _unsigned(item, depth + 1) for name, item in value.items() if name != "thoughtSignature"}
    return [_unsigned(item, depth + 1) for item in value] if isinstance(value, list) else value
