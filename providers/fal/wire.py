"""A wish as the input of a fal endpoint, and a result as pictures. Pure.

Which input of an endpoint carries what stands in its `capabilities.facts`, from `catalog.toml` or from the endpoint's
own schema (`abilities`):
    inputs           our names to the endpoint's: prompt, negative_prompt, seed, count, guidance_scale, strength,
                     enhance_prompt, output_format, aspect_ratio, image_size, resolution, quality, style, safety_level,
                     mask
    spellings        by our name, values that the endpoint spells otherwise; for image_size, ratios to names of sizes
    images           the input of reference pictures; with `images_in_list` it takes a list
    mask_changes     "white" or "black": the colour of a mask that shall change. fal has no rule for all endpoints;
                     Ideogram's are black there. The mask goes as a PNG of its picture's size.
    held             inputs that are always sent, with their values: see `counting`
    guidance_range, strength_least, required_options: see `check_wish`; priced_by and the rest: see `usage`

Files travel as data URIs (https://fal.ai/docs/documentation/model-apis/fal-cdn.md). Results are as on each endpoint's
page: `images` (or a single `image`) with `url`, `seed`, `has_nsfw_concepts`. A picture that is flagged there is black;
it is not fetched and, as nothing says otherwise, booked as charged.
"""

import binascii
from collections.abc import Mapping
from typing import Any

import pybase64

from providers import masks
from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    InvalidField,
    ModelEntry,
    Picture,
    Rejected,
)
from providers.fal.job import Job
from providers.fal.schema import number
from providers.fal.usage import delivered_units
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, kept, mapping, quotation, shown, text, texts, whole


def to_input(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The endpoint's input: only what the wish names and the endpoint takes."""
    facts = model.capabilities.facts
    names = mapping(facts.get("inputs"))
    values: dict[str, Any] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or None,
        "seed": request.seed,
        # Always named: an endpoint's own default may be another number.
        "count": request.num_images,
        "guidance_scale": request.guidance_scale,
        "strength": request.strength,
        "enhance_prompt": request.enhance_prompt,
        "output_format": request.output_format,
        "aspect_ratio": request.aspect_ratio,
        "image_size": request.aspect_ratio,
        "resolution": request.resolution,
        "quality": request.quality,
        "style": request.style,
        "safety_level": request.safety_level,
    }
    if request.mask is not None and request.input_images:
        values["mask"] = _data_uri(_mask(request.mask, request.input_images[0], model), "image/png")
    spellings = mapping(facts.get("spellings"))
    body = {
        names[name]: mapping(spellings.get(name)).get(value, value) if isinstance(value, str) else value
        for name, value in values.items()
        if name in names and value is not None
    }
    if request.width and request.height and request.aspect_ratio is None and "image_size" in names:
        body[names["image_size"]] = {"width": request.width, "height": request.height}
    return body | _images(request, model) | mapping(model.capabilities.facts.get("held")) | dict(request.options)


