"""What a call can be charged for at most, and what it was charged. Pure.

Public endpoints report their cost. Their pages promise a price a picture for most models while the costs in the pages'
own examples follow the megapixels (Qwen Image at 1328×1328: $0.035267 where $0.02 a picture is promised), so that the
bound of those is the greater of both. A person's own endpoint is charged by the second that its workers are up, which
no answer tells: the owner's price for a picture stands for it, for as many pictures as were asked for at most. A field
`cost` in its output is its author's, in whatever unit, and is not believed.

https://docs.runpod.io/public-endpoints/models/… and https://docs.runpod.io/serverless/pricing
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry, Quantities, ReportedCost, expected_size
from providers.reading import mapping, text
from providers.runpod.reading import whole

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


def delivered_units(units: Quantities, *, pictures: int, public: bool) -> dict[str, int]:
    """What is charged for `pictures` when the answer does not say: an own endpoint's extra ones cost nothing."""
    return {**units, "image": pictures if public else min(pictures, units.get("image", pictures))}


def reported_cost(usage: Mapping[str, Any]) -> ReportedCost | None:
    """The cost in an answer's usage, None when there is none that could be booked."""
    written = text(usage.get("cost"))
    return ReportedCost(written, "USD") if written else None


def cost_in(document: Mapping[str, Any], *, public: bool) -> str:
    """The cost that a public endpoint's output names, as text; empty when it names none."""
    return cost_text(mapping(document.get("output")).get("cost")) if public else ""


def charge_without_picture(
    document: Mapping[str, Any], units: Quantities, *, public: bool
) -> Quantities | ReportedCost:  # fmt: skip
    """What a job costs that gave no picture: an own endpoint's its bound, a public one's nothing but a named cost."""
    cost = cost_in(document, public=public)
    return (ReportedCost(cost, "USD") if cost.strip("0.") else {}) if public else units


def cost_text(value: Any) -> str:
    """A cost as plain decimal text of at most twelve places, rounded; empty when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    cost = Decimal(value)
    if not cost.is_finite() or not 0 <= cost <= LARGEST_COST:
        return ""
    return f"{cost.quantize(FINEST, rounding=ROUND_HALF_UP).normalize():f}"
