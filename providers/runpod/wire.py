"""A wish as the input of a RunPod endpoint, and a job's output as pictures. Pure.

`capabilities.facts` of a model:
    public        true for RunPod's public endpoints, whose answers tell their cost
    input         the job's input with places for the wish (`template`), for public endpoints and workers of any kind
    workflow      instead: a ComfyUI graph in API format with places, for runpod-workers/worker-comfyui; reference
                  pictures go along as files, and {{image_1}}, {{image_2}}, {{mask}} become their names
    defaults      values of places that a wish may leave open, such as negative_prompt = "" or steps = 20
    formats       output formats that the endpoint spells otherwise
    priced_by, least_pixels: see `usage`

Places: prompt, negative_prompt, seed, width, height, size ("1024*1024"), aspect_ratio, resolution, guidance_scale,
strength, num_images, output_format, image (the first picture), images (all), image_1 and on, mask, and the model's
options by name. Outside of workflows pictures are data URIs, as in RunPod's own client for the AI SDK. A mask is white
where the picture shall change, the usual sense of ComfyUI's mask nodes.

https://docs.runpod.io/public-endpoints/requests and https://github.com/runpod-workers/worker-comfyui (5.8)
"""

import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import pybase64

from providers import masks
from providers.base import CloudGenerationRequest, CloudGenerationResponse, ModelEntry, Picture
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, kept, mapping, shown, text
from providers.runpod import failures, template, usage
from providers.runpod.job import Job
from providers.runpod.reading import items, whole

PLACES = (
    "prompt", "negative_prompt", "seed", "width", "height", "size", "aspect_ratio", "resolution", "guidance_scale",
    "strength", "num_images", "output_format", "image", "images", "mask",
)  # fmt: skip
# Where handlers put their pictures, RunPod's own first.
OUTPUT_NAMES = ("image_url", "images", "image_urls", "image", "result", "message", "data", "url")
LARGEST_SEED = 2**63


def to_input(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The job's `input`."""
    facts = model.capabilities.facts
    found = values(request, model)
    workflow = facts.get("workflow")
    if not workflow:
        return mapping(template.filled(facts.get("input"), found))
    # A workflow needs a seed; a fresh one is drawn in `prepare`.
    body: dict[str, Any] = {"workflow": template.filled(workflow, {"seed": 0, **found})}
    pictures = [{"name": name, "image": address} for name, address in _files(request)]
    return {**body, "images": pictures} if pictures else body


def values(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The value of every place that has one."""
    facts = model.capabilities.facts
    size = usage.size_of(request, model)
    formats = mapping(facts.get("formats"))
    asked: dict[str, Any] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "seed": request.seed if request.seed is not None else request.prepared.get("seed"),
        "width": size[0] if size else None,
        "height": size[1] if size else None,
        "size": f"{size[0]}*{size[1]}" if size else None,
        "aspect_ratio": request.aspect_ratio,
        "resolution": request.resolution,
        "guidance_scale": request.guidance_scale,
        "strength": request.strength,
        "num_images": request.num_images,
        "output_format": formats.get(request.output_format or "", request.output_format),
    }
    # A workflow has no usual values of its own; every other input has the endpoint's.
    options = model.capabilities.options if facts.get("workflow") else ()
    usual = {option.name: option.default for option in options} | defaults(model)
    asked = usual | {name: value for name, value in asked.items() if value is not None} | dict(request.options)
    asked |= _pictures(request, in_workflow=bool(facts.get("workflow")))
    return {name: value for name, value in asked.items() if value is not None}


def defaults(model: ModelEntry) -> dict[str, Any]:
    return mapping(model.capabilities.facts.get("defaults"))


def _pictures(request: CloudGenerationRequest, *, in_workflow: bool) -> dict[str, Any]:
    files = [(name, name if in_workflow else address) for name, address in _files(request)]
    found: dict[str, Any] = {name.partition(".")[0]: value for name, value in files}
    pictures = [value for name, value in files if name.startswith("image_")]
    return found | ({"image": pictures[0], "images": pictures} if pictures else {})


def _files(request: CloudGenerationRequest) -> Iterator[tuple[str, str]]:
    """File name and data URI of every reference picture and of the mask."""
    for number, image in enumerate(request.input_images, start=1):
        kind = image.mime_type.removeprefix("image/")
        yield f"image_{number}.{kind}", _data_uri(image.data, image.mime_type)
    if request.mask is not None and request.input_images:
        first = request.input_images[0]
        yield "mask.png", _data_uri(masks.white_changes(request.mask, (first.width, first.height)), "image/png")


def _data_uri(data: bytes, mime_type: str) -> str:
    return f"data:{mime_type};base64,{pybase64.b64encode_as_string(data)}"


def found_pictures(output: Any) -> list[str]:
    """The pictures of an output, as addresses or base64: `image_url` of public endpoints, the list of worker-comfyui
    ({"type": "base64" or "s3_url", "data"}), the forms of older and other workers."""
    if isinstance(output, str):
        return [output] if output else []
    if isinstance(output, list):
        return [picture for part in output for picture in found_pictures(part)]
    fields = mapping(output)
    for name in OUTPUT_NAMES:
        found = found_pictures(fields.get(name)) if name in fields else []
        if found:
            return found
    return []


def is_address(picture: str) -> bool:
    return picture.startswith(("https://", "http://"))


def decode(encoded: str) -> bytes:
    """Base64, with or without the head of a data URI; empty when it is none."""
    try:
        return pybase64.b64decode("".join(encoded.rpartition(",")[2].split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def from_output(document: Mapping[str, Any], files: list[bytes], job: Job, redact: Redact) -> CloudGenerationResponse:
    """The response of a completed job with the bytes of its pictures.

    Raises `Rejected` when none of them is one, with what RunPod charges all the same.
    """
    output = mapping(document.get("output"))
    cost = usage.cost_in(document, public=job.public)
    units = usage.delivered_units(job.units, pictures=len(files), public=job.public)
    found: list[tuple[bytes, Picture]] = []
    for data in files:
        try:
            found.append((data, read_picture(data, seed=_seed(document, job) if len(files) == 1 else None)))
        except UnreadablePicture:
            continue
    if not found:
        raise failures.without_pictures(document, job, redact)
    metadata: dict[str, Any] = {"units": units}
    if len(found) < len(files):
        metadata["unreadable_files"] = len(files) - len(found)
    told = [text(warning) for warning in items(output.get("errors"))]
    warnings = [shown(warning, redact) for warning in (failures.error_words(document), *told) if warning]
    if warnings:
        metadata["warnings"] = warnings
    figures = {
        name: document.get(name) for name in ("delayTime", "executionTime") if whole(document.get(name)) is not None
    }
    return CloudGenerationResponse(
        images=[data for data, _ in found], pictures=tuple(picture for _, picture in found), metadata=metadata,
        provider_response=kept(dict(document), redact), usage=figures | ({"cost": cost} if cost else {}),
        request_id=job.id,
    )  # fmt: skip


def _seed(document: Mapping[str, Any], job: Job) -> int | None:
    """The seed that the answer names, else the one that was sent."""
    output = document.get("output")
    first = mapping(output[0] if isinstance(output, list) and output else output)
    told = whole(first.get("seed"))
    seed = told if told is not None else job.seed
    return seed if seed is not None and 0 <= seed < LARGEST_SEED else None