def _images(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    name = text(model.capabilities.facts.get("images"))
    files = [_data_uri(image.data, image.mime_type) for image in request.input_images]
    if not name or not files:
        return {}
    return {name: files if model.capabilities.facts.get("images_in_list") is True else files[0]}


def _mask(mask: InputImage, picture: InputImage, model: ModelEntry) -> bytes:
    size = (picture.width, picture.height)
    if model.capabilities.facts.get("mask_changes") == "black":
        return masks.black_changes(mask, size)
    return masks.white_changes(mask, size)


def _data_uri(data: bytes, mime_type: str) -> str:
    return f"data:{mime_type};base64,{pybase64.b64encode_as_string(data)}"


def check_wish(request: CloudGenerationRequest, model: ModelEntry) -> None:
    """Raises `InvalidField` naming each field that this endpoint would refuse beyond the common rules."""
    facts = model.capabilities.facts
    problems = {}
    for name in texts(list(facts.get("required_options", ()))):
        if name not in request.options:
            problems[f"options.{name}"] = f"{model.name} needs this option."
    if request.strength is not None and not request.input_images:
        problems["strength"] = "A strength says how far a reference picture may change; add one."
    least = number(facts.get("strength_least"))
    if request.strength is not None and least is not None and request.strength < least:
        problems["strength"] = f"Must be a number from {least:g} to 1."
    outside = _outside(request.guidance_scale, mapping(facts.get("guidance_range")))
    if outside:
        problems["guidance_scale"] = outside
    if problems:
        raise InvalidField(problems)


def _outside(value: float | None, bounds: Mapping[str, Any]) -> str:
    least, most = (number(bounds.get(name)) for name in ("minimum", "maximum"))
    if value is None or ((least is None or value >= least) and (most is None or value <= most)):
        return ""
    words = [f"{word} {bound:g}" for word, bound in (("from", least), ("to", most)) if bound is not None]
    return f"Must be a number {' '.join(words)}."


def addresses_in(output: Mapping[str, Any]) -> list[str]:
    """Where the pictures of a result lie, in order: of `images`, or of a single `image`."""
    single = output.get("image")
    named = output.get("images") if isinstance(output.get("images"), list) else [single]
    found = [text(one.get("url")) if isinstance(one, dict) else text(one) for one in named or []]
    return [address for address in found if address.startswith(("https://", "http://", "data:"))]


def flags_of(output: Mapping[str, Any], count: int) -> list[bool]:
    """For each picture whether fal's checker withheld it."""
    told = output.get("has_nsfw_concepts")
    flags = [one is True for one in told] if isinstance(told, list) else []
    return (flags + [False] * count)[:count]


def decode_data_uri(address: str) -> bytes:
    """The bytes of a data URI; empty when it holds none that can be read."""
    try:
        return pybase64.b64decode(address.partition("base64,")[2], validate=True)
    except (binascii.Error, ValueError):
        return b""


def from_result(
    output: dict[str, Any], files: list[bytes], job: Job, usage: Mapping[str, str], redact: Redact
) -> CloudGenerationResponse:
    """The response of a result whose pictures are `files`, of which the withheld ones were not fetched.

    Raises `Rejected` when none is left, with what fal charges all the same.
    """
    named = len(addresses_in(output))
    units = delivered_units(job.units, asked=job.count, delivered=named) if named else dict(job.units)
    if not files:
        raise _nothing(output, named, job, units, redact)
    # Several pictures of one seed cannot be drawn again one by one.
    seed = whole(output.get("seed")) if named == 1 else None
    seed = seed if seed is not None and 0 <= seed < 2**32 else None
    found: list[tuple[bytes, Picture]] = []
    for data in files:
        try:
            found.append((data, read_picture(data, seed=seed)))
        except UnreadablePicture:
            continue
    if not found:
        raise Rejected(
            "invalid_output", "fal gave no readable PNG, JPEG or WebP picture. It charges it all the same.",
            request_id=job.id, billed=units,
        )  # fmt: skip
    metadata: dict[str, Any] = {"units": units, "endpoint": job.endpoint}
    if named > len(files):
        metadata["withheld_pictures"] = named - len(files)
    if len(found) < len(files):
        metadata["unreadable_files"] = len(files) - len(found)
    return CloudGenerationResponse(
        images=[data for data, _ in found], pictures=tuple(picture for _, picture in found), metadata=metadata,
        provider_response=_kept(output, redact), usage={**usage, **kept(mapping(output.get("timings")), redact)},
        request_id=job.id,
    )  # fmt: skip


def _nothing(output: Mapping[str, Any], named: int, job: Job, units: Mapping[str, int], redact: Redact) -> Rejected:
    if named:
        message = (
            "fal: The safety checker withheld every picture. Whether that is charged is not told; it is booked so."
        )
        return Rejected("refused_output", message, request_id=job.id, billed=units)
    words = shown(text(output.get("description")), redact)
    told = quotation(words, "The model")
    return Rejected(
        "no_image_text_answer" if words else "invalid_output",
        f"fal: The model finished and gave no picture. {told or 'It told no reason.'} It is booked as charged.",
        request_id=job.id, billed=units, answer_text=words,
    )  # fmt: skip


def _kept(output: dict[str, Any], redact: Redact) -> dict[str, Any]:
    """The result for storage, without the bytes of pictures that came inside of it."""
    listed = [{**one, "url": _short(text(one.get("url")))} for one in items(output.get("images"))]
    whole_answer = {**output, "images": listed} if listed else dict(output)
    if isinstance(output.get("image"), dict):
        whole_answer["image"] = {**output["image"], "url": _short(text(output["image"].get("url")))}
    stored: dict[str, Any] = kept(whole_answer, redact)
    return stored


def _short(address: str) -> str:
    return f"[{len(decode_data_uri(address))} bytes]" if address.startswith("data:") else address
