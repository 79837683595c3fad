"""Which sizes a model draws, from its inputs: ratios, a list of sizes, or free width and height. Pure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from providers.base import FreeSize
from providers.replicate.schema import Field

USUAL_SIDE = 1024
USUAL_STEP = 16
LARGEST_PART = 32
LEAST_SIDE, MOST_SIDE = 256, 2048
# Inputs whose choices may be sizes such as 1024x1536.
LISTS = ("size", "image_size", "resolution", "dimensions")
_RATIO = re.compile(r"([1-9][0-9]?|100):([1-9][0-9]?|100)")
_SIZE = re.compile(r"([0-9]{3,4}) ?[x*×] ?([0-9]{3,4})")
_MULTIPLE = re.compile(r"multiples? of ([0-9]{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class Sizes:
    """A table of ratios, free sizes, or both; the inputs that carry them and what else the wire must know."""

    table: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    free: FreeSize | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def read_sizes(known: Mapping[str, Field]) -> Sizes:
    """The sizes of a model with these inputs. Pixels of a ratio that are not listed are an estimate."""
    free = _free_size(known)
    inputs = {"width": "width", "height": "height"} if free else {}
    ratios = known.get("aspect_ratio")
    offered = [choice for choice in ratios.text_choices if _RATIO.fullmatch(choice)] if ratios else []
    if ratios and offered:
        facts = {"custom_ratio": "custom"} if free and "custom" in ratios.choices else {}
        table = {"": {ratio: _pixels(ratio) for ratio in offered}}
        return Sizes(table, free, inputs | {"aspect_ratio": "aspect_ratio"}, facts)
    if free:
        return Sizes({}, free, inputs)
    for name in LISTS:
        listed = _listed(known[name]) if name in known else {}
        if listed:
            table = {"": {ratio: size for ratio, (size, _) in listed.items()}}
            spellings = {ratio: spelling for ratio, (_, spelling) in listed.items()}
            return Sizes(table, None, {"aspect_ratio": name}, {"ratio_values": spellings})
    return Sizes()


def _pixels(ratio: str) -> tuple[int, int]:
    across, down = (int(side) for side in ratio.split(":"))
    width = USUAL_SIDE * math.sqrt(across / down)
    height = USUAL_SIDE * math.sqrt(down / across)
    return round(width / USUAL_STEP) * USUAL_STEP, round(height / USUAL_STEP) * USUAL_STEP


def _listed(offers: Field) -> dict[str, tuple[tuple[int, int], str]]:
    """Ratio → pixels and the model's spelling; of several sizes with one ratio the first."""
    found: dict[str, tuple[tuple[int, int], str]] = {}
    for choice in offers.text_choices:
        size = _SIZE.fullmatch(choice)
        if size:
            width, height = int(size[1]), int(size[2])
            shape = Fraction(width, height).limit_denominator(LARGEST_PART)
            if 0 < shape.numerator <= 100:
                found.setdefault(f"{shape.numerator}:{shape.denominator}", ((width, height), choice))
    return found


def _free_size(known: Mapping[str, Field]) -> FreeSize | None:
    width, height = known.get("width"), known.get("height")
    if width is None or height is None or {width.kind, height.kind} != {"integer"}:
        return None
    sides = sorted(choice for choice in width.choices if isinstance(choice, int))
    least, most = (sides[0], sides[-1]) if sides else (width.minimum, width.maximum)
    default = (width.default, height.default)
    is_known = isinstance(default[0], int) and isinstance(default[1], int)
    return FreeSize(
        step=_step(width, sides),
        least_side=int(least or LEAST_SIDE),
        most_side=int(most or MOST_SIDE),
        most_pixels=int(most or MOST_SIDE) ** 2,
        default=default if is_known else None,
    )


def _step(width: Field, sides: list[int]) -> int:
    if len(sides) > 1:
        return max(1, math.gcd(*sides))
    named = _MULTIPLE.search(width.description)
    if named and int(named[1]):
        return int(named[1])
    return int(width.step) if width.step and width.step >= 1 else USUAL_STEP
