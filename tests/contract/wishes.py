"""Wishes for a model: the plainest one that it takes, and combinations of everything that it offers."""

import io
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from PIL import Image

from providers.base import (
    CloudGenerationRequest,
    FreeSize,
    InputImage,
    InputLimits,
    InvalidField,
    ModelEntry,
    Option,
    Provider,
)
from tests.contract.drive import Fitted, fit
from tests.contract.subjects import LONGEST_PROMPT

PROMPT = "A red apple on a wooden table"
WORDS = "a quiet lake at dawn, "
# More say nothing new and cost the emulator seconds.
MOST_PICTURES = 3
SOME_TEXT = "an apple"
Change = Mapping[str, Any]


@lru_cache(maxsize=200)
def picture(limits: InputLimits, number: int = 0) -> InputImage:
    """A reference picture within a model's limits; each number is another picture."""
    side = _side(limits)
    return _as_input(Image.new("RGB", (side, side), (number * 40 % 256, 120, 60)), limits)


@lru_cache(maxsize=200)
def mask(limits: InputLimits, number: int = 1) -> InputImage:
    """A mask for `picture`: a white field, each number at another place."""
    side = _side(limits)
    drawn = Image.new("L", (side, side), 0)
    drawn.paste(255, (side * number // 8, side // 4, side // 2, side // 2))
    return _as_input(drawn, limits)


def _side(limits: InputLimits) -> int:
    """Near 512 pixels, a multiple of 64 where the limits allow one."""
    least = max(limits.least_side, math.isqrt(limits.least_pixels - 1) + 1)
    side = max(min(512, limits.most_side, math.isqrt(limits.most_pixels)), least)
    return side - side % 64 if side - side % 64 >= least else side


def _as_input(drawn: Image.Image, limits: InputLimits) -> InputImage:
    kind = "image/png" if "image/png" in limits.formats else limits.formats[0]
    file = io.BytesIO()
    drawn.save(file, kind.removeprefix("image/").upper())
    return InputImage(data=file.getvalue(), mime_type=kind, width=drawn.width, height=drawn.height)


def pictures(entry: ModelEntry, count: int, first: int = 0) -> tuple[InputImage, ...]:
    return tuple(picture(entry.capabilities.input_limits, first + number) for number in range(count))


_needed: dict[tuple[str, str], Change] = {}


def needed(provider: Provider, entry: ModelEntry) -> Change:
    """What the model wants beside a prompt: pictures, a mask, options. Found by asking, once."""
    name = (provider.id, entry.id)
    if name not in _needed:
        _needed[name] = _find_needed(provider, entry)
    return _needed[name]


def _find_needed(provider: Provider, entry: ModelEntry) -> Change:
    given: dict[str, Any] = {}
    for _ in range(8):
        try:
            provider.normalise(CloudGenerationRequest(prompt=PROMPT, model=entry.id, **given), entry)
        except InvalidField as refusal:
            given = _with_more(entry, given, refusal.fields)
        else:
            return given
    raise AssertionError(f"{entry.id}: no wish passes, with {sorted(given)}")


def _with_more(entry: ModelEntry, given: Change, asked: Iterable[str]) -> dict[str, Any]:
    more = dict(given)
    for name in asked:
        if name == "input_images":
            more["input_images"] = pictures(entry, len(given.get("input_images", ())) + 1)
        elif name == "mask":
            more["mask"] = mask(entry.capabilities.input_limits)
        elif name.startswith("options."):
            option = next(option for option in entry.capabilities.options if f"options.{option.name}" == name)
            more["options"] = {**more.get("options", {}), option.name: (option_values(option) or [SOME_TEXT])[-1]}
    return more


def usual(provider: Provider, entry: ModelEntry, **changes: Any) -> CloudGenerationRequest:
    """The plainest wish that the model takes, with changes."""
    return CloudGenerationRequest(**merged({"prompt": PROMPT}, needed(provider, entry), changes))


def axes(entry: ModelEntry, longest_prompt: int = LONGEST_PROMPT) -> dict[str, list[Change]]:
    """Everything that a wish for the model can vary, each with all its values."""
    able = entry.capabilities
    offered: dict[str, Sequence[Any]] = {
        "quality": able.qualities, "style": able.styles, "safety_level": able.safety_levels,
        "output_format": able.output_formats, "resolution": able.resolutions,
        "background": ("transparent", "opaque") if able.transparency else (),
        "enhance_prompt": (True, False) if able.enhance_prompt else (),
        "negative_prompt": ("rain",) if able.negative_prompt else (),
        "seed": (7,) if able.seed != "not_sent" else (),
        "num_images": sorted({1, min(MOST_PICTURES, able.images_per_call)}),
        "prompt": (PROMPT, _long_prompt(min(able.longest_prompt, longest_prompt))),
    }  # fmt: skip
    found = {name: [{}, *({name: value} for value in values)] for name, values in offered.items() if values}
    found["size"] = _sizes(entry)
    found["pictures"] = _references(entry)
    for option in able.options:
        found[f"options.{option.name}"] = [{}, *({"options": {option.name: value}} for value in option_values(option))]
    return {name: values for name, values in found.items() if len(values) > 1}


def _long_prompt(length: int) -> str:
    return (WORDS * (length // len(WORDS) + 1))[:length].strip()


def _sizes(entry: ModelEntry) -> list[Change]:
    able = entry.capabilities
    ratios = {ratio for table in able.sizes.values() for ratio in table}
    sizes: list[Change] = [{}, *({"aspect_ratio": ratio} for ratio in sorted(ratios))]
    if able.free_size:
        sizes += [{"width": width, "height": height} for width, height in free_sizes(able.free_size)]
    return sizes


def free_sizes(rules: FreeSize) -> list[tuple[int, int]]:
    """A usual one, the smallest, the largest and the widest."""
    return [(1024, 768), (256, 256), (4096, 4096), (4096, 256), (rules.step * (520 // rules.step + 1),) * 2]  # type: ignore[list-item]


def _references(entry: ModelEntry) -> list[Change]:
    able = entry.capabilities
    found: list[Change] = [{}]
    if "image-to-image" in able.modes:
        counts = sorted({1, min(2, able.most_input_images), able.most_input_images})
        found += [{"input_images": pictures(entry, count)} for count in counts]
        if able.strength:
            found.append({"input_images": pictures(entry, 1), "strength": 0.5})
    if "inpaint" in able.modes:
        found.append({"input_images": pictures(entry, 1), "mask": mask(entry.capabilities.input_limits)})
    return found


def option_values(option: Option) -> list[Any]:
    """Values that an option takes: its choices, its bounds, both truths."""
    if option.choices:
        return list(option.choices)
    if option.kind == "boolean":
        return [True, False]
    if option.kind == "text":
        return []
    low = option.minimum if option.minimum is not None else 1
    high = option.maximum if option.maximum is not None else low + 4
    middle = low + (high - low) / 2
    return [int(value) if option.kind == "integer" else float(value) for value in (low, high, middle)]


def merged(*changes: Change) -> dict[str, Any]:
    """Several changes as one; options come together."""
    found: dict[str, Any] = {}
    for change in changes:
        options = {**found.get("options", {}), **change.get("options", {})}
        found = {**found, **change} | ({"options": options} if options else {})
    return found


def combinations(
    provider: Provider, entry: ModelEntry, most: int, longest_prompt: int
) -> Iterator[CloudGenerationRequest]:
    """The plain wish, then rows in which the values of every axis take turns, mixed by a fixed seed."""
    yield usual(provider, entry)
    chance = random.Random(entry.id)  # noqa: S311 - a seed makes a failing row come again
    columns = [chance.sample(values, len(values)) for values in axes(entry, longest_prompt).values()]
    for row in range(min(most, max(map(len, columns), default=0))):
        yield usual(provider, entry, **merged(*(values[row % len(values)] for values in columns)))


def lenient(provider: Provider, entry: ModelEntry, wish: CloudGenerationRequest) -> Fitted | None:
    """The wish as the model takes it, without the fields that it refuses beside the others; None when it takes none."""
    for _ in range(8):
        try:
            return fit(provider, entry, wish)
        except InvalidField as refusal:
            reduced = _without(wish, refusal.fields, needed(provider, entry))
            if reduced == wish:
                return None
            wish = reduced
    return None


def _without(wish: CloudGenerationRequest, names: Iterable[str], needs: Change) -> CloudGenerationRequest:
    usual_values = {"num_images": 1, "prompt": PROMPT, "input_images": needs.get("input_images", ())}
    changes: dict[str, Any] = {}
    for name in (name.partition("[")[0] for name in names):
        if name.startswith("options."):
            options = changes.get("options", dict(wish.options))
            rest = {key: value for key, value in options.items() if f"options.{key}" != name}
            changes["options"] = {**needs.get("options", {}), **rest}
        elif name in ("width", "height"):
            changes |= {"width": None, "height": None}
        elif name == "input_images":
            changes |= {"input_images": needs.get("input_images", ()), "mask": needs.get("mask"), "strength": None}
        else:
            changes[name] = usual_values.get(name, needs.get(name))
    return replace(wish, **changes)
