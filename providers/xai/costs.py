"""What a call can cost at most, and what xAI says that it did cost. Pure.

Every answer names its exact cost as `usage.cost_in_usd_ticks`, also the refusal of a picture that was drawn:
https://docs.x.ai/developers/cost-tracking. 10,000,000,000 ticks are one dollar, 10,000 are one micro-dollar.
"""

from collections.abc import Mapping
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry, ReportedCost
from providers.reading import mapping, whole

TICKS = "cost_in_usd_ticks"
TICKS_OF_A_MICRO = 10_000
MICRO = 1_000_000
INPUT = "input_image"


def reported_ticks(answer: Any) -> int | None:
    """The cost that an answer or an error names, in ticks; None when it names none that can be read."""
    ticks = whole(mapping(mapping(answer).get("usage")).get(TICKS))
    return ticks if ticks is not None and ticks >= 0 else None


def cost_of_ticks(ticks: int) -> ReportedCost:
    """Dollars with six places; what is less than a micro-dollar counts as one."""
    micro = -(-ticks // TICKS_OF_A_MICRO)
    return ReportedCost(amount=f"{micro // MICRO}.{micro % MICRO:06d}", currency="USD")


def picture_unit(request: CloudGenerationRequest, model: ModelEntry) -> str:
    """The unit under which the price list has a picture: by quality and resolution where the model has qualities.

    A quality that is left open counts as the last, which is the dearest.
    """
    able = model.capabilities
    if not able.qualities:
        return "image"
    quality = request.quality or able.qualities[-1]
    return f"image:{quality}:{request.resolution or able.default_resolution}"


def most_units(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, int]:
    """The upper bound of one call. No page says whether several outputs cost their inputs once: each time is held."""
    units = {"image": request.num_images, picture_unit(request, model): request.num_images}
    if request.input_images:
        units[INPUT] = request.num_images * len(request.input_images)
    return units


def billed(figures: Mapping[str, Any], most: Mapping[str, int]) -> ReportedCost | Mapping[str, int]:
    """What xAI says that the call cost; without its word the most that it can have cost."""
    ticks = reported_ticks({"usage": figures})
    return dict(most) if ticks is None else cost_of_ticks(ticks)
