"""What only Replicate's JSON needs: any numbers of models' own schemas, and tokens of its form in any text."""

import re
from typing import Any

from providers import reading
from providers.base import Key
from providers.reading import Redact

# Replicate's tokens begin with r8_: https://replicate.com/docs/topics/security/api-tokens
_ANY_TOKEN = re.compile(r"\br8_[0-9A-Za-z]{20,}")


def redactor(key: Key) -> Redact:
    """Takes every token out of a text: the one in use, and whatever else looks like one."""
    return reading.redactor(key, like=_ANY_TOKEN)


def number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """A whole number, also one that JSON writes as 4.0."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None
