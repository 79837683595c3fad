"""What Stability wants of a wish beyond the common checks: refused by name, or fitted with a note. Pure."""

from dataclasses import replace
from typing import Any

from providers.base import CloudGenerationRequest, InputImage, ModelEntry
from providers.masks import has_see_through_parts
from providers.stability.services import Service

LONGEST_NEGATIVE_PROMPT = 10_000
LEAST_GUIDANCE, MOST_GUIDANCE = 1, 10
# Half way between the picture as it is (0) and a picture that ignores it (1).
USUAL_STRENGTH = 0.5


def problems(request: CloudGenerationRequest, model: ModelEntry, service: Service) -> dict[str, str]:
    """A sentence for each field that the service would refuse."""
    found: dict[str, str] = {}
    if len(request.input_images) < service.least_pictures:
        found["input_images"] = f"{model.name} needs {service.least_pictures} pictures: {_names(service)}."
    for index, image in enumerate(request.input_images):
        if max(image.width, image.height) > service.widest * min(image.width, image.height):
            found[f"input_images[{index}]"] = f"{model.name} takes shapes from 1:2.5 to 2.5:1."
    found |= _mask_problem(request, model)
    if request.strength is not None and not request.input_images:
        found["strength"] = "A strength says how far to leave a picture; add one."
    if request.guidance_scale is not None and not LEAST_GUIDANCE <= request.guidance_scale <= MOST_GUIDANCE:
        found["guidance_scale"] = f"Must be a number from {LEAST_GUIDANCE} to {MOST_GUIDANCE}."
    if len(request.negative_prompt or "") > LONGEST_NEGATIVE_PROMPT:
        found["negative_prompt"] = f"At most {LONGEST_NEGATIVE_PROMPT} characters."
    if service.needs_one and not any(request.options.get(name) for name in service.needs_one):
        names = " or ".join(f"options.{name}" for name in service.needs_one)
        found[f"options.{service.needs_one[0]}"] = f"{model.name} needs {names}."
    if request.options.get("light_source_strength") and not request.options.get("light_source_direction"):
        found["options.light_source_strength"] = "It goes with options.light_source_direction."
    if service.prompt == "background_prompt" and not request.prompt.strip() and len(request.input_images) < 2:
        found["prompt"] = "Describe the new background, or show it by a second picture."
    return found


def fitted(
    request: CloudGenerationRequest, model: ModelEntry, service: Service
) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish as the service can carry it out, and a note for each thing that differs."""
    changes: dict[str, Any] = {}
    notes: list[str] = []
    if service.keeps_shape and request.input_images:
        if request.aspect_ratio:
            changes["aspect_ratio"] = None
            notes.append(f"{model.name} keeps the shape of the picture: the ratio {request.aspect_ratio} is not sent.")
        if request.strength is None:
            changes["strength"] = USUAL_STRENGTH
            notes.append(
                f"{model.name} needs a strength beside a picture: {USUAL_STRENGTH} is sent "
                "(0 keeps the picture, 1 ignores it)."
            )
    if request.seed == 0:
        changes["seed"] = None
        notes.append("For Stability the seed 0 means any seed: it is not sent, and the one used is kept.")
    return replace(request, **changes), notes


def _mask_problem(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, str]:
    """Without a mask the picture's own see-through parts stand for one; without both the vendor has nothing to do."""
    if model.capabilities.modes != ("inpaint",) or request.mask or not request.input_images:
        return {}
    if _is_see_through(request.input_images[0]):
        return {}
    return {"mask": f"{model.name} wants a mask (white shall change), or a picture with see-through parts."}


def _is_see_through(image: InputImage) -> bool:
    try:
        return has_see_through_parts(image)
    except (OSError, SyntaxError, ValueError):
        return False


def _names(service: Service) -> str:
    return ", then ".join(name.replace("_", " ") for name in service.pictures[: service.least_pictures])
