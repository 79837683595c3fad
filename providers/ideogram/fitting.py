"""What Ideogram wants of a wish beyond the common checks: refused by name, or fitted with a note. Pure."""

from dataclasses import replace

from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, ModelEntry
from providers.ideogram.masks import to_mask
from providers.ideogram.services import Service

LONGEST_NEGATIVE_PROMPT = 10_000
# https://developer.ideogram.ai/api-reference/images/precise-edit/ideogram-4-5
WIDEST_SHAPE = 6
MOST_BESIDE_A_MASK = 4
# Larger ones are made smaller by Ideogram, as far as its tool for precise edits says, to two thousand pixels square.
EDITED_PIXELS = 2048 * 2048
USUAL_RATIO = "1:1"


def problems(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, str]:
    """A sentence for each field that Ideogram would refuse."""
    found: dict[str, str] = {}
    if len(request.negative_prompt or "") > LONGEST_NEGATIVE_PROMPT:
        found["negative_prompt"] = f"At most {LONGEST_NEGATIVE_PROMPT} characters."
    if "inpaint" not in model.capabilities.modes or not request.input_images:
        return found
    first = request.input_images[0]
    if max(first.width, first.height) > WIDEST_SHAPE * min(first.width, first.height):
        found["input_images[0]"] = f"{model.name} takes shapes from 1:{WIDEST_SHAPE} to {WIDEST_SHAPE}:1."
    if request.mask is None:
        return found
    if len(request.input_images) > MOST_BESIDE_A_MASK:
        found["input_images"] = f"{model.name} takes at most {MOST_BESIDE_A_MASK} pictures beside a mask."
    if not _has_both(request.mask, first):
        found["mask"] = "The mask must have both: an area that shall change, and one that stays."
    return found


def fitted(
    request: CloudGenerationRequest, model: ModelEntry, service: Service
) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish with a definite size, so that its price is known, and a note for each thing that differs."""
    if service.size and request.aspect_ratio is None:
        return replace(request, aspect_ratio=USUAL_RATIO), []
    if model.capabilities.prompt != "not_sent" and service.pictures and request.input_images:
        first = request.input_images[0]
        if first.width * first.height > EDITED_PIXELS:
            return request, [f"{model.name} makes a picture of more than {EDITED_PIXELS:,} pixels smaller."]
    return request, []


def _has_both(mask: InputImage, picture: InputImage) -> bool:
    """Whether a mask, as it will be sent, marks something and leaves something."""
    try:
        levels = to_mask(mask, picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        # Not ours to judge: the hub has read it before, and Ideogram will say what it sees.
        return True
    return levels.getextrema() == (0, 255)
