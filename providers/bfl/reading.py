"""BFL's figures: credits and megapixels, exact."""

from decimal import Decimal
from typing import Any

MOST_CREDITS = 1_000_000


def figure(value: Any) -> Decimal | None:
    """A credit or megapixel figure, None when it is no number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = Decimal(value)
    return found if found.is_finite() and 0 <= found <= MOST_CREDITS else None
