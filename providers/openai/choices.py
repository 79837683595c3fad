"""What a wish leaves open and OpenAI would choose by itself, dearly; and what OpenAI would refuse late. Pure."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry

SEE_THROUGH_FORMATS = ("png", "webp")
COMPRESSED_FORMATS = ("jpeg", "webp")


def fill_in(request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish with a size and a quality, and notes: left open, the same wish was billed at any tier.

    Without a size the picture gets the shape of the first reference picture, else it is square.
    """
    changes: dict[str, Any] = {}
    notes = []
    table = model.capabilities.sizes.get(request.resolution or model.capabilities.default_resolution, {})
    if table and request.aspect_ratio is None and request.width is None and request.height is None:
        changes["aspect_ratio"] = next(iter(table))
        if request.input_images:
            first = request.input_images[0]
            changes["aspect_ratio"] = _nearest_ratio(first.width, first.height, table)
            notes.append(f"No size is asked: the shape of the first picture, {changes['aspect_ratio']}, is taken.")
    usual = model.capabilities.facts.get("default_quality")
    if request.quality is None and usual:
        changes["quality"] = usual
        if "auto" in model.capabilities.qualities:
            notes.append(f"No quality is asked: it is sent as {usual}. Left open, {model.name} may take its dearest.")
    options = dict(request.options)
    if request.input_images and "moderation" in options:
        del options["moderation"]
        changes["options"] = options
        notes.append("moderation is not sent: OpenAI takes it only without reference pictures.")
    return replace(request, **changes), notes


def conflicts(request: CloudGenerationRequest) -> dict[str, str]:
    """Combinations that OpenAI answers with 400, partly only after the picture was drawn; a sentence for each field."""
    problems = {}
    drawn_as = request.output_format or "png"
    if request.background == "transparent" and drawn_as not in SEE_THROUGH_FORMATS:
        problems["output_format"] = "A transparent background needs PNG or WebP."
    if "output_compression" in request.options and drawn_as not in COMPRESSED_FORMATS:
        problems["options.output_compression"] = "Only JPEG and WebP are compressed; choose one as output_format."
    return problems


def _nearest_ratio(width: int, height: int, table: Mapping[str, tuple[int, int]]) -> str:
    return min(table, key=lambda ratio: abs(math.log(width * table[ratio][1] / (height * table[ratio][0]))))
