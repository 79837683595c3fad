"""For each thing that a model claims, wishes that differ in it alone; for each that it lacks, a wish that uses it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.base import CloudGenerationRequest, InvalidField, ModelEntry, Provider
from tests.contract.drive import fit
from tests.contract.wishes import Change, axes, mask, merged, needed, option_values, picture, pictures, usual

CHOICES = ("quality", "style", "safety_level", "output_format", "resolution", "enhance_prompt", "negative_prompt")


@dataclass(frozen=True)
class Claim:
    """An ability with some of its values. At most one value may be what the vendor takes when nothing is said."""

    name: str
    values: tuple[Change, ...]


def claims(entry: ModelEntry, needs: Change, texts: Mapping[str, list[Any]]) -> list[Claim]:
    """Every claimed ability. `needs` is what the model wants anyway, `texts` are values of options of any text."""
    able = entry.capabilities
    found: dict[str, list[Change]] = {name: [value for value in axes(entry).get(name, []) if value] for name in CHOICES}
    found["prompt"] = [{"prompt": "A green pear"}] if able.prompt != "not_sent" else []
    found["seed"] = [{"seed": 7}, {"seed": 8}] if able.seed != "not_sent" else []
    found["guidance_scale"] = [{"guidance_scale": 3}, {"guidance_scale": 4}] if able.guidance_scale else []
    found["strength"] = [{"strength": 0.25}, {"strength": 0.75}] if able.strength else []
    found["background"] = [{"background": "transparent"}] if able.transparency else []
    found["num_images"] = [{"num_images": able.images_per_call}] if able.images_per_call > 1 else []
    table = able.sizes.get(able.default_resolution, {})
    found["aspect_ratio"] = [{"aspect_ratio": ratio} for ratio in table] if len(table) > 1 else []
    if able.free_size:
        found["free_size"] = [{"width": 1024, "height": 768}, {"width": 768, "height": 1024}]
    if "image-to-image" in able.modes:
        counts = sorted({max(1, len(needs.get("input_images", ()))), able.most_input_images})
        found["input_images"] = [{"input_images": pictures(entry, count, 4)} for count in counts]
    if "inpaint" in able.modes:
        found["mask"] = [
            {"input_images": pictures(entry, 1), "mask": mask(able.input_limits, number)} for number in (1, 2)
        ]
    for option in able.options:
        name = f"options.{option.name}"
        values = texts.get(name) or option_values(option) or ["one text", "another text"]
        found[name] = [{"options": {option.name: value}} for value in values]
    return [Claim(name, tuple(values)) for name, values in found.items() if values]


def contexts(entry: ModelEntry) -> Iterator[Change]:
    """What some abilities want beside them: a picture, a mask, a format, another option."""
    able = entry.capabilities
    yield {}
    if able.most_input_images:
        yield {"input_images": pictures(entry, 1)}
        yield {"input_images": pictures(entry, able.most_input_images)}
    if "inpaint" in able.modes:
        yield {"input_images": pictures(entry, 1), "mask": mask(able.input_limits)}
    for name in ("output_format", "quality", "style", "enhance_prompt"):
        yield from (value for value in axes(entry).get(name, []) if value)
    for option in able.options:
        yield from ({"options": {option.name: value}} for value in option_values(option))


def wanted(provider: Provider, entry: ModelEntry, claim: Claim) -> tuple[CloudGenerationRequest, ...]:
    """The wish without the ability, then one for each of its values, as the hub would send them.

    Raises `InvalidField` when the model refuses its own claim beside everything that it offers.
    """
    refusal: InvalidField | None = None
    dropped: tuple[CloudGenerationRequest, ...] = ()
    for beside in contexts(entry):
        asked = [usual(provider, entry, **merged(beside, wish)) for wish in ({}, *claim.values)]
        try:
            fitted = tuple(fit(provider, entry, wish).request for wish in asked)
        except InvalidField as error:
            refusal = refusal or error
            continue
        if all(_kept(value, request) for value, request in zip(claim.values, fitted[1:], strict=True)):
            return fitted
        dropped = dropped or fitted
    if not dropped and refusal is not None:
        raise refusal
    return dropped


def _kept(value: Change, request: CloudGenerationRequest) -> bool:
    """Whether the fields of a change are still in the wish; sizes become ratios and are not looked at."""
    names = set(value) - {"width", "height", "options", "input_images", "mask"}
    return all(getattr(request, name) == value[name] for name in names)


def lacking(provider: Provider, entry: ModelEntry) -> dict[str, Change]:
    """For each ability that the model lacks, a change that uses it."""
    able = entry.capabilities
    has_sizes = any(able.sizes.values())
    given = needed(provider, entry).get("input_images") or (picture(able.input_limits),)
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
        "aspect_ratio": (not has_sizes, {"aspect_ratio": "16:9"}),
        "width": (not has_sizes and able.free_size is None, {"width": 640, "height": 480}),
        "options.no-such-option": (True, {"options": {"no-such-option": 1}}),
        "prompt": (able.prompt == "not_sent", {}),
        "input_images": (able.most_input_images == 0, {"input_images": given}),
        "mask": ("inpaint" not in able.modes, {"input_images": given, "mask": mask(able.input_limits)}),
    }
    return {name: change for name, (lacks, change) in found.items() if lacks}
