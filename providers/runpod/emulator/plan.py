"""What a job's input makes its endpoint do: the picture's size, type and number, or why it fails.

Public endpoints: https://docs.runpod.io/public-endpoints/models/…; own ones: the handler of
https://github.com/runpod-workers/worker-comfyui and the checks of ComfyUI behind it.
"""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from providers.runpod.emulator.endpoints import Own, Public

RESOLUTION_SIDES = {"1k": 1024, "2k": 2048, "4k": 4096}
SAVING = ("SaveImage", "SaveImageWebsocket")


class Failing(ValueError):
    """The worker takes the job and fails with these words."""


@dataclass(frozen=True)
class Plan:
    """One job's pictures."""

    words: str
    size: tuple[int, int]
    mime_type: str = "image/png"
    count: int = 1
    references: tuple[Image.Image, ...] = field(default=(), repr=False)
    resolution: str = ""


def public_plan(given: Mapping[str, Any], endpoint: Public) -> Plan:
    """Raises `Failing` naming what the endpoint does not take."""
    for name in endpoint.required:
        if name not in given:
            raise Failing(f"Input validation failed: {name} is required")
    references: list[Image.Image] = []
    for name, value in given.items():
        if name not in endpoint.inputs:
            raise Failing(f"Input validation failed: {name} is not supported")
        _check(name, value, endpoint.inputs[name])
        if "picture" in endpoint.inputs[name]:
            references.append(_opened(value))
        if "pictures" in endpoint.inputs[name]:
            references += [_opened(picture) for picture in value]
    kind = given.get("output_format") or given.get("image_format") or endpoint.usual_format
    resolution = given.get("resolution", endpoint.usual_resolution)
    return Plan(
        given["prompt"], _public_size(given, endpoint, references, resolution), f"image/{kind}", 1, tuple(references),
        resolution,
    )  # fmt: skip


def _check(name: str, value: Any, found: Mapping[str, Any]) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    wanted = found["type"]
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        raise Failing(f"Input validation failed: invalid value for {name}")
    outside = is_number and not found.get("least", value) <= value <= found.get("most", value)
    if outside or (is_number and value % found.get("step", 1) and "step" in found):
        raise Failing(f"Input validation failed: invalid value for {name}")
    if "choices" in found and value not in found["choices"]:
        raise Failing(f"Input validation failed: {name} must be one of {', '.join(found['choices'])}")
    if "size" in found and not re.fullmatch(r"[1-9][0-9]{2,3}\*[1-9][0-9]{2,3}", value):
        raise Failing(f"Input validation failed: {name} must be width*height")
    if "pictures" in found and not 1 <= len(value) <= found["pictures"]:
        raise Failing(f"Input validation failed: {name} must be 1 to {found['pictures']} images")


def _public_size(
    given: Mapping[str, Any], endpoint: Public, references: list[Image.Image], resolution: str
) -> tuple[int, int]:
    if "size" in given:
        width, _, height = given["size"].partition("*")
        return int(width), int(height)
    if "width" in given or "height" in given:
        return given.get("width", 1024), given.get("height", 1024)
    ratio = given.get("aspect_ratio", "")
    if ":" in ratio:
        across, down = (int(side) for side in ratio.split(":"))
        side = RESOLUTION_SIDES.get(resolution, 1024)
        scale = side / (across * down) ** 0.5
        return round(across * scale) // 16 * 16, round(down * scale) // 16 * 16
    if ratio == "match_input_image" and references:
        return references[0].size
    if resolution:
        return RESOLUTION_SIDES[resolution], RESOLUTION_SIDES[resolution]
    return endpoint.size


def own_plan(given: Mapping[str, Any], endpoint: Own) -> Plan:
    """Raises `Failing` with the handler's words."""
    workflow, files = given.get("workflow"), given.get("images", [])
    if not workflow:
        raise Failing("Missing 'workflow' parameter")
    named = isinstance(files, list) and all(
        isinstance(file, dict) and {"name", "image"} <= set(file) for file in files
    )  # fmt: skip
    if not named:
        raise Failing("'images' must be a list of objects with 'name' and 'image' keys")
    pictures = {file["name"]: _opened(file["image"]) for file in files}
    nodes = _nodes(workflow)
    size, count = (1024, 1024), 1
    used: list[Image.Image] = []
    for number, kind, inputs in nodes:
        if kind == "EmptyLatentImage":
            size, count = (
                (_whole(number, inputs, "width"), _whole(number, inputs, "height")),
                inputs.get("batch_size", 1),
            )
        if kind in ("KSampler", "RandomNoise"):
            _whole(number, inputs, "seed" if kind == "KSampler" else "noise_seed")
        if kind in ("LoadImage", "LoadImageMask"):
            if inputs.get("image") not in pictures:
                raise Failing(f"Workflow validation failed: Node {number}: Invalid image file: {inputs.get('image')}")
            if kind == "LoadImage":
                used.append(pictures[inputs["image"]])
    words = " ".join(inputs["text"] for _, kind, inputs in nodes if kind == "CLIPTextEncode")
    saves = any(kind in SAVING for _, kind, _ in nodes)
    return Plan(words, used[0].size if used else size, "image/png", count if saves else 0, tuple(used))


def _nodes(workflow: Any) -> list[tuple[str, str, dict[str, Any]]]:
    if not isinstance(workflow, dict):
        raise Failing("Workflow validation failed: it is no graph in API format")
    found = []
    for number, node in workflow.items():
        if not isinstance(node, dict) or not isinstance(node.get("inputs"), dict) or not node.get("class_type"):
            raise Failing(f"Workflow validation failed: Node {number} has no class_type or inputs")
        if node["class_type"] == "CLIPTextEncode" and not isinstance(node["inputs"].get("text"), str):
            raise Failing(f"Workflow validation failed: Node {number} (text): no text")
        found.append((number, node["class_type"], node["inputs"]))
    return found


def _whole(number: str, inputs: Mapping[str, Any], name: str) -> int:
    value = inputs.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Failing(f"Workflow validation failed: Node {number} ({name}): no whole number")
    return value


def _opened(picture: Any) -> Image.Image:
    try:
        data = base64.b64decode(str(picture).rpartition(",")[2], validate=True)
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (binascii.Error, OSError, SyntaxError, ValueError) as error:
        raise Failing("Input validation failed: invalid image") from error
