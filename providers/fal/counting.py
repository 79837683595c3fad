"""Which inputs of an endpoint say how many pictures a call makes, and costs. Pure.

`num_images` of a wish drives one of them. Each other one, such as the `max_images` of Seedream, which multiplies with
`num_images`, is held at one picture and is no option, since the quote counts what `num_images` asks for.
"""

import re
from collections.abc import Iterable
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry
from providers.fal.schema import Field

# In the order of preference.
NAMES = ("num_images", "num_outputs", "number_of_images", "num_samples", "image_count", "batch_size")
_WHAT = r"(?:images?|pictures?|outputs?|samples?|variations?|variants?|copies|generations?|batch(?:es)?)"
_NAME = re.compile(
    rf"(?:n|nums?|numbers?|max|total|count)_(?:of_)?(?:output_|generated_)?{_WHAT}(?:_per_\w+)?"
    rf"|{_WHAT}_(?:count|num|number|n|per_\w+)|batch_size|n|images|samples|outputs|variations|copies"
)
_WORDS = re.compile(
    r"\b(?:number of|how many)\s+(?:output |generated )?(?:images|pictures|outputs|samples|variations|variants)\b"
    r"(?!\s+(?:to use|as input|you))",
    re.IGNORECASE,
)
_OF_INPUTS = re.compile(r"\b(?:input|reference|uploaded|style) (?:image|picture)", re.IGNORECASE)


class ManyAtOnce(ValueError):
    """An input that cannot be held at one picture; the text is its name."""


def counts_pictures(name: str, description: str) -> bool:
    """Whether an input with a number says how many pictures are made, by its name or its description."""
    if _NAME.fullmatch(name.lower()):
        return True
    return bool(_WORDS.search(description)) and not _OF_INPUTS.search(description)


def held_at_one(fields: Iterable[Field], used: set[str]) -> dict[str, int]:
    """One picture for each counting input that is not `used`. Raises `ManyAtOnce` where that is no choice."""
    held = {}
    for field in fields:
        is_number = field.kind in ("integer", "number")
        if field.name in used or not is_number or not counts_pictures(field.name, field.description):
            continue
        if (field.choices and 1 not in field.choices) or (field.minimum is not None and field.minimum > 1):
            raise ManyAtOnce(field.name)
        held[field.name] = 1
    return held


def at_one(model: ModelEntry) -> dict[str, Any]:
    """What is sent so that a call makes no more than `num_images`; registrations of earlier days hold such options."""
    held = model.capabilities.facts.get("held")
    several = {
        option.name: 1
        for option in model.capabilities.options
        if _is_several(option.default) and counts_pictures(option.name, option.description)
    }
    return several | (dict(held) if isinstance(held, dict) else {})


def asked_by_option(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, str]:
    """A sentence for each option of a wish that asks for more than one picture."""
    known = {option.name: option for option in model.capabilities.options}
    return {
        f"options.{name}": "This says how many pictures come. Ask for them by the number of images instead."
        for name, value in request.options.items()
        if name in known and _is_several(value) and counts_pictures(name, known[name].description)
    }


def _is_several(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 1
