"""Fit a wish to a model's abilities: matched with a note, refused by name, or told "not sent"; never silently."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.models import Capabilities, ModelEntry, Option
from providers.request import CloudGenerationRequest, InvalidField


def normalise(request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish as the model can carry it out, and a note for each thing that differs from what was asked.

    Raises `InvalidField` naming each field that the model lacks.
    """
    able = model.capabilities
    problems = _lacking(request, model) | _wrong_choices(request, able) | _option_problems(request.options, able)
    notes: list[str] = []
    changes: dict[str, Any] = {"width": None, "height": None}
    changes["resolution"] = _resolution(request, able, problems)
    changes["aspect_ratio"] = _aspect_ratio(request, model, changes["resolution"], problems, notes)
    if problems:
        raise InvalidField(problems)
    if request.seed is not None and able.seed == "not_sent":
        changes["seed"] = None
        notes.append(f"{model.name} takes no seed: seed {request.seed} is not sent.")
    elif request.seed is not None and able.seed == "best_effort":
        notes.append(f"{model.name} treats a seed as a hint: the same seed may give another picture.")
    return replace(request, **changes), notes


def expected_size(request: CloudGenerationRequest, model: ModelEntry) -> tuple[int, int] | None:
    """Pixels that the vendor's table gives for a normalised wish, None when the model decides by itself."""
    table = model.capabilities.sizes.get(request.resolution or model.capabilities.default_resolution, {})
    return table.get(request.aspect_ratio or "")


def _lacking(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, str]:
    able = model.capabilities
    lacks = {
        "negative_prompt": bool(request.negative_prompt) and not able.negative_prompt,
        "guidance_scale": request.guidance_scale is not None and not able.guidance_scale,
        "strength": request.strength is not None and not able.strength,
        "enhance_prompt": request.enhance_prompt is not None and not able.enhance_prompt,
        "background": request.background == "transparent" and not able.transparency,
        "mask": request.mask is not None and "inpaint" not in able.modes,
        "input_images": bool(request.input_images) and able.most_input_images == 0,
    }
    problems = {name: f"{model.name} does not have {name.replace('_', ' ')}." for name, lack in lacks.items() if lack}
    if len(request.input_images) > able.most_input_images > 0:
        problems["input_images"] = f"{model.name} takes at most {able.most_input_images} reference pictures."
    if request.mask is not None and not request.input_images and "mask" not in problems:
        problems["mask"] = "A mask needs the picture it belongs to; add it to input_images."
    if len(request.prompt) > able.longest_prompt:
        problems["prompt"] = (
            f"{model.name} takes at most {able.longest_prompt} characters; this has {len(request.prompt)}."
        )
    return problems


def _wrong_choices(request: CloudGenerationRequest, able: Capabilities) -> dict[str, str]:
    offered = {
        "quality": able.qualities,
        "style": able.styles,
        "safety_level": able.safety_levels,
        "output_format": able.output_formats,
    }
    problems = {}
    for name, choices in offered.items():
        value = getattr(request, name)
        if value is not None and value not in choices:
            words = name.replace("_", " ")
            problems[name] = (
                f"Choose one of {', '.join(choices)}." if choices else f"This model has no {words} setting."
            )
    return problems


def _option_problems(options: Mapping[str, Any], able: Capabilities) -> dict[str, str]:
    known = {option.name: option for option in able.options}
    problems = {}
    for name, value in options.items():
        if name not in known:
            offer = f" It has: {', '.join(known)}." if known else ""
            problems[f"options.{name}"] = f"This model has no such option.{offer}"
        elif not _fits(known[name], value):
            choices = f" of {', '.join(known[name].choices)}" if known[name].choices else ""
            problems[f"options.{name}"] = f"Must be {known[name].kind}{choices}."
    return problems


def _fits(option: Option, value: Any) -> bool:
    kinds = {"text": str, "integer": int, "number": int | float, "boolean": bool}
    if not isinstance(value, kinds[option.kind]) or (isinstance(value, bool) and option.kind != "boolean"):
        return False
    return not option.choices or value in option.choices


def _resolution(request: CloudGenerationRequest, able: Capabilities, problems: dict[str, str]) -> str | None:
    if request.resolution is None:
        return able.default_resolution or None
    if request.resolution not in able.resolutions:
        offer = (
            f"Choose one of {', '.join(able.resolutions)}." if able.resolutions else "This model has one resolution."
        )
        problems["resolution"] = offer
    return request.resolution


def _aspect_ratio(
    request: CloudGenerationRequest,
    model: ModelEntry,
    resolution: str | None,
    problems: dict[str, str],
    notes: list[str],
) -> str | None:
    able = model.capabilities
    table = able.sizes.get(resolution or "", {})
    if request.aspect_ratio is not None and request.aspect_ratio not in table:
        problems["aspect_ratio"] = f"{model.name} has {', '.join(table) or 'no choice of ratio'}."
        return None
    if request.width is None or request.height is None or not table:
        return request.aspect_ratio
    ratio = request.aspect_ratio or _ratio_of_size(request.width, request.height, able, table)
    width, height = table[ratio]
    if (width, height) != (request.width, request.height):
        notes.append(
            f"{request.width}×{request.height} is asked as {ratio}; {model.name} draws that as {width}×{height}."
        )
    return ratio


def _ratio_of_size(width: int, height: int, able: Capabilities, table: Mapping[str, tuple[int, int]]) -> str:
    known = able.known_sizes.get(f"{width}x{height}")
    if known is not None and known in table:
        return known
    for ratio, size in table.items():
        if size == (width, height):
            return ratio

    def distance(ratio: str) -> float:
        across, down = ratio.split(":")
        return abs(math.log(width * int(down) / (height * int(across))))

    return min(table, key=distance)
