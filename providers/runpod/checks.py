"""What an endpoint's input or workflow can carry of a wish, told before anything is sent. Pure."""

from typing import Any

from providers.base import CloudGenerationRequest, InvalidField, ModelEntry
from providers.reading import mapping
from providers.runpod import template, wire

HOW_TO_REGISTER = (
    "Register it with capabilities whose facts hold its workflow (ComfyUI's API format) or its input, with places such "
    "as {{prompt}}, {{seed}}, {{width}}, {{height}}, {{negative_prompt}} and {{image_1}} in it."
)
# A field of a wish, and the places of which one must be there for it.
FIELDS: dict[str, tuple[str, ...]] = {
    "prompt": ("prompt",),
    "negative_prompt": ("negative_prompt",),
    "seed": ("seed",),
    "guidance_scale": ("guidance_scale",),
    "strength": ("strength",),
    "aspect_ratio": ("aspect_ratio", "width", "size"),
    "width": ("width", "size"),
    "resolution": ("resolution", "width", "size"),
    "output_format": ("output_format",),
    "mask": ("mask",),
}


def check_wish(request: CloudGenerationRequest, model: ModelEntry) -> None:
    """Raises `InvalidField` naming each field that would not reach the endpoint, or that its workflow needs."""
    facts = mapping(model.capabilities.facts)
    if not facts.get("workflow") and not facts.get("input"):
        raise InvalidField({"model": f"{model.name} has no workflow yet. {HOW_TO_REGISTER}"})
    there = template.places(facts.get("workflow") or facts.get("input"))
    problems = _unknown(there, model) | _without_place(request, there, model)
    if facts.get("workflow"):
        missing = sorted(there - set(wire.values(request, model)) - {"seed"})
        problems |= {
            _field(name): f"The workflow needs {_field(name).replace('_', ' ')}, and has no usual one."
            for name in missing
            if "model" not in problems
        }
    if problems:
        raise InvalidField(problems)


def _unknown(there: set[str], model: ModelEntry) -> dict[str, str]:
    known = {*wire.PLACES, *(option.name for option in model.capabilities.options), *wire.defaults(model)}
    known |= {f"image_{number}" for number in range(1, model.capabilities.most_input_images + 1)}
    unknown = sorted(there - known)
    return {"model": f"{model.name} has the unknown place {{{{{unknown[0]}}}}}. {HOW_TO_REGISTER}"} if unknown else {}


def _without_place(request: CloudGenerationRequest, there: set[str], model: ModelEntry) -> dict[str, str]:
    """Fields of the wish that have no place: they would silently be lost."""
    problems = {}
    for name, wanted in FIELDS.items():
        value: Any = getattr(request, name)
        if name == "resolution" and not model.capabilities.resolutions:
            continue
        if value not in (None, "") and not there & set(wanted):
            problems[name] = f"{model.name} has no place for {name.replace('_', ' ')}."
    # Pictures beyond `images_per_call` are calls of their own.
    if min(request.num_images, model.capabilities.images_per_call) > 1 and "num_images" not in there:
        problems["num_images"] = f"{model.name} has no place for a number of pictures."
    for name in request.options:
        if name not in there:
            problems[f"options.{name}"] = f"{model.name} has no place for it."
    shown = {"images", "image", *(f"image_{number}" for number in range(1, len(request.input_images) + 1))}
    if request.input_images and not there & shown:
        problems["input_images"] = f"{model.name} has no place for pictures."
    return problems


def _field(place: str) -> str:
    if place.startswith("image"):
        return "input_images"
    return place if place in (*FIELDS, "height") else f"options.{place}"
