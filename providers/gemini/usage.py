"""What a call can cost at most and what it did cost, in units that the price list multiplies.

Flat models (`gemini-2.5-flash-image`) count pictures alone: every one in an answer, of which there is one as a rule and
so one in the quote, though a story prompt may bring more. The others count tokens as Google reports them:
IMAGE details at the image rate; what is left of the candidates, and all thinking, at the text rate; the prompt at the
input rate. https://ai.google.dev/gemini-api/docs/pricing
"""

from collections.abc import Mapping
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry
from providers.google.reading import count
from providers.reading import items


def is_flat(model: ModelEntry) -> bool:
    return "image_tokens" not in model.capabilities.facts


def image_tokens(request: CloudGenerationRequest, model: ModelEntry) -> int:
    """Image tokens of one picture at the wished resolution."""
    table: Mapping[str, int] = model.capabilities.facts["image_tokens"]
    return table.get(request.resolution or model.capabilities.default_resolution, max(table.values()))


def text_allowance(request: CloudGenerationRequest, model: ModelEntry) -> int:
    """Tokens of words and thinking that we let the model produce beside the picture."""
    facts = model.capabilities.facts
    by_level: Mapping[str, int] = facts.get("text_allowance_by_thinking_level", {})
    return by_level.get(request.options.get("thinking_level", ""), int(facts["text_allowance"]))


def most_output_tokens(request: CloudGenerationRequest, model: ModelEntry) -> int:
    """What is sent as maxOutputTokens: the vendor itself stops there."""
    return image_tokens(request, model) + text_allowance(request, model)


def most_units(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, int]:
    """The upper bound of one call. A token is at least one byte of the prompt.

    Output is bounded by maxOutputTokens. Should fewer tokens be image than the table says, more may be text; that is
    still within the bound in money, since text never costs more than image.
    """
    if is_flat(model):
        return {"image": 1}
    facts = model.capabilities.facts
    pictures = len(request.input_images) * facts["tokens_per_input_image"]
    return {
        "image": 1,
        "input_token": len(request.prompt.encode()) + facts["overhead_tokens"] + pictures,
        "text_output_token": text_allowance(request, model),
        "image_output_token": image_tokens(request, model),
    }


def billed_units(
    figures: Mapping[str, Any], model: ModelEntry, *, pictures: int, most: Mapping[str, int]
) -> dict[str, int]:
    """What Google charges, from its `usageMetadata`; with pictures, a figure that is missing is taken from `most`.

    That is the safe reading: what nobody measured is booked at the most it can have been, and reconciliation brings
    it down. Without a picture a missing figure is zero, for proto3 JSON leaves zeros out.
    """
    if is_flat(model):
        return {"image": pictures} if pictures else {}
    fallback = most if pictures else {}
    prompt, candidates = count(figures.get("promptTokenCount")), count(figures.get("candidatesTokenCount"))
    image = _image_tokens(figures, candidates, fallback)
    text = fallback.get("text_output_token", 0) if not figures else max((candidates or 0) - image, 0)
    units = {
        "image": pictures,
        "input_token": fallback.get("input_token", 0) if prompt is None else prompt,
        "text_output_token": text + (count(figures.get("thoughtsTokenCount")) or 0),
        "image_output_token": image,
    }
    units["input_token"] += count(figures.get("toolUsePromptTokenCount")) or 0
    return units if pictures else {unit: number for unit, number in units.items() if number}


def _image_tokens(figures: Mapping[str, Any], candidates: int | None, most: Mapping[str, int]) -> int:
    """IMAGE details; where they are missing, as much of the candidates as one picture can have."""
    details = items(figures.get("candidatesTokensDetails"))
    counts = [count(detail.get("tokenCount")) or 0 for detail in details if detail.get("modality") == "IMAGE"]
    if sum(counts):
        return sum(counts)
    table = most.get("image_output_token", 0)
    return table if candidates is None else min(candidates, table)
