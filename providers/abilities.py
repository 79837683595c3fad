"""Look a model's abilities over: what an owner, a vendor's answer or a `catalog.toml` says must make sense together."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_args

from providers.models import Capabilities, FreeSize, InputLimits, Mode, Option, PromptUse, SeedHonesty
from providers.normalise import nearest_size, option_fits, size_is_within
from providers.request import MOST_IMAGES

_RATIO = re.compile(r"[1-9][0-9]{0,2}:[1-9][0-9]{0,2}")
_SIZE = re.compile(r"[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")
_FLAGS = ("negative_prompt", "guidance_scale", "strength", "enhance_prompt", "transparency", "mask_optional")
_CHOICES = ("qualities", "styles", "safety_levels", "output_formats")
_FORMATS = ("image/png", "image/jpeg", "image/webp")


def ability_problems(able: Capabilities) -> dict[str, str]:
    """A sentence for each ability that cannot be meant, by its name; also for values of a wrong type."""
    problems: dict[str, str] = {}
    for name, check in _CHECKS.items():
        try:
            problem = check(able)
        except (TypeError, ValueError, AttributeError, KeyError):
            problem = "It has not the form that a catalogue gives it."
        if problem:
            problems[name] = problem
    return problems


def _is_whole(value: Any, low: int, high: int = 2**53) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _modes(able: Capabilities) -> str:
    known = get_args(Mode)
    if not isinstance(able.modes, tuple) or not able.modes or not set(able.modes) <= set(known):
        return f"A list of {', '.join(known)}."
    if len(set(able.modes)) < len(able.modes):
        return "Each mode stands there once."
    return ""


def _pictures(able: Capabilities) -> str:
    if not _is_whole(able.most_input_images, 0, 32):
        return "A whole number from 0 to 32."
    takes_pictures = bool({"image-to-image", "inpaint"} & set(able.modes))
    if takes_pictures is not bool(able.most_input_images):
        return 'At least 1 with the mode "image-to-image" or "inpaint", and 0 without.'
    return ""


def _sizes(able: Capabilities) -> str:
    for resolution, table in able.sizes.items():
        named = isinstance(resolution, str) and all(_RATIO.fullmatch(ratio) for ratio in table)
        if not named or not table or not all(_is_whole(side, 1, 65_536) for size in table.values() for side in size):
            return 'By resolution ("" for a single one) and ratio such as "16:9", width and height in pixels.'
    return ""


def _default_resolution(able: Capabilities) -> str:
    if not isinstance(able.default_resolution, str) or (able.sizes and able.default_resolution not in able.sizes):
        return f"One of {', '.join(able.sizes) or 'the resolutions'}."
    return ""


def _known_sizes(able: Capabilities) -> str:
    table = able.sizes.get(able.default_resolution, {})
    if not all(_SIZE.fullmatch(size) and ratio in table for size, ratio in able.known_sizes.items()):
        return 'Sizes such as "1536x1024", each with a ratio of the default resolution.'
    return ""


def _free_size(able: Capabilities) -> str:
    rules = able.free_size
    if rules is None:
        return ""
    whole = (rules.step, rules.least_side, rules.most_side, rules.most_pixels)
    if not isinstance(rules, FreeSize) or not all(_is_whole(value, 1) for value in whole):
        return "Step, sides and pixels are whole numbers above 0."
    if not _is_whole(rules.least_pixels, 0) or not rules.widest >= 1:
        return "least_pixels is a whole number, widest a number from 1 up."
    if rules.least_side > rules.most_side or rules.least_pixels > rules.most_pixels:
        return "The least is not more than the most."
    if not size_is_within(nearest_size(1024, 1024, rules), rules):
        return "No size keeps all of these rules."
    if rules.default is not None and not size_is_within(rules.default, rules):
        return "The default keeps the rules itself."
    return ""


def _input_limits(able: Capabilities) -> str:
    limits = able.input_limits
    if not isinstance(limits, InputLimits) or not limits.formats or not set(limits.formats) <= set(_FORMATS):
        return f"The formats are some of {', '.join(_FORMATS)}."
    figures = [getattr(limits, item.name) for item in fields(limits) if item.name != "formats"]
    if not all(_is_whole(figure, 1) for figure in figures):
        return "Sides, pixels and bytes are whole numbers above 0."
    if limits.least_side > limits.most_side or limits.least_pixels > limits.most_pixels:
        return "The least is not more than the most."
    return ""


def _options(able: Capabilities) -> str:
    if not all(isinstance(option, Option) for option in able.options):
        return "A list of objects with name, kind, choices, default, minimum, maximum and description."
    if len({option.name for option in able.options}) < len(able.options):
        return "Each option stands there once."
    return next((told for told in map(_option, able.options) if told), "")


def _option(option: Option) -> str:
    if not isinstance(option.name, str) or not option.name:
        return "An option has a name."
    if option.kind not in ("text", "integer", "number", "boolean"):
        return f"{option.name}: its kind is text, integer, number or boolean."
    if option.choices and (option.kind != "text" or not _are_texts(option.choices)):
        return f"{option.name}: choices are different texts, of an option whose kind is text."
    bounds = [bound for bound in (option.minimum, option.maximum) if bound is not None]
    are_numbers = all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds)
    if bounds and (option.kind not in ("integer", "number") or not are_numbers or bounds != sorted(bounds)):
        return f"{option.name}: minimum and maximum are numbers, of an option whose kind is integer or number."
    if option.default is not None and not option_fits(option, option.default):
        return f"{option.name}: its default is one of its own values."
    return ""


def _are_texts(values: Any) -> bool:
    is_list = isinstance(values, tuple) and len(set(values)) == len(values)
    return is_list and all(isinstance(value, str) and value for value in values)


def _whole(name: str, low: int, high: int) -> Callable[[Capabilities], str]:
    told = f"A whole number from {low} to {high:,}."
    return lambda able: "" if _is_whole(getattr(able, name), low, high) else told


def _one_of(name: str, choices: tuple[str, ...]) -> Callable[[Capabilities], str]:
    return lambda able: "" if getattr(able, name) in choices else f"One of {', '.join(choices)}."


def _flag(name: str) -> Callable[[Capabilities], str]:
    return lambda able: "" if isinstance(getattr(able, name), bool) else "True, or left out."


def _texts(name: str) -> Callable[[Capabilities], str]:
    return lambda able: "" if _are_texts(getattr(able, name)) else "A list of different texts."


def _facts(able: Capabilities) -> str:
    return "" if isinstance(able.facts, Mapping) else "An object of names and values."


_CHECKS: Mapping[str, Callable[[Capabilities], str]] = {
    "modes": _modes,
    "sizes": _sizes,
    "default_resolution": _default_resolution,
    "known_sizes": _known_sizes,
    "free_size": _free_size,
    "images_per_call": _whole("images_per_call", 1, MOST_IMAGES),
    "prompt": _one_of("prompt", get_args(PromptUse)),
    "longest_prompt": _whole("longest_prompt", 1, 10_000_000),
    "seed": _one_of("seed", get_args(SeedHonesty)),
    **{name: _flag(name) for name in _FLAGS},
    **{name: _texts(name) for name in _CHOICES},
    "most_input_images": _pictures,
    "input_limits": _input_limits,
    "options": _options,
    "facts": _facts,
}
