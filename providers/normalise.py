"""Fit a wish to a model's abilities: matched with a note, refused by name, or told "not sent"; never silently."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.input_pictures import input_problems
from providers.models import Capabilities, FreeSize, ModelEntry, Option
from providers.request import CloudGenerationRequest, InvalidField


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
        elif not _fits(known[name], value):
            problems[f"options.{name}"] = _wanted(known[name])
    return problems


def _wanted(option: Option) -> str:
    if option.choices:
        return f"Must be {option.kind} of {', '.join(option.choices)}."
    bounds = [f"{word} {bound:g}" for word, bound in (("from", option.minimum), ("to", option.maximum))
              if bound is not None]  # fmt: skip
    return f"Must be {' '.join([option.kind, *bounds])}."


def _fits(option: Option, value: Any) -> bool:
    kinds = {"text": str, "integer": int, "number": int | float, "boolean": bool}
    if not isinstance(value, kinds[option.kind]) or (isinstance(value, bool) and option.kind != "boolean"):
        return False
    if isinstance(value, int | float) and not _is_between(value, option.minimum, option.maximum):
        return False
    return not option.choices or value in option.choices


def _is_between(value: float, least: float | None, most: float | None) -> bool:
    return math.isfinite(value) and (least is None or value >= least) and (most is None or value <= most)


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
        notes.append(f"{model.name} has no choice of size: {request.width}×{request.height} is not sent.")
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
    """The nearest size within the rules, with a note when it is not the one that was asked."""
    fitted = nearest_size(width, height, rules)
    if fitted != (width, height):
        notes.append(f"{model.name} cannot draw {width}×{height} exactly; it is asked for {fitted[0]}×{fitted[1]}.")
    return fitted


def nearest_size(width: int, height: int, rules: FreeSize) -> tuple[int, int]:
    """A size within the rules that is near the asked one: first its shape, then its pixels, then the steps."""
    across, down = float(width), float(height)
    longer, shorter = max(across, down), min(across, down)
    if longer > shorter * rules.widest:
        longer = shorter * rules.widest
        across, down = (longer, shorter) if width >= height else (shorter, longer)
    scale = 1.0
    if across * down > rules.most_pixels:
        scale = math.sqrt(rules.most_pixels / (across * down))
    elif across * down < rules.least_pixels:
        scale = math.sqrt(rules.least_pixels / (across * down))
    scale = min(scale, rules.most_side / max(across, down))
    scale = max(scale, rules.least_side / min(across, down))
    candidates = [
        (_stepped(across * scale, up_across, rules), _stepped(down * scale, up_down, rules))
        for up_across in (False, True)
        for up_down in (False, True)
    ]
    allowed = [size for size in candidates if _is_within(size, rules)]
    # Without a candidate within the rules the lower one is asked, and the vendor's word decides.
    return min(allowed or candidates[:1], key=lambda size: abs(size[0] - across * scale) + abs(size[1] - down * scale))


def _stepped(side: float, up: bool, rules: FreeSize) -> int:
    """A side on the model's grid, rounded down or up."""
    steps = math.ceil(side / rules.step - 1e-9) if up else math.floor(side / rules.step + 1e-9)
    return max(rules.step, steps * rules.step)


def _is_within(size: tuple[int, int], rules: FreeSize) -> bool:
    pixels = size[0] * size[1]
    sides_fit = min(size) >= rules.least_side and max(size) <= rules.most_side
    return sides_fit and rules.least_pixels <= pixels <= rules.most_pixels and max(size) <= min(size) * rules.widest
