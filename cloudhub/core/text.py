"""Which texts can be stored at all, and which documents can be walked over."""

from collections.abc import Iterable
from typing import Any


def is_storable(text: str) -> bool:
    """No NUL, which PostgreSQL does not store, and no half of a surrogate pair, which UTF-8 cannot write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def is_nested_beyond(document: Any, most: int) -> bool:
    """Whether lists and objects of a JSON document lie in one another more than `most` deep."""
    level = [document]
    for _ in range(most):
        level = [item for part in level if isinstance(part, dict | list) for item in _items(part)]
    return any(isinstance(part, dict | list) for part in level)


def _items(part: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return part.values() if isinstance(part, dict) else part
