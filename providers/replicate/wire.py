"""A wish as the input of a Replicate model, and a prediction as pictures. Pure.

Which input of a model carries what stands in its `capabilities.facts`, from `catalog.toml` or from the model's own
schema (`abilities`):
    official         true for models called by owner and name, false for those called by their `version`
    version          the 64 letters of the version that was described
    inputs           our names to the model's: prompt, negative_prompt, seed, aspect_ratio, resolution, width, height,
                     count, output_format, guidance_scale, strength, enhance_prompt, mask
    images           the inputs of reference pictures, in order; with `images_in_list` the one that takes a list
    held             inputs that say how many pictures are made and are not driven by `num_images`, each at one picture
    ratio_values     ratios that the model spells otherwise ("3:2" → "1536x1024")
    custom_ratio     the aspect ratio that makes the model look at width and height
    formats          output formats that the model spells otherwise ("jpeg" → "jpg")
    mask_changes     "white" or "black": the colour of a mask that shall change. Replicate has no rule for all models.
    image_needs_mask, required_options, guidance_range, priced_by: see `checks` and `usage`

https://replicate.com/docs/topics/predictions/create-a-prediction and …/topics/predictions/input-files
"""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pybase64

from providers import masks
from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    ModelEntry,
    Picture,
    Rejected,
)
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, kept, mapping, shown, text, texts
from providers.replicate.job import Job
from providers.replicate.reading import whole
from providers.replicate.usage import delivered_units

LARGEST_DATA_URI = 256 * 1024
_SEED_IN_LOG = re.compile(r"\bseed\b[^0-9\n-]{0,12}([0-9]{1,10})\b", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """A picture as it goes to the vendor."""

    data: bytes
    mime_type: str

    @property
    def data_uri(self) -> str:
        return f"data:{self.mime_type};base64,{pybase64.b64encode_as_string(self.data)}"


def files_of(request: CloudGenerationRequest, model: ModelEntry) -> list[File]:
    """The reference pictures in order, then the mask in the vendor's sense and its picture's size."""
    files = [File(image.data, image.mime_type) for image in request.input_images]
    if request.mask is not None and request.input_images:
        files.append(File(_mask(request.mask, request.input_images[0], model), "image/png"))
    return files


def with_files(request: CloudGenerationRequest, addresses: Sequence[str]) -> CloudGenerationRequest:
    """The wish with the addresses or data URIs of its files, in the order of `files_of`."""
    return replace(request, prepared={**request.prepared, "files": list(addresses)})


def _mask(mask: InputImage, picture: InputImage, model: ModelEntry) -> bytes:
    size = (picture.width, picture.height)
    if model.capabilities.facts.get("mask_changes") == "black":
        return masks.black_changes(mask, size)
    return masks.white_changes(mask, size)


def to_input(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The model's input: only what the wish names and the model takes.

    `request.prepared["files"]` holds the addresses of the files of `files_of`; without it all travel as data URIs.
    """
    facts = model.capabilities.facts
    names = mapping(facts.get("inputs"))
    values: dict[str, Any] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or None,
        "seed": request.seed,
        "guidance_scale": request.guidance_scale,
        "strength": request.strength,
        "enhance_prompt": request.enhance_prompt,
        # Always named: some models make several pictures when nothing is said.
        "count": request.num_images,
        "resolution": request.resolution,
        "output_format": _spelled(facts.get("formats"), request.output_format),
        **_size(request, model),
    }
    addresses = list(request.prepared.get("files") or [file.data_uri for file in files_of(request, model)])
    if request.mask is not None and request.input_images:
        values["mask"] = addresses.pop()
    body = {names[name]: value for name, value in values.items() if name in names and value is not None}
    return body | _images(addresses, model) | mapping(facts.get("held")) | dict(request.options)


def _size(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    facts = model.capabilities.facts
    if request.width and request.height and request.aspect_ratio is None:
        custom = facts.get("custom_ratio")
        # A model that looks at width and height for a custom ratio has no resolution besides.
        other = {"aspect_ratio": custom, "resolution": None} if custom else {}
        return {"width": request.width, "height": request.height, **other}
    return {"aspect_ratio": _spelled(facts.get("ratio_values"), request.aspect_ratio)}


def _spelled(spellings: Any, value: str | None) -> str | None:
    return mapping(spellings).get(value, value) if value else None


def _images(addresses: list[str], model: ModelEntry) -> dict[str, Any]:
    facts = model.capabilities.facts
    inputs = texts(list(facts.get("images", ())))
    if not addresses or not inputs:
        return {}
    if facts.get("images_in_list") is True:
        return {inputs[0]: addresses}
    return dict(zip(inputs, addresses, strict=False))


def addresses_in(prediction: dict[str, Any]) -> list[str]:
    """Where the pictures of a finished prediction lie: `output` is one address or a list of them."""
    output = prediction.get("output")
    found = [output] if isinstance(output, str) else texts(output)
    return [address for address in found if address.startswith(("https://", "http://", "data:"))]


def decode_data_uri(address: str) -> bytes:
    """The bytes of a data URI; empty when it holds none that can be read."""
    try:
        return pybase64.b64decode(address.partition("base64,")[2], validate=True)
    except (binascii.Error, ValueError):
        return b""


def from_prediction(
    prediction: dict[str, Any], files: list[bytes], job: Job, redact: Redact
) -> CloudGenerationResponse:
    """The response of a prediction that succeeded, with the fetched `files` of its output.

    Raises `Rejected` when none of them is a picture, with what Replicate charges all the same.
    """
    found: list[tuple[bytes, Picture]] = []
    # Several pictures of one seed cannot be drawn again one by one.
    seed = _seed(prediction) if len(files) == 1 else None
    for data in files:
        try:
            found.append((data, read_picture(data, seed=seed)))
        except UnreadablePicture:
            continue
    units = delivered_units(job.units, pictures=len(files), official=job.official)
    if not found:
        raise Rejected(
            "invalid_output", "Replicate gave no readable PNG, JPEG or WebP picture. It charges it all the same.",
            request_id=job.id, billed=units,
        )  # fmt: skip
    metadata: dict[str, Any] = {"units": units}
    for name in ("model", "version"):
        if text(prediction.get(name)):
            metadata[name] = shown(prediction[name], redact)
    if len(found) < len(files):
        metadata["unreadable_files"] = len(files) - len(found)
    return CloudGenerationResponse(
        images=[data for data, _ in found], pictures=tuple(picture for _, picture in found), metadata=metadata,
        provider_response=kept(prediction, redact), usage=kept(mapping(prediction.get("metrics")), redact),
        request_id=job.id,
    )  # fmt: skip


def _seed(prediction: dict[str, Any]) -> int | None:
    """The seed that the prediction says it used: in its repeated input, else in its log ("Using seed: 42")."""
    asked = whole(mapping(prediction.get("input")).get("seed"))
    logged = _SEED_IN_LOG.search(text(prediction.get("logs")))
    seed = asked if asked is not None else int(logged[1]) if logged else None
    return seed if seed is not None and 0 <= seed < 2**32 else None
