"""Which inputs of a model say how many pictures a call makes, and costs. Pure.

`num_images` of a wish drives one of them. Each other is held at one picture and is no option, since the quote counts
what `num_images` asks for.
"""

import re
from collections.abc import Iterable

from providers.base import CloudGenerationRequest, Option
from providers.replicate.schema import Field

# In the order of preference.
NAMES = (
    "num_outputs", "num_images", "number_of_images", "num_samples", "n", "number_of_outputs", "image_count",
    "max_images", "num_images_per_prompt", "images_per_prompt", "num_variations", "samples", "n_samples",
    "batch_size", "batch_count",
)  # fmt: skip
# Says whether `max_images` is looked at; on "auto" the model itself decides how many up to it, so that four pictures
# come surely by four calls only.
SERIES = "sequential_image_generation"
_WHAT = r"(?:images?|pictures?|photos?|outputs?|samples?|variations?|variants?|copies|generations?|batch(?:es)?)"
_NAME = re.compile(
    rf"(?:n|nums?|numbers?|max|maximum|total|count|amount|how_many)_(?:of_)?(?:output_|generated_)?{_WHAT}(?:_per_\w+)?"
    rf"|{_WHAT}_(?:count|num|number|n|per_\w+)|batch_size|images|samples|outputs|variations|copies"
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
    lower = name.lower()
    if lower in NAMES or _NAME.fullmatch(lower):
        return True
    return bool(_WORDS.search(description)) and not _OF_INPUTS.search(description)


def held_at_one(fields: Iterable[Field], used: set[str]) -> dict[str, int | str]:
    """The value of each counting input that is not `used`. Raises `ManyAtOnce` where one picture is no choice."""
    held: dict[str, int | str] = {}
    for field in fields:
        digits = bool(field.choices) and all(str(choice).isdecimal() for choice in field.choices)
        is_number = field.kind in ("integer", "number") or (field.kind == "string" and digits)
        if field.name in used or not is_number or not counts_pictures(field.name, field.description):
            continue
        one: int | str = "1" if field.kind == "string" else 1
        if (field.choices and one not in field.choices) or (field.minimum is not None and field.minimum > 1):
            raise ManyAtOnce(field.name)
        held[field.name] = one
    return held


def options_at_one(options: Iterable[Option]) -> dict[str, int | str]:
    """One picture for each option that makes several when nothing is said, as older registrations hold them."""
    return {
        option.name: "1" if option.kind == "text" else 1
        for option in options
        if _is_several(option.default) and counts_pictures(option.name, option.description)
    }


def asked_by_option(request: CloudGenerationRequest, options: Iterable[Option]) -> dict[str, str]:
    """A sentence for each option of a wish that asks for more than one picture, as older registrations hold them."""
    known = {option.name: option for option in options}
    return {
        f"options.{name}": "This says how many pictures come. Ask for them by the number of images instead."
        for name, value in request.options.items()
        if name in known and _is_several(value) and counts_pictures(name, known[name].description)
    }


def _is_several(value: object) -> bool:
    if isinstance(value, str):
        return value.isdecimal() and int(value[:9]) > 1
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 1
