"""What a call can be charged for at most, and what it was charged: Together's answers name no cost. Pure.

By the megapixel: width x height / 1,000,000 x price, times steps / usual steps above the usual steps; fewer do not cost
less. Exact in whole numbers as pixels x steps. What is billed "by image, estimated" has no unit but the picture.
https://docs.together.ai/docs/serverless/overview#how-image-models-bill
"""

from collections.abc import Sequence

from providers.base import CloudGenerationRequest, ModelEntry, Picture, expected_size
from providers.reading import whole

USUAL_SIZE = (1024, 1024)


def most_units(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, int]:
    """An upper bound, by unit, of what one call is charged for."""
    return _units(request, model, request.num_images, request.num_images * _most_pixels(request, model))


def delivered_units(
    request: CloudGenerationRequest, model: ModelEntry, readable: Sequence[Picture], count: int
) -> dict[str, int]:
    """What is charged for `count` pictures that came, of which the `readable` ones have a size.

    The pixels are those that were asked for; where a ratio decided the size, those that came.
    """
    most = _most_pixels(request, model)
    if model.capabilities.facts.get("size_by") != "aspect_ratio":
        return _units(request, model, count, count * most)
    seen = sum(picture.width * picture.height for picture in readable)
    return _units(request, model, count, seen + (count - len(readable)) * most)


def _units(request: CloudGenerationRequest, model: ModelEntry, count: int, pixels: int) -> dict[str, int]:
    facts = model.capabilities.facts
    usual = whole(facts.get("usual_steps")) or 0
    if facts.get("priced_by") != "pixel":
        return {"image": count}
    if not usual:
        return {"image": count, "pixel": pixels}
    return {"image": count, "pixel_step": pixels * max(usual, whole(request.options.get("steps")) or 0)}


def _most_pixels(request: CloudGenerationRequest, model: ModelEntry) -> int:
    facts = model.capabilities.facts
    bound = whole(facts.get("most_pixels")) if facts.get("size_by") == "aspect_ratio" else None
    width, height = expected_size(request, model) or USUAL_SIZE
    return max(bound or 0, width * height)
