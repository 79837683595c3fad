"""What a model of Replicate asks of a wish beyond the common rules, told before anything is sent. Pure."""

from typing import Any

from providers.base import CloudGenerationRequest, InvalidField, ModelEntry
from providers.reading import mapping, texts
from providers.replicate.reading import number


def check_wish(request: CloudGenerationRequest, model: ModelEntry) -> None:
    """Raises `InvalidField` naming each field that this model would refuse."""
    facts = model.capabilities.facts
    problems = {}
    for name in texts(list(facts.get("required_options", ()))):
        if name not in request.options:
            problems[f"options.{name}"] = f"{model.name} needs this option."
    if request.strength is not None and not request.input_images:
        problems["strength"] = "A strength says how far a reference picture may change; add one."
    if facts.get("image_needs_mask") is True and request.input_images and request.mask is None:
        problems["mask"] = f"{model.name} changes a picture only inside a mask; add one."
    outside = _outside(request.guidance_scale, facts.get("guidance_range"))
    if outside:
        problems["guidance_scale"] = outside
    if problems:
        raise InvalidField(problems)


def _outside(value: float | None, bounds: Any) -> str:
    least, most = (number(mapping(bounds).get(name)) for name in ("minimum", "maximum"))
    if value is None or ((least is None or value >= least) and (most is None or value <= most)):
        return ""
    words = [f"{word} {bound:g}" for word, bound in (("from", least), ("to", most)) if bound is not None]
    return f"Must be a number {' '.join(words)}."
