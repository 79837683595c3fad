"""Wishes for a model: the plainest one, combinations of all that it offers, and one for each thing that it claims."""

import io
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
)

PROMPT = "A red apple on a wooden table"
WORDS = "a quiet lake at dawn, "
Change = Mapping[str, Any]


@lru_cache(maxsize=200)
def picture(limits: InputLimits, number: int = 0, mode: str = "RGB") -> InputImage:
    """A reference picture within a model's limits; each number is another picture."""
    side = min(max(512, limits.least_side, math.isqrt(limits.least_pixels - 1) + 1), limits.most_side)
    side = min(side, math.isqrt(limits.most_pixels))
    side -= side % 64 if side - side % 64 >= max(limits.least_side, math.isqrt(limits.least_pixels - 1) + 1) else 0
    drawn = Image.new(mode, (side, side), number * 40 % 256 if mode == "L" else (number * 40 % 256, 120, 60))
    if mode == "L":
        drawn = Image.new("L", (side, side), 0)
        drawn.paste(255, (side // 4, side // 4, side // 2, side // 2))
    kind = "image/png" if "image/png" in limits.formats else limits.formats[0]
    file = io.BytesIO()
    drawn.save(file, kind.removeprefix("image/").upper())
    return InputImage(data=file.getvalue(), mime_type=kind, width=side, height=side, image_id=f"{mode}-{number}")


def pictures(entry: ModelEntry, count: int) -> tuple[InputImage, ...]:
    return tuple(picture(entry.capabilities.input_limits, number) for number in range(count))


def mask(entry: ModelEntry) -> InputImage:
    return picture(entry.capabilities.input_limits, 0, "L")


def needed(entry: ModelEntry) -> dict[str, Any]:
    """What the model needs beside a prompt."""
    able = entry.capabilities
    if "text-to-image" in able.modes:
        return {}
    given: dict[str, Any] = {"input_images": pictures(entry, 1)}
    if "image-to-image" not in able.modes:
        given["mask"] = mask(entry)
    return given


def plain(entry: ModelEntry, **changes: Any) -> CloudGenerationRequest:
    """The plainest wish that the model takes."""
    return CloudGenerationRequest(**{"prompt": PROMPT, **needed(entry), **changes})


def axes(entry: ModelEntry) -> dict[str, list[Change]]:
    """Everything that a wish for the model can vary, each with all its values."""
    able = entry.capabilities
    offered: dict[str, Sequence[Any]] = {
        "quality": able.qualities, "style": able.styles, "safety_level": able.safety_levels,
        "output_format": able.output_formats, "resolution": able.resolutions,
        "background": ("transparent", "opaque") if able.transparency else (),
        "enhance_prompt": (True, False) if able.enhance_prompt else (),
        "negative_prompt": ("rain",) if able.negative_prompt else (),
        "seed": (7,) if able.seed != "not_sent" else (),
        "num_images": sorted({1, min(2, able.images_per_call), able.images_per_call}),
        "prompt": (PROMPT, _long_prompt(min(able.longest_prompt, 30_000))),
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
        found.append({"input_images": pictures(entry, 1), "mask": mask(entry)})
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


def combinations(entry: ModelEntry, most: int) -> Iterator[CloudGenerationRequest]:
    """The plain wish, then rows in which every value of every axis stands at least once, mixed by a fixed seed."""
    yield plain(entry)
    chance = random.Random(f"{entry.id}")  # noqa: S311 - a seed makes a failing row come again
    columns = {name: chance.sample(values, len(values)) for name, values in axes(entry).items()}
    rows = min(most, max((len(values) for values in columns.values()), default=0))
    for row in range(rows):
        yield _wish(entry, [values[row % len(values)] for values in columns.values()])


def _wish(entry: ModelEntry, changes: list[Change]) -> CloudGenerationRequest:
    given = merged(*changes)
    return CloudGenerationRequest(**{"prompt": PROMPT, **needed(entry), **given})


def lenient(
    wish: CloudGenerationRequest, fits: Callable[[CloudGenerationRequest], Any]
) -> tuple[CloudGenerationRequest, Any] | None:
    """The wish without the fields that are refused beside its others, and what `fits` makes of it; None without any."""
    for _ in range(8):
        try:
            return wish, fits(wish)
        except InvalidField as refusal:
            reduced = _without(wish, refusal.fields)
            if reduced == wish:
                return None
            wish = reduced
    return None


def _without(wish: CloudGenerationRequest, names: Mapping[str, str]) -> CloudGenerationRequest:
    usual = {"num_images": 1, "prompt": PROMPT}
    changes: dict[str, Any] = {}
    for name in names:
        field = name.partition("[")[0]
        if field.startswith("options."):
            options = changes.get("options", dict(wish.options))
            changes["options"] = {key: value for key, value in options.items() if key != field.removeprefix("options.")}
        elif field in ("width", "height"):
            changes |= {"width": None, "height": None}
        elif field not in ("input_images", "mask"):
            changes[field] = usual.get(field)
    return replace(wish, **changes)


@dataclass(frozen=True)
class Claim:
    """One thing that a model says it can: wishes that differ in it alone, from each other and from the plain one."""

    name: str
    values: tuple[Change, ...]
    beside: Change


def claims(entry: ModelEntry, together: Mapping[str, Change]) -> Iterator[Claim]:
    """Each claimed ability with its values. `together` are fields that a vendor wants beside it."""
    able = entry.capabilities
    for name, values in _claimed(entry).items():
        beside: Change = together.get(f"{entry.id}:{name}", together.get(name, {}))
        if name == "strength" and "input_images" not in beside:
            beside = {**beside, "input_images": pictures(entry, 1)}
        if name in ("input_images", "mask") and able.most_input_images == 0:
            continue
        yield Claim(name, tuple(values), beside)


def _claimed(entry: ModelEntry) -> dict[str, list[Change]]:
    able = entry.capabilities
    found: dict[str, list[Change]] = {}
    if able.prompt != "not_sent":
        found["prompt"] = [{"prompt": "A green pear"}]
    for name in (
        "quality",
        "style",
        "safety_level",
        "output_format",
        "resolution",
        "enhance_prompt",
        "negative_prompt",
    ):
        found[name] = [change for change in axes(entry).get(name, []) if change]
    if able.seed != "not_sent":
        found["seed"] = [{"seed": 7}, {"seed": 8}]
    if able.guidance_scale:
        found["guidance_scale"] = [{"guidance_scale": 3}, {"guidance_scale": 4}]
    if able.strength:
        found["strength"] = [{"strength": 0.25}, {"strength": 0.75}]
    if able.transparency:
        found["background"] = [{"background": "transparent"}]
    if able.images_per_call > 1:
        found["num_images"] = [{"num_images": able.images_per_call}]
    table = able.sizes.get(able.default_resolution, {})
    found["aspect_ratio"] = [{"aspect_ratio": ratio} for ratio in table]
    if able.free_size:
        found["free_size"] = [{"width": 1024, "height": 768}, {"width": 768, "height": 1024}]
    if "image-to-image" in able.modes:
        counts = {1, able.most_input_images}
        found["input_images"] = [{"input_images": pictures(entry, count)} for count in sorted(counts)]
    if "inpaint" in able.modes:
        found["mask"] = [{"input_images": pictures(entry, 1), "mask": mask(entry)}]
    for option in able.options:
        values = option_values(option) or ["a text of its own"]
        found[f"options.{option.name}"] = [{"options": {option.name: value}} for value in values]
    return {name: values for name, values in found.items() if values}


def lacking(entry: ModelEntry) -> dict[str, Change]:
    """For each ability that the model lacks, a wish that uses it."""
    able = entry.capabilities
    base = needed(entry)
    found: dict[str, tuple[bool, Change]] = {
        "seed": (able.seed == "not_sent", {"seed": 7}),
        "negative_prompt": (not able.negative_prompt, {"negative_prompt": "rain"}),
        "guidance_scale": (not able.guidance_scale, {"guidance_scale": 5}),
        "strength": (not able.strength, {"strength": 0.5}),
        "enhance_prompt": (not able.enhance_prompt, {"enhance_prompt": True}),
        "background": (not able.transparency, {"background": "transparent"}),
        "quality": (not able.qualities, {"quality": "high"}),
        "style": (not able.styles, {"style": "vivid"}),
        "safety_level": (not able.safety_levels, {"safety_level": "low"}),
        "output_format": (not able.output_formats, {"output_format": "png"}),
        "resolution": (not able.resolutions, {"resolution": "2K"}),
        "aspect_ratio": (not any(able.sizes.values()), {"aspect_ratio": "16:9"}),
        "width": (not any(able.sizes.values()) and able.free_size is None, {"width": 640, "height": 480}),
        "options.no-such-option": (True, {"options": {"no-such-option": 1}}),
        "prompt": (able.prompt == "not_sent", {}),
    }
    if not base:
        found["input_images"] = (able.most_input_images == 0, {"input_images": pictures(entry, 1)})
    given = base.get("input_images") or pictures(entry, 1)
    found["mask"] = ("inpaint" not in able.modes, {"input_images": given, "mask": mask(entry)})
    return {name: change for name, (lacks, change) in found.items() if lacks}
