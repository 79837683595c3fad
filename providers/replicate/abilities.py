"""What a model can do, from its inputs: which of them is the prompt, the size, the reference picture, the mask. Pure.

There is no list of input names at Replicate: each model's author chooses them. The names below are those that its
image models use; an input without a known meaning becomes an option of the model when a person could fill it in.
"""

import re
from typing import Any, Literal

from providers.base import Capabilities, Option
from providers.counting import ManyAtOnce, held_at_one
from providers.replicate.schema import Field
from providers.replicate.sizes import Sizes, read_sizes

# In the order of preference.
COUNTS = (
    "num_outputs", "num_images", "number_of_images", "num_samples", "n", "number_of_outputs", "image_count",
    "max_images", "num_images_per_prompt", "images_per_prompt", "num_variations", "samples", "n_samples",
    "batch_size", "batch_count",
)  # fmt: skip
# Says whether `max_images` is looked at; on "auto" the model itself decides how many up to it, so that four pictures
# come surely by four calls only.
SERIES = "sequential_image_generation"
PROMPTS = ("prompt", "text_prompt", "text", "caption", "instruction", "instructions")
NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # our name: (the model's names, the kinds that fit)
    "negative_prompt": (("negative_prompt",), ("string",)),
    "seed": (("seed",), ("integer",)),
    "count": (COUNTS, ("integer",)),
    "guidance_scale": (("guidance_scale", "guidance", "cfg_scale", "cfg"), ("number", "integer")),
    "strength": (("prompt_strength", "strength", "denoising_strength"), ("number",)),
    "enhance_prompt": (("prompt_upsampling", "enhance_prompt", "prompt_enhancement"), ("boolean",)),
    "output_format": (("output_format", "image_format", "file_format", "format"), ("string",)),
    "mask": (("mask", "mask_image", "inpaint_mask", "input_mask"), ("file",)),
}
IMAGES = (
    "input_images", "image_input", "images", "image_inputs", "reference_images",
    "image", "input_image", "init_image", "source_image", "reference_image", "image_prompt",
)  # fmt: skip
FORMATS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp"}
# Inputs that only models of moving pictures or sound have.
MOVING = {
    "audio", "duration", "fps", "frame_rate", "frames_per_second", "generate_audio", "num_frames", "video",
    "video_length",
}  # fmt: skip
MOST_IN_A_LIST = 8
LONGEST_DESCRIPTION = 300
MOST_PICTURES_A_CALL = 10
_BLACK_CHANGES = re.compile(r"\bblack\b[^.;]{0,40}?\b(?:inpaint|edit|chang|fill|replac|modif|regenerat)", re.IGNORECASE)
_OTHER_SENSE = re.compile(r"\b(?:white|preserv|kept|keep|unchanged|protect|ignor)", re.IGNORECASE)


class Unsuitable(ValueError):
    """The model is none that the hub can drive; the text says why."""


def read_abilities(fields: list[Field], *, official: bool, version: str) -> Capabilities:
    """The capabilities of a model with these inputs. Raises `Unsuitable` with a sentence."""
    known = {field.name: field for field in fields}
    moving = sorted(MOVING & set(known))
    if moving:
        raise Unsuitable(f"It has the input {moving[0]}, so it seems to make moving pictures or sound.")
    prompt = next((name for name in PROMPTS if name in known and known[name].kind == "string"), "")
    if not prompt:
        raise Unsuitable("None of its inputs is a prompt.")
    inputs = {"prompt": prompt} | _named_inputs(known)
    images = _image_inputs(fields)
    if "mask" in inputs and not images:
        del inputs["mask"]
    sizes = read_sizes(known)
    inputs |= sizes.inputs
    used = {*inputs.values(), *(field.name for field in images)}
    facts: dict[str, Any] = {"inputs": inputs, **sizes.facts, **_image_facts(images, known, inputs)}
    facts |= {"official": True} if official else {"version": version}
    try:
        held = held_at_one(fields, used)
    except ManyAtOnce as error:
        raise Unsuitable(f"Its input {error} makes several pictures at once.") from error
    facts |= {"held": held} if held else {}
    used |= set(held)
    options = _options(fields, used, facts)
    return _capabilities(known, inputs, images, sizes, options, facts)


def _named_inputs(known: dict[str, Field]) -> dict[str, str]:
    found = {}
    for ours, (names, kinds) in NAMES.items():
        name = next((name for name in names if name in known and known[name].kind in kinds), "")
        # What cannot be said in our words stays an option of the model.
        if name and (ours != "output_format" or _formats(known[name])):
            found[ours] = name
    return found


