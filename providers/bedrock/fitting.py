"""What the models on Bedrock want of a wish beyond the common checks: refused by name, or fitted with a note. Pure."""

from dataclasses import replace
from typing import Any

from providers.base import CloudGenerationRequest, InputImage, ModelEntry
from providers.bedrock.services import Service
from providers.masks import has_see_through_parts

LONGEST_NEGATIVE_PROMPT = 10_000


def problems(request: CloudGenerationRequest, model: ModelEntry, service: Service) -> dict[str, str]:
    """A sentence for each field that Bedrock would refuse."""
    found: dict[str, str] = {}
    given = request.input_images
    if len(given) < service.least:
        parts = ", then ".join(name.replace("_", " ") for name in service.pictures[: service.least])
        found["input_images"] = f"{model.name} needs {service.least} pictures: {parts}."
    shapes = {f"input_images[{index}]": _widest(image) for index, image in enumerate(given)}
    found |= {
        name: f"{model.name} takes shapes from 1:{service.widest:g} to {service.widest:g}:1."
        for name, shape in shapes.items()
        if shape > service.widest
    }
    wants_mask = model.capabilities.modes == ("inpaint",) and bool(given) and request.mask is None
    if wants_mask and not _is_see_through(given[0]):
        found["mask"] = f"{model.name} wants a mask (white shall change), or a picture with see-through parts."
    if request.strength is not None and not given:
        found["strength"] = "A strength says how far to leave a picture; add one."
    if request.negative_prompt and len(request.negative_prompt) > LONGEST_NEGATIVE_PROMPT:
        found["negative_prompt"] = f"At most {LONGEST_NEGATIVE_PROMPT} characters."
    if service.needs_one and not any(map(request.options.get, service.needs_one)):
        options = [f"options.{name}" for name in service.needs_one]
        found[options[0]] = f"{model.name} needs {' or '.join(options)}."
    return found


def fitted(
    request: CloudGenerationRequest, model: ModelEntry, service: Service
) -> tuple[CloudGenerationRequest, list[str]]:  # fmt: skip
    """The wish as the model can carry it out, and a note for each thing that differs."""
    changes: dict[str, Any] = {}
    notes: list[str] = []
    if request.input_images and service.keeps_shape and request.aspect_ratio:
        changes["aspect_ratio"] = None
        notes.append(f"{model.name} keeps the shape of the picture: the ratio {request.aspect_ratio} is not sent.")
    if request.input_images and service.strength is not None and request.strength is None:
        changes["strength"] = service.strength
        words = f"{service.strength} is sent (0 keeps the picture, 1 ignores it)"
        notes.append(f"{model.name} needs a strength beside a picture: {words}.")
    if request.seed == 0:
        changes["seed"] = None
        notes.append("On Bedrock the seed 0 means any seed: it is not sent, and the one used is kept.")
    return replace(request, **changes), notes


def _widest(image: InputImage) -> float:
    longer, shorter = max(image.width, image.height), min(image.width, image.height)
    return longer / shorter


def _is_see_through(image: InputImage) -> bool:
    try:
        return has_see_through_parts(image)
    except (OSError, SyntaxError, ValueError):
        return False
