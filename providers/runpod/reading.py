"""What only RunPod's JSON needs: whole numbers with a fraction of nought, and keys of its form in any text."""

import re
from decimal import Decimal
from typing import Any

from providers import reading
from providers.base import Key
from providers.reading import Redact

# RunPod's keys begin with rpa_.
_ANY_KEY = re.compile(r"\brpa_[0-9A-Za-z]{20,}")


def redactor(key: Key) -> Redact:
    """Takes every key out of a text: the one in use, and whatever else looks like one."""
    return reading.redactor(key, like=_ANY_KEY)


def decoded(body: bytes) -> Any:
    """A JSON body with its fractions as exact decimals; None when it is no JSON."""
    try:
        return reading.decoded(body)
    except ValueError:
        return None


def items(value: Any) -> list[Any]:
    """Everything in a list: an endpoint's own program decides what that is."""
    return list(value) if isinstance(value, list | tuple) else []


def whole(value: Any) -> int | None:
    """A whole number, also one that JSON writes as 4.0."""
    if isinstance(value, Decimal) and value == int(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
