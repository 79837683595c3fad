"""Check what an owner says that a model can do: everything below relies on the types and bounds of `Capabilities`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from numbers import Integral, Real
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from cloudhub.core.text import is_storable
from providers.base import Capabilities, FreeSize, InputLimits

MOST_PIXELS_ON_A_SIDE = 16384
MOST_PICTURES = 100
_RATIO = re.compile(r"[1-9]\d{0,2}:[1-9]\d{0,2}", re.ASCII)


def ability_problems(able: Capabilities) -> list[str]:
    """A sentence for each thing that is wrong, naming the ability; empty when all is well."""
    wrong = list(_wrong_types(able, ""))
    return wrong or list(_wrong_bounds(able))


def _wrong_types(described: Any, path: str) -> Iterator[str]:
    for name, hint in get_type_hints(type(described)).items():
        value = getattr(described, name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from _wrong_types(value, f"{path}{name}.")
        elif name == "options" and isinstance(value, tuple):
            for option in value:
                yield from _wrong_types(option, f"{path}options.")
        elif not _is_a(value, hint):
            yield f"{path}{name} cannot be {str(value)[:60]!r}."


def _is_a(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type, as far as `Capabilities` uses types."""
    kind, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return not isinstance(value, str) or is_storable(value)
    if kind is Literal:
        return value in parts
    if kind in (Union, UnionType):
        return any(_is_a(value, part) for part in parts)
    if kind is tuple:
        each = parts[:1] * len(value) if isinstance(value, tuple) and parts[-1] is ... else parts
        return isinstance(value, tuple) and len(value) == len(each) and all(map(_is_a, value, each))
    if kind is not None and issubclass(kind, Mapping):
        return isinstance(value, Mapping) and all(_is_a(key, parts[0]) and _is_a(value[key], parts[1]) for key in value)
    if issubclass(hint, Real) and not issubclass(hint, Integral):
        return isinstance(value, Real) and not isinstance(value, bool)
    if hint is str:
        return isinstance(value, str) and is_storable(value)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


def _wrong_bounds(able: Capabilities) -> Iterator[str]:
    if not able.modes:
        yield "modes: name at least one."
    if not 1 <= able.images_per_call <= MOST_PICTURES:
        yield f"images_per_call is from 1 to {MOST_PICTURES}."
    if able.longest_prompt < 1:
        yield "longest_prompt is at least 1."
    if not 0 <= able.most_input_images <= MOST_PICTURES:
        yield f"most_input_images is from 0 to {MOST_PICTURES}."
    if able.modes != ("text-to-image",) and not able.most_input_images:
        yield "most_input_images: a model that works on pictures takes at least 1."
    yield from _wrong_sizes(able)
    names = [option.name for option in able.options]
    if len(set(names)) < len(names) or not all(names):
        yield "options: each has a name of its own."
    yield from _wrong_sides("input_limits", able.input_limits)
    if able.free_size is not None:
        yield from _wrong_sides("free_size", able.free_size)
        if not 1 <= able.free_size.step <= able.free_size.most_side or able.free_size.widest < 1:
            yield "free_size: step and widest are at least 1."


def _wrong_sizes(able: Capabilities) -> Iterator[str]:
    if able.sizes and able.default_resolution not in able.sizes:
        yield f"default_resolution is one of {', '.join(map(repr, able.sizes))}."
    for table in able.sizes.values():
        for ratio, size in table.items():
            if not _RATIO.fullmatch(ratio) or not all(1 <= side <= MOST_PIXELS_ON_A_SIDE for side in size):
                yield f"sizes: {ratio[:20]!r} must be a ratio such as 16:9 with its width and height in pixels."


def _wrong_sides(name: str, rules: FreeSize | InputLimits) -> Iterator[str]:
    if not 1 <= rules.least_side <= rules.most_side <= MOST_PIXELS_ON_A_SIDE:
        yield f"{name}: sides are from 1 to {MOST_PIXELS_ON_A_SIDE}, least_side not above most_side."
    if not 0 <= rules.least_pixels <= rules.most_pixels or rules.most_pixels < 1:
        yield f"{name}: least_pixels is not above most_pixels."
