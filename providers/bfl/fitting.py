"""What BFL wants of a wish beyond the common checks: refused by name, or fitted with a note. Pure."""

import math
from dataclasses import replace

from providers.base import CloudGenerationRequest, InputImage, ModelEntry
from providers.bfl.models import Endpoint
from providers.masks import has_see_through_parts

LEAST_GUIDANCE = 1.5
USUAL_RATIO = "1:1"


def problems(request: CloudGenerationRequest, endpoint: Endpoint) -> dict[str, str]:
    """A sentence for each field that BFL would refuse."""
    found: dict[str, str] = {}
    most, given = endpoint.most_guidance, request.input_images
    if request.guidance_scale is not None and not LEAST_GUIDANCE <= request.guidance_scale <= most:
        found["guidance_scale"] = f"Must be a number from {LEAST_GUIDANCE} to {most}."
    if endpoint.family == "fill" and request.mask is None and given and not _is_see_through(given[0]):
        found["mask"] = "Add a mask that says what shall change, or a picture that is see-through there."
    return found


def fitted(
    request: CloudGenerationRequest, model: ModelEntry, endpoint: Endpoint, *, asked_resolution: str | None
) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish with a definite size, so that its price is known; a FLUX.2 edit may keep its first picture's.

    FLUX 3 is priced by the class of its size alone and chooses its shape itself where none is asked; a fill keeps its
    picture's.
    """
    if endpoint.family != "flux-2" or request.aspect_ratio or request.width:
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


def _is_see_through(image: InputImage) -> bool:
    try:
        return has_see_through_parts(image)
    except (OSError, SyntaxError, ValueError):
        return False
