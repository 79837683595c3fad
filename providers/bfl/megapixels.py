"""Sizes and their price: what a call can be charged for at most, and the cost that BFL tells. Pure.

https://docs.bfl.ai/quick_start/pricing and the formula of https://github.com/black-forest-labs/skills: first megapixel,
further output megapixels, input megapixels. Begun megapixels count, each of 1024 x 1024 pixels.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry, ReportedCost, expected_size
from providers.bfl.models import Endpoint

MEGAPIXEL = 1024 * 1024
# Larger reference pictures are made smaller by BFL before they count.
MOST_PIXELS = 4 * MEGAPIXEL
GRID = 16
CREDITS_A_DOLLAR = 100


def most_units(request: CloudGenerationRequest, model: ModelEntry, endpoint: Endpoint) -> dict[str, int]:
    """The upper bound of one call by unit, for the normalised `request`."""
    if endpoint.family == "flux-3":
        return {"image": 1, f"picture_{request.resolution or model.capabilities.default_resolution}": 1}
    if endpoint.family == "fill":
        return {"image": 1}
    size = expected_size(request, model)
    if size is None and request.input_images:
        # BFL draws the first picture's size on its grid; whether it rounds up is not said.
        first = request.input_images[0]
        size = (_on_grid(first.width), _on_grid(first.height))
    width, height = size or (2048, 2048)
    return {
        "image": 1,
        "further_megapixel": _begun(width * height) - 1,
        "input_megapixel": sum(_begun(image.width * image.height) for image in request.input_images),
    }


def _on_grid(side: int) -> int:
    return -(-side // GRID) * GRID


def _begun(pixels: int) -> int:
    return -(-min(pixels, MOST_PIXELS) // MEGAPIXEL)


def reported_cost(usage: Mapping[str, Any]) -> ReportedCost | None:
    """BFL's own figure, where there is one: the larger, when submission and result name different ones."""
    credits = [Decimal(usage[name]) for name in ("cost", "quoted_cost") if usage.get(name) is not None]
    if not credits:
        return None
    return ReportedCost(amount=format(max(credits) / CREDITS_A_DOLLAR, "f"), currency="USD")