def _image_inputs(fields: list[Field]) -> list[Field]:
    """The inputs of reference pictures: one that takes a list, else numbered ones, else a single one."""
    pictures = [field for field in fields if field.kind in ("file", "files") and "mask" not in field.name]
    by_name = {field.name: field for field in pictures}
    lists = [field for field in pictures if field.kind == "files" and "image" in field.name]
    for name in IMAGES:
        if name in by_name and by_name[name].kind == "files":
            return [by_name[name]]
    if lists and not any(name in by_name for name in IMAGES):
        return lists[:1]
    numbered = [field for field in pictures if re.fullmatch(r"(?:input_)?image_?[1-9]", field.name)]
    if numbered:
        return sorted(numbered, key=lambda field: field.name)
    return [by_name[name] for name in IMAGES if name in by_name][:1]


def _image_facts(images: list[Field], known: dict[str, Field], inputs: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if images:
        facts["images"] = [field.name for field in images]
    if images and images[0].kind == "files":
        facts["images_in_list"] = True
    if "mask" in inputs:
        facts["mask_changes"] = "black" if _black_changes(known[inputs["mask"]].description) else "white"
        if re.search(r"must also use a mask|mask is required", images[0].description, re.IGNORECASE):
            facts["image_needs_mask"] = True
    formats = _formats(known[inputs["output_format"]]) if "output_format" in inputs else {}
    if any(ours != theirs for ours, theirs in formats.items()):
        facts["formats"] = formats
    guidance = known.get(inputs.get("guidance_scale", ""))
    bounds = {"minimum": guidance.minimum, "maximum": guidance.maximum} if guidance else {}
    if any(bound is not None for bound in bounds.values()):
        facts["guidance_range"] = {name: bound for name, bound in bounds.items() if bound is not None}
    return facts


def _black_changes(description: str) -> bool:
    found = _BLACK_CHANGES.search(description)
    return bool(found and not _OTHER_SENSE.search(found[0]))


def _formats(field: Field) -> dict[str, str]:
    return {FORMATS[choice]: choice for choice in field.text_choices if choice in FORMATS}


def _options(fields: list[Field], used: set[str], facts: dict[str, Any]) -> tuple[Option, ...]:
    """Every other input that a person could fill in. Raises `Unsuitable` when one that is needed is not of that kind.

    Secrets are left out: options are stored with the picture and shown.
    """
    kinds = {"string": "text", "file": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
    options, required = [], []
    for field in fields:
        if field.name in used:
            continue
        if field.secret or field.kind not in kinds:
            if field.required:
                kind = "a secret" if field.secret else "more than a plain value"
                raise Unsuitable(f"Its input {field.name} is needed and takes {kind}.")
            continue
        if field.required:
            required.append(field.name)
        options.append(_option(field, kinds[field.kind]))
    if required:
        facts["required_options"] = required
    return tuple(options)


def _option(field: Field, kind: Any) -> Option:
    numbers = [choice for choice in field.choices if isinstance(choice, int | float) and not isinstance(choice, bool)]
    is_scalar = isinstance(field.default, str | int | float | bool)
    return Option(
        name=field.name,
        kind=kind,
        choices=field.text_choices if kind == "text" else (),
        default=field.default if is_scalar else None,
        minimum=min(numbers) if numbers else field.minimum,
        maximum=max(numbers) if numbers else field.maximum,
        description=field.description[:LONGEST_DESCRIPTION],
    )


def _capabilities(
    known: dict[str, Field], inputs: dict[str, str], images: list[Field], sizes: Sizes, options: tuple[Option, ...],
    facts: dict[str, Any],
) -> Capabilities:  # fmt: skip
    modes: list[Literal["text-to-image", "image-to-image", "inpaint"]] = []
    if not any(field.required for field in images):
        modes.append("text-to-image")
    needs_mask = facts.get("image_needs_mask") is True or ("mask" in inputs and known[inputs["mask"]].required)
    if images and not needs_mask:
        modes.append("image-to-image")
    if "mask" in inputs:
        modes.append("inpaint")
    most_images = images[0].most_items or MOST_IN_A_LIST if facts.get("images_in_list") else len(images)
    formats = _formats(known[inputs["output_format"]]) if "output_format" in inputs else {}
    count = known.get(inputs.get("count", ""))
    most_pictures = int(count.maximum) if count and count.maximum and SERIES not in known else 1
    return Capabilities(
        modes=tuple(modes),
        sizes=sizes.table,
        free_size=sizes.free,
        images_per_call=min(max(most_pictures, 1), MOST_PICTURES_A_CALL),
        prompt="required" if known[inputs["prompt"]].required or not images else "optional",
        seed="best_effort" if "seed" in inputs else "not_sent",
        negative_prompt="negative_prompt" in inputs,
        guidance_scale="guidance_scale" in inputs,
        strength="strength" in inputs and bool(images),
        enhance_prompt="enhance_prompt" in inputs,
        output_formats=tuple(formats),
        most_input_images=most_images,
        options=options,
        facts=facts,
    )
