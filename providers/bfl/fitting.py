"""What BFL wants of a wish beyond the common checks: refused by name, or fitted with a note. Pure."""

import math
from dataclasses import replace

from providers.base import CloudGenerationRequest, InputImage, ModelEntry
from providers.bfl.models import Endpoint

LEAST_GUIDANCE, MOST_GUIDANCE = 1.5, 10
USUAL_RATIO = "1:1"


def problems(request: CloudGenerationRequest) -> dict[str, str]:
    """A sentence for each field that BFL would refuse."""
    if request.guidance_scale is not None and not LEAST_GUIDANCE <= request.guidance_scale <= MOST_GUIDANCE:
        return {"guidance_scale": f"Must be a number from {LEAST_GUIDANCE} to {MOST_GUIDANCE}."}
    return {}


def fitted(
    request: CloudGenerationRequest, model: ModelEntry, endpoint: Endpoint, *, asked_resolution: str | None
) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish with a definite size, so that its price is known; a FLUX.2 edit may keep its first picture's.

    FLUX 3 is priced by the class of its size alone and chooses its shape itself where none is asked.
    """
    if endpoint.family == "flux-3" or request.aspect_ratio or request.width:
        return request, []
    if not request.input_images:
        return replace(request, aspect_ratio=USUAL_RATIO), []
    if asked_resolution is None:
        return replace(request, resolution=None), []
    ratio = _nearest_ratio(request.input_images[0], model, asked_resolution)
    note = f"The first picture's shape is nearest to {ratio}: that is drawn at {asked_resolution}."
    return replace(request, aspect_ratio=ratio), [note]


def _nearest_ratio(picture: InputImage, model: ModelEntry, resolution: str) -> str:
    def distance(ratio: str) -> float:
        across, down = ratio.split(":")
        return abs(math.log(picture.width * int(down) / (picture.height * int(across))))

    return min(model.capabilities.sizes[resolution], key=distance)
