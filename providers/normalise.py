"""Fit a wish to a model's abilities: matched with a note, refused by name, or told "not sent"; never silently."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from providers.input_pictures import input_problems
from providers.models import Capabilities, FreeSize, ModelEntry, Option
from providers.request import LARGEST_SIDE, SMALLEST_SIDE, CloudGenerationRequest, InvalidField


def normalise(request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish as the model can carry it out, and a note for each thing that differs from what was asked.

    Raises `InvalidField` naming each field that the model lacks.
    """
    able = model.capabilities
    problems = _lacking(request, model) | _wrong_choices(request, able) | _option_problems(request.options, able)
    problems |= input_problems(request, model)
    notes: list[str] = []
    changes: dict[str, Any] = {"width": None, "height": None}
    changes["resolution"] = _resolution(request, able, problems)
    if able.free_size and request.width and request.height and request.aspect_ratio is None:
        changes["width"], changes["height"] = _fit_size(request.width, request.height, able.free_size, model, notes)
    else:
        changes["aspect_ratio"] = _aspect_ratio(request, model, changes["resolution"], problems, notes)
    if problems:
        raise InvalidField(problems)
    if request.prompt.strip() and able.prompt == "not_sent":
        notes.append(f"{model.name} takes no prompt: it is kept with the picture and not sent.")
    if request.seed is not None and able.seed == "not_sent":
        changes["seed"] = None
        notes.append(f"{model.name} takes no seed: seed {request.seed} is not sent.")
    elif request.seed is not None and able.seed == "best_effort":
        notes.append(f"{model.name} treats a seed as a hint: the same seed may give another picture.")
    return replace(request, **changes), notes


def expected_size(request: CloudGenerationRequest, model: ModelEntry) -> tuple[int, int] | None:
    """Pixels of a normalised wish, as asked or from the vendor's table; None when the model decides by itself."""
    if request.width and request.height:
        return request.width, request.height
    rules = model.capabilities.free_size
    if rules and request.aspect_ratio is None:
        return rules.default
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
    }
    problems = {name: f"{model.name} does not have {name.replace('_', ' ')}." for name, lack in lacks.items() if lack}
    if not request.prompt.strip() and able.prompt == "required":
        problems["prompt"] = "Please write a prompt."
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
        elif not option_fits(known[name], value):
            problems[f"options.{name}"] = _wanted(known[name])
    return problems


def _wanted(option: Option) -> str:
    if option.choices:
        return f"Must be {option.kind} of {', '.join(option.choices)}."
    bounds = [f"{word} {bound:g}" for word, bound in (("from", option.minimum), ("to", option.maximum))
              if bound is not None]  # fmt: skip
    return f"Must be {' '.join([option.kind, *bounds])}."


def option_fits(option: Option, value: Any) -> bool:
    """Whether a value is of the option's kind, among its choices and within its bounds."""
    kinds = {"text": str, "integer": int, "number": int | float, "boolean": bool}
    if not isinstance(value, kinds[option.kind]) or (isinstance(value, bool) and option.kind != "boolean"):
        return False
    if isinstance(value, int | float) and not _is_between(value, option.minimum, option.maximum):
        return False
    return not option.choices or value in option.choices


def _is_between(value: float, least: float | None, most: float | None) -> bool:
    # A whole number may be too large for a float, and is finite all the same.
    is_finite = isinstance(value, int) or math.isfinite(value)
    return is_finite and (least is None or value >= least) and (most is None or value <= most)


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
    if request.width is None or request.height is None:
        return request.aspect_ratio
    if not table:
        notes.append(f"{model.name} decides the size by itself: {request.width}×{request.height} is not sent.")
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


def _fit_size(width: int, height: int, rules: FreeSize, model: ModelEntry, notes: list[str]) -> tuple[int, int]:
    """The nearest size within the rules and a wish's own bounds, with a note when it is not the one that was asked."""
    bounds = replace(
        rules, least_side=max(rules.least_side, SMALLEST_SIDE), most_side=min(rules.most_side, LARGEST_SIDE)
    )
    fitted = nearest_size(width, height, bounds)
    if fitted != (width, height):
        notes.append(f"{model.name} cannot draw {width}×{height} exactly; it is asked for {fitted[0]}×{fitted[1]}.")
    return fitted


def nearest_size(width: int, height: int, rules: FreeSize) -> tuple[int, int]:
    """The size within the rules that is nearest to the asked one, once its shape and then its pixels fit them.

    Rules that no size keeps are not kept: the vendor's word decides.
    """
    across, down = _fitting(width, height, rules)
    best, least = None, math.inf
    for side in _steps_around(across, rules):
        if abs(side - across) >= least:
            break
        other = _nearest_step(down, *_allowed(side, rules), rules.step)
        if other is not None and abs(side - across) + abs(other - down) < least:
            best, least = (side, other), abs(side - across) + abs(other - down)
    return best or (_stepped(across, rules), _stepped(down, rules))


def _fitting(width: int, height: int, rules: FreeSize) -> tuple[float, float]:
    """Sides, not yet on the grid, of the asked shape where the rules have it, else of the nearest shape."""
    widest = min(
        rules.widest,
        rules.most_side / rules.least_side,
        rules.most_pixels / rules.least_side**2,
        rules.most_side**2 / max(rules.least_pixels, 1),
    )
    shape = min(max(width, height) / min(width, height), max(widest, 1.0))
    largest = min(rules.most_side / shape, math.sqrt(rules.most_pixels / shape))
    smallest = max(rules.least_side, math.sqrt(rules.least_pixels / shape))
    shorter = max(min(math.sqrt(width * height / shape), largest), smallest)
    return (shorter * shape, shorter) if width >= height else (shorter, shorter * shape)


def _steps_around(side: float, rules: FreeSize) -> Iterator[int]:
    """The sides on the model's grid within bounds, the nearest to `side` first."""
    lowest = -(-rules.least_side // rules.step) * rules.step
    highest = rules.most_side // rules.step * rules.step
    start = min(max(round(side / rules.step) * rules.step, lowest), highest)
    below, above = start, start + rules.step
    while lowest <= below or above <= highest:
        if above > highest or (lowest <= below and side - below <= above - side):
            yield below
            below -= rules.step
        else:
            yield above
            above += rules.step


def _allowed(side: int, rules: FreeSize) -> tuple[int, int]:
    """The least and the most that the other side may have beside `side`."""
    least = max(rules.least_side, -(-rules.least_pixels // side), math.ceil(side / rules.widest))
    most = min(rules.most_side, rules.most_pixels // side, math.floor(side * rules.widest))
    return least, most


def _nearest_step(side: float, least: int, most: int, step: int) -> int | None:
    lowest, highest = -(-least // step) * step, most // step * step
    return min(max(round(side / step) * step, lowest), highest) if lowest <= highest else None


def size_is_within(size: tuple[int, int], rules: FreeSize) -> bool:
    """Whether a size keeps the rules as it is."""
    least, most = _allowed(size[0], rules)
    on_grid = size[0] % rules.step == size[1] % rules.step == 0
    return on_grid and rules.least_side <= size[0] <= rules.most_side and least <= size[1] <= most


def _stepped(side: float, rules: FreeSize) -> int:
    return max(rules.step, math.floor(side / rules.step) * rules.step)
