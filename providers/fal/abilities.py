"""What an endpoint can do, from its inputs: which is the prompt, the size, the reference picture, the mask. Pure.

Each endpoint names its inputs itself; the names below are those that fal's image endpoints use. An input without a
known meaning becomes an option of the model when a person could fill it in. The wish's addresses (…_url) are the hub's
to give, so that none becomes an option, and `sync_mode` stays as it is: results come by address.
"""

import re
from typing import Any, Literal

from providers.base import Capabilities, FreeSize, Option
from providers.counting import ManyAtOnce, held_at_one
from providers.fal.schema import Field

# In the order of preference.
COUNTS = ("num_images", "num_outputs", "number_of_images", "num_samples", "image_count", "batch_size")
NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # our name: (the endpoint's names, the kinds that fit)
    "prompt": (("prompt",), ("string",)),
    "negative_prompt": (("negative_prompt",), ("string",)),
    "seed": (("seed",), ("integer",)),
    "count": (COUNTS, ("integer",)),
    "guidance_scale": (("guidance_scale", "cfg_scale"), ("number", "integer")),
    "strength": (("strength",), ("number",)),
    "enhance_prompt": (("enhance_prompt", "expand_prompt", "enable_prompt_expansion"), ("boolean",)),
    "output_format": (("output_format",), ("string",)),
    "image_size": (("image_size",), ("size", "string")),
    "mask": (("mask_url", "mask_image_url"), ("string",)),
}
PICTURES = (
    ("image_urls", "texts"), ("input_image_urls", "texts"), ("reference_image_urls", "texts"),
    ("image_url", "string"), ("input_image_url", "string"), ("reference_image_url", "string"),
)  # fmt: skip
FORMATS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp"}
# https://fal.ai/docs/model-api-reference: what the names of `image_size` stand for.
PRESETS = {
    "square_hd": ("1:1", (1024, 1024)), "landscape_4_3": ("4:3", (1024, 768)), "portrait_4_3": ("3:4", (768, 1024)),
    "landscape_16_9": ("16:9", (1024, 576)), "portrait_16_9": ("9:16", (576, 1024)), "square": ("1:1", (512, 512)),
}  # fmt: skip
# Inputs that only endpoints of moving pictures or sound have.
MOVING = {"audio_url", "duration", "fps", "frames_per_second", "generate_audio", "num_frames", "video_url"}
NEVER_OPTIONS = {"sync_mode"}
MOST_IN_A_LIST = 4
MOST_PICTURES_A_CALL = 10
LONGEST_DESCRIPTION = 300
USUAL_SIDE = 1024
FREE_SIZE = FreeSize(step=16, least_side=256, most_side=2048, most_pixels=2048 * 2048)
_RATIO = re.compile(r"([1-9][0-9]?):([1-9][0-9]?)")
_BLACK_CHANGES = re.compile(r"\bblack\b[^.;]{0,40}?\b(?:inpaint|edit|chang|fill|replac|modif|regenerat)", re.IGNORECASE)
_OTHER_SENSE = re.compile(r"\b(?:white|preserv|kept|keep|unchanged|protect|ignor)", re.IGNORECASE)


class Unsuitable(ValueError):
    """The endpoint is none that the hub can drive; the text says why."""


def read_abilities(fields: list[Field], endpoint: str) -> Capabilities:
    """The capabilities of an endpoint with these inputs. Raises `Unsuitable` with a sentence."""
    known = {field.name: field for field in fields}
    moving = sorted(MOVING & set(known))
    if moving:
        raise Unsuitable(f"It has the input {moving[0]}, so it seems to make moving pictures or sound.")
    inputs = _named_inputs(known)
    if "prompt" not in inputs:
        raise Unsuitable("None of its inputs is a prompt.")
    picture = next((known[name] for name, kind in PICTURES if name in known and known[name].kind == kind), None)
    if picture is None:
        inputs.pop("mask", None)
        inputs.pop("strength", None)
    facts: dict[str, Any] = {"inputs": inputs}
    sizes = _sizes(known, inputs, facts)
    _add_picture_facts(picture, known, inputs, facts, endpoint)
    used = {*inputs.values(), *([picture.name] if picture else [])}
    try:
        held = held_at_one(fields, used)
    except ManyAtOnce as error:
        raise Unsuitable(f"Its input {error} makes several pictures at once.") from error
    facts |= {"held": held} if held else {}
    used |= set(held)
    return _capabilities(known, inputs, picture, sizes, _options(fields, used, facts), facts)


def _named_inputs(known: dict[str, Field]) -> dict[str, str]:
    found = {}
    for ours, (names, kinds) in NAMES.items():
        name = next((name for name in names if name in known and known[name].kind in kinds), "")
        # What cannot be said in our words stays an option of the model.
        if name and (ours != "output_format" or _formats(known[name])):
            found[ours] = name
    return found


