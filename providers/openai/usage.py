"""What a call can cost at most and what it did cost, in units that the price list multiplies.

DALL·E 3 is priced by the picture, by quality and size. The GPT image models count tokens: text in, image in, image out.
https://developers.openai.com/api/docs/pricing; where the figures of the catalogue come from stands in `catalog.toml`.
"""

from collections.abc import Mapping
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry, expected_size
from providers.openai_form import count
from providers.reading import mapping

AUTO = "auto"
TEXT_IN, IMAGE_IN = "text_input_token", "image_input_token"
CACHED = {TEXT_IN: "cached_text_input_token", IMAGE_IN: "cached_image_input_token"}
IMAGE_OUT, TEXT_OUT = "image_output_token", "text_output_token"


def is_by_picture(model: ModelEntry) -> bool:
    """Whether the model has prices by the picture, as DALL·E 3, and no tokens."""
    return "input_picture_tokens" not in model.capabilities.facts


def formula_tokens(factor: int, width: int, height: int) -> int:
    """Image tokens of one picture of GPT Image 2 and later, by the quality's factor and the size in pixels.

    https://community.openai.com/t/1382699: short = factor × shorter/longer side, rounded half up;
    tokens = factor × short × (2,000,000 + pixels) / 4,000,000, rounded up.
    """
    shorter, longer = min(width, height), max(width, height)
    short = (2 * factor * shorter + longer) // (2 * longer)
    return -(-factor * short * (2_000_000 + width * height) // 4_000_000)


def most_picture_tokens(request: CloudGenerationRequest, model: ModelEntry) -> int:
    """The most image tokens that one picture of a wish can have. A quality left to the model is its dearest."""
    size = expected_size(request, model)
    tiers = [name for name in model.capabilities.qualities if name != AUTO]
    asked = [request.quality] if request.quality in tiers else tiers
    return max(_tier_tokens(model, quality, size) for quality in asked)


def _tier_tokens(model: ModelEntry, quality: str, size: tuple[int, int] | None) -> int:
    facts = model.capabilities.facts
    if "output_tokens" in facts:
        table: Mapping[str, int] = facts["output_tokens"][quality]
        return table[f"{size[0]}x{size[1]}"] if size else max(table.values())
    sizes = [size] if size else [largest for table in model.capabilities.sizes.values() for largest in table.values()]
    most = max(formula_tokens(facts["factors"][quality], width, height) for width, height in sizes)
    return -(-most * int(facts["margin_percent"][quality]) // 100)


def most_units(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, int]:
    """The upper bound of one call for a normalised wish. A text token is at least one byte of the prompt.

    More than one picture counts the input each time. A mask is counted as a reference picture.
    """
    number = request.num_images
    if is_by_picture(model):
        return {"image": number, picture_unit(request, model): number}
    facts = model.capabilities.facts
    pictures = len(request.input_images) + (request.mask is not None)
    unfinished = int(request.options.get("partial_images", 0)) * facts["partial_picture_tokens"]
    units = {
        "image": number,
        TEXT_IN: number * (len(request.prompt.encode()) + facts["overhead_tokens"]),
        IMAGE_IN: number * pictures * facts["input_picture_tokens"],
        IMAGE_OUT: number * (most_picture_tokens(request, model) + unfinished),
    }
    if "text_output_tokens" in facts:
        units[TEXT_OUT] = number * facts["text_output_tokens"]
    return units


def picture_unit(request: CloudGenerationRequest, model: ModelEntry) -> str:
    """The unit under which the price list has a picture of this quality and size; the dearest when either is open."""
    size = expected_size(request, model) or max(model.capabilities.sizes[""].values())
    quality = request.quality or model.capabilities.qualities[-1]
    return f"image:{quality}:{size[0]}x{size[1]}"


def billed_units(
    figures: Mapping[str, Any], model: ModelEntry, *, pictures: int, most: Mapping[str, int]
) -> dict[str, int]:
    """What OpenAI charges, from the answer's `usage`; a figure that is missing is taken from `most`.

    That is the safe reading: what nobody measured is booked at the most it can have been, and reconciliation brings
    it down.
    """
    if is_by_picture(model):
        return {"image": pictures} | {unit: pictures for unit in most if unit != "image"}
    units = {"image": pictures, **_input(figures, most), **_output(figures, model, most)}
    return _with_cached(units, figures)


def _input(figures: Mapping[str, Any], most: Mapping[str, int]) -> dict[str, int]:
    """Text and image tokens; a total without its parts is image as far as the pictures can have been."""
    details = mapping(figures.get("input_tokens_details"))
    text, image = count(details.get("text_tokens")), count(details.get("image_tokens"))
    total = count(figures.get("input_tokens"))
    if total is not None and image is None:
        image = min(total, most.get(IMAGE_IN, total)) if text is None else max(total - text, 0)
    if total is not None and text is None and image is not None:
        text = max(total - image, 0)
    return {
        TEXT_IN: most.get(TEXT_IN, 0) if text is None else text,
        IMAGE_IN: most.get(IMAGE_IN, 0) if image is None else image,
    }


def _output(figures: Mapping[str, Any], model: ModelEntry, most: Mapping[str, int]) -> dict[str, int]:
    """Image tokens, and words where the model charges them apart. Without parts everything is image, the dearer."""
    has_words = "text_output_tokens" in model.capabilities.facts
    total = count(figures.get("output_tokens"))
    details = mapping(figures.get("output_tokens_details"))
    text, image = count(details.get("text_tokens")), count(details.get("image_tokens"))
    if total is None and image is None:
        return {unit: most.get(unit, 0) for unit in (IMAGE_OUT, TEXT_OUT) if unit in most}
    known = total if total is not None else (image or 0) + (text or 0)
    words = min(text or 0, known) if has_words else 0
    return {IMAGE_OUT: known - words} | ({TEXT_OUT: words} if has_words else {})


def _with_cached(units: dict[str, int], figures: Mapping[str, Any]) -> dict[str, int]:
    """Cached input has its own, lower rate where the vendor tells how much of it was cached, by kind."""
    details = mapping(mapping(figures.get("input_tokens_details")).get("cached_tokens_details"))
    for unit, name in ((TEXT_IN, "text_tokens"), (IMAGE_IN, "image_tokens")):
        cached = min(count(details.get(name)) or 0, units[unit])
        if cached:
            units[unit] -= cached
            units[CACHED[unit]] = cached
    return units
