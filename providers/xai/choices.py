"""What a wish leaves open and xAI would choose by itself, at its own price; and what it would not look at. Pure."""

from dataclasses import replace
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry


def fill_in(request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish with a quality, and without a shape that xAI ignores; a note for each.

    Left out, the quality is xAI's "auto", which it may move at any time, and with it the price. One picture that is
    worked on keeps its own shape: https://docs.x.ai/developers/model-capabilities/images/generation
    """
    changes: dict[str, Any] = {}
    notes: list[str] = []
    usual = model.capabilities.facts.get("quality_of_pictures" if request.input_images else "quality_of_words")
    if request.quality is None and usual:
        changes["quality"] = usual
        notes.append(f"No quality is asked: it is sent as {usual}. Left open, xAI chooses it, and with it the price.")
    asked_shape = request.aspect_ratio or (f"{request.width}×{request.height}" if request.width else "")
    if len(request.input_images) == 1 and asked_shape:
        changes |= {"aspect_ratio": None, "width": None, "height": None}
        notes.append(f"{model.name} keeps the shape of a single picture: {asked_shape} is not sent.")
    return replace(request, **changes), notes
