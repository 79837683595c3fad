"""How much a call can be charged for, and is: pictures, begun megapixels, or pictures of a resolution or quality. Pure.

fal bills what a model gives (https://fal.ai/pricing and each endpoint's page): some endpoints by the picture, some by
the megapixel, "rounding up to the nearest megapixel". The page does not say how many pixels one has; its "1K (1 MP)" is
1024×1024, which is what is read here, and each picture counts whole ones. Answers carry `x-fal-billable-units`, in
units that nothing explains; it is kept with the picture and not booked.

`facts.priced_by`: "megapixel" (`usual_size` is drawn when nothing is asked, else a picture has its reference's size),
"resolution", "quality" (`usual_quality`), or nothing for a flat price; `facts.priced_options`: what costs extra.
"""

from collections.abc import Mapping
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry, Quantities, expected_size
from providers.reading import items, text, whole

MEGAPIXEL = 1024 * 1024


def most_units(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, int]:
    """An upper bound, by unit, of what one call is charged for."""
    facts, count = model.capabilities.facts, request.num_images
    units = {"image": count}
    kind = facts.get("priced_by")
    if kind == "megapixel":
        units["megapixel"] = count * _megapixels(request, model)
    elif kind == "resolution":
        units[f"picture_{request.resolution or model.capabilities.default_resolution}"] = count
    elif kind == "quality":
        units[f"picture_{request.quality or text(facts.get('usual_quality'))}"] = count
    for extra in items(list(facts.get("priced_options", ()))):
        if request.options.get(text(extra.get("option"))) == extra.get("value"):
            units[text(extra.get("unit"))] = count
    return units


def delivered_units(units: Quantities, *, asked: int, delivered: int) -> dict[str, int]:
    """What is charged once `delivered` of the `asked` pictures have come: every unit is so much a picture."""
    return {name: count // max(asked, 1) * delivered for name, count in units.items()}


def _megapixels(request: CloudGenerationRequest, model: ModelEntry) -> int:
    size = expected_size(request, model) or _size(model.capabilities.facts.get("usual_size"))
    if size is None and request.input_images:
        size = (request.input_images[0].width, request.input_images[0].height)
    width, height = size or (2048, 2048)
    return max(1, -(-width * height // MEGAPIXEL))


def _size(value: Any) -> tuple[int, int] | None:
    sides = [whole(side) for side in value] if isinstance(value, list | tuple) else []
    return (sides[0], sides[1]) if len(sides) == 2 and sides[0] and sides[1] else None


def billable_units(headers: Mapping[str, str]) -> dict[str, str]:
    """fal's own figure beside a result, as text, where it gives one."""
    figure = headers.get("x-fal-billable-units", "")
    return {"billable_units": figure} if figure and len(figure) <= 40 else {}