def _sizes(known: dict[str, Field], inputs: dict[str, str], facts: dict[str, Any]) -> dict[str, Any]:
    """Ratio → pixels; what carries them goes into `inputs`, how they are spelled into `facts`."""
    if "image_size" in inputs:
        offered = [name for name in known[inputs["image_size"]].text_choices if name in PRESETS]
        names: dict[str, str] = {}
        for name in offered:
            names.setdefault(PRESETS[name][0], name)
        facts.setdefault("spellings", {})["image_size"] = names
        return {ratio: PRESETS[name][1] for ratio, name in names.items()}
    ratios = known.get("aspect_ratio")
    table = {choice: _pixels(choice) for choice in ratios.text_choices if _RATIO.fullmatch(choice)} if ratios else {}
    if table:
        inputs["aspect_ratio"] = "aspect_ratio"
    return table


def _pixels(ratio: str) -> tuple[int, int]:
    """An estimate: one megapixel of that shape."""
    across, down = (int(side) for side in ratio.split(":"))
    scale = (across / down) ** 0.5
    return round(USUAL_SIDE * scale / 16) * 16, round(USUAL_SIDE / scale / 16) * 16


def _add_picture_facts(
    picture: Field | None, known: dict[str, Field], inputs: dict[str, str], facts: dict[str, Any], endpoint: str
) -> None:
    if picture is not None:
        facts["images"] = picture.name
        if picture.kind == "texts":
            facts["images_in_list"] = True
    if "mask" in inputs:
        # Ideogram's masks are black where the picture shall change, whatever the page says or leaves out.
        is_black = "ideogram" in endpoint or _black_changes(known[inputs["mask"]].description)
        facts["mask_changes"] = "black" if is_black else "white"
    formats = _formats(known[inputs["output_format"]]) if "output_format" in inputs else {}
    if any(ours != theirs for ours, theirs in formats.items()):
        facts.setdefault("spellings", {})["output_format"] = formats
    guidance = known.get(inputs.get("guidance_scale", ""))
    bounds = {"minimum": guidance.minimum, "maximum": guidance.maximum} if guidance else {}
    if any(bound is not None for bound in bounds.values()):
        facts["guidance_range"] = {name: bound for name, bound in bounds.items() if bound is not None}
    least = known[inputs["strength"]].minimum if "strength" in inputs else None
    if least:
        facts["strength_least"] = least


def _black_changes(description: str) -> bool:
    found = _BLACK_CHANGES.search(description)
    return bool(found and not _OTHER_SENSE.search(found[0]))


def _formats(field: Field) -> dict[str, str]:
    return {FORMATS[choice]: choice for choice in field.text_choices if choice in FORMATS}


def _options(fields: list[Field], used: set[str], facts: dict[str, Any]) -> tuple[Option, ...]:
    """Every other input that a person could fill in. Raises `Unsuitable` when a needed one is not of that kind."""
    options, required = [], []
    for field in fields:
        if field.name in used or field.name in NEVER_OPTIONS:
            continue
        is_address = field.name.endswith(("_url", "_urls"))
        if is_address or field.kind not in ("string", "integer", "number", "boolean"):
            if field.required:
                raise Unsuitable(f"Its input {field.name} is needed and takes more than a plain value.")
            continue
        if field.required:
            required.append(field.name)
        options.append(_option(field))
    if required:
        facts["required_options"] = required
    return tuple(options)


def _option(field: Field) -> Option:
    kinds: dict[str, Any] = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
    kind, is_number = kinds[field.kind], field.kind in ("integer", "number")
    choices = field.text_choices if kind == "text" else ()
    default = field.default if isinstance(field.default, str | int | float | bool) else None
    return Option(
        name=field.name,
        kind=kind,
        choices=choices,
        default=default if not choices or default in choices else None,
        minimum=field.minimum if is_number else None,
        maximum=field.maximum if is_number else None,
        description=field.description[:LONGEST_DESCRIPTION],
    )


def _capabilities(
    known: dict[str, Field], inputs: dict[str, str], picture: Field | None, table: dict[str, Any],
    options: tuple[Option, ...], facts: dict[str, Any],
) -> Capabilities:  # fmt: skip
    needs_mask = "mask" in inputs and known[inputs["mask"]].required
    modes: list[Literal["text-to-image", "image-to-image", "inpaint"]] = []
    if picture is None or not picture.required:
        modes.append("text-to-image")
    if picture is not None and not needs_mask:
        modes.append("image-to-image")
    if "mask" in inputs:
        modes.append("inpaint")
    in_list = picture is not None and picture.kind == "texts"
    most_images = (picture.most_items or MOST_IN_A_LIST) if picture and in_list else int(picture is not None)
    count = known.get(inputs.get("count", ""))
    most_pictures = int(count.maximum) if count and count.maximum else 1
    takes_size = "image_size" in inputs and known[inputs["image_size"]].kind == "size"
    return Capabilities(
        modes=tuple(modes),
        sizes={"": table} if table else {},
        free_size=FREE_SIZE if takes_size else None,
        images_per_call=min(max(most_pictures, 1), MOST_PICTURES_A_CALL),
        prompt="required" if known[inputs["prompt"]].required or picture is None else "optional",
        seed="best_effort" if "seed" in inputs else "not_sent",
        negative_prompt="negative_prompt" in inputs,
        guidance_scale="guidance_scale" in inputs,
        strength="strength" in inputs,
        enhance_prompt="enhance_prompt" in inputs,
        output_formats=tuple(_formats(known[inputs["output_format"]])) if "output_format" in inputs else (),
        most_input_images=min(most_images, 32),
        options=options,
        facts=facts,
    )
