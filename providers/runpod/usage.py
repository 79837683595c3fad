"""What a call can be charged for at most, and what it was charged. Pure.

Public endpoints report their cost. Their pages promise a price a picture for most models while the costs in the pages'
own examples follow the megapixels (Qwen Image at 1328×1328: $0.035267 where $0.02 a picture is promised), so that the
bound of those is the greater of both. A person's own endpoint is charged by the second that its workers are up, which
no answer tells: the owner's price for a picture stands for it.

https://docs.runpod.io/public-endpoints/models/… and https://docs.runpod.io/serverless/pricing
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry, Quantities, ReportedCost, expected_size
from providers.reading import text
from providers.runpod.reading import whole

MEGAPIXEL = 1_000_000
USUAL_SIZE = (1024, 1024)
FINEST = Decimal("0.000000000001")
LARGEST_COST = Decimal(1000)


def is_public(model: ModelEntry) -> bool:
    """Whether RunPod runs the model for everybody, and charges what its answer says."""
    return model.capabilities.facts.get("public") is True


def size_of(request: CloudGenerationRequest, model: ModelEntry) -> tuple[int, int] | None:
    """The pixels that are asked for: the wish's, else the model's usual ones, None when it has none."""
    able = model.capabilities
    if request.resolution not in (None, able.default_resolution) and not request.aspect_ratio:
        # Without a ratio the endpoint would draw its usual size, whatever the resolution.
        return next(iter(able.sizes.get(request.resolution or "", {}).values()), None)
    return expected_size(request, model) or (able.free_size.default if able.free_size else None)


def most_units(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, int]:
    """An upper bound, by unit, of what one call is charged for."""
    facts = model.capabilities.facts
    count = request.num_images
    units = {"image": count}
    if facts.get("priced_by") == "pixels":
        width, height = size_of(request, model) or USUAL_SIZE
        most = max(width * height, whole(facts.get("least_pixels")) or 0)
        units["pixel"] = count * most
    elif facts.get("priced_by") == "resolution":
        units[f"image:{request.resolution or model.capabilities.default_resolution}"] = count
    return units


def delivered_units(units: Quantities, *, pictures: int) -> dict[str, int]:
    """What is charged for `pictures` when the answer does not say."""
    return {**units, "image": pictures}


def reported_cost(usage: Mapping[str, Any]) -> ReportedCost | None:
    """The cost in an answer's usage, None when there is none that could be booked."""
    written = text(usage.get("cost"))
    return ReportedCost(written, "USD") if written else None


def is_free(output: Mapping[str, Any], *, public: bool) -> bool:
    """Whether an output without a picture costs nothing: a public endpoint's, unless it names a cost."""
    return public and not cost_text(output.get("cost")).strip("0.")


def cost_text(value: Any) -> str:
    """A cost as plain decimal text of at most twelve places, rounded; empty when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    cost = Decimal(value)
    if not cost.is_finite() or not 0 <= cost <= LARGEST_COST:
        return ""
    return f"{cost.quantize(FINEST, rounding=ROUND_HALF_UP).normalize():f}"
