"""How much a call can be charged for, and is: pictures, or for FLUX.2 a run and whole megapixels.

https://replicate.com/pricing; for FLUX.2 https://replicate.com/blog/run-flux-2-on-replicate: one price for the run and
one for each megapixel of all pictures that go in and come out. The page does not say how parts count; a megapixel is
read as 1024×1024 pixels, every picture counts whole ones, and the picture that comes out counts as it was asked for.
"""

import math
import re

from providers.base import CloudGenerationRequest, ModelEntry, Quantities

MEGAPIXEL = 1024 * 1024


def most_units(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, int]:
    """An upper bound, by unit, of what one call is charged for."""
    units = {"image": request.num_images}
    if model.capabilities.facts.get("priced_by") == "megapixels":
        inputs = sum(_whole_megapixels(image.width, image.height) for image in request.input_images)
        units |= {"run": 1, "megapixel": _output_megapixels(request, model) + inputs}
    return units


def delivered_units(units: Quantities, *, pictures: int, official: bool) -> dict[str, int]:
    """What is charged once `pictures` have come.

    A model that is not official is charged by its seconds, for which the owner's price of a picture stands: pictures
    beyond those that were asked for cost nothing.
    """
    return {**units, "image": pictures if official else min(pictures, units.get("image", pictures))}


def _output_megapixels(request: CloudGenerationRequest, model: ModelEntry) -> int:
    if request.width and request.height:
        return _whole_megapixels(request.width, request.height)
    named = re.match(r"[0-9.]+", request.resolution or model.capabilities.default_resolution)
    return max(1, math.ceil(float(named[0]))) if named else 1


def _whole_megapixels(width: int, height: int) -> int:
    return max(1, math.ceil(width * height / MEGAPIXEL))
