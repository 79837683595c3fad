"""Which inputs of a model that describes itself say how many pictures a call makes, and costs. Pure.

`num_images` of a wish drives one of them. Each other, such as the `max_images` of Seedream, which multiplies with it,
is held at one picture and is no option, since the quote counts what `num_images` asks for.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

_WHAT = r"(?:images?|pictures?|photos?|outputs?|samples?|variations?|variants?|copies|generations?|batch(?:es)?)"
_NAME = re.compile(
    rf"(?:n|nums?|numbers?|max|maximum|total|count|amount|how_many)_(?:of_)?(?:output_|generated_)?{_WHAT}(?:_per_\w+)?"
    rf"|{_WHAT}_(?:count|num|number|n|per_\w+)|batch_size|n|images|samples|outputs|variations|copies"
)
_WORDS = re.compile(
    r"\b(?:number of|how many)\s+(?:output |generated )?(?:images|pictures|outputs|samples|variations|variants)\b"
    r"(?!\s+(?:to use|as input|you))",
    re.IGNORECASE,
)
_OF_INPUTS = re.compile(r"\b(?:input|reference|uploaded|style) (?:image|picture)", re.IGNORECASE)


class Described(Protocol):
    """An input as a vendor's schema describes it; `kind` is a JSON schema type."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def choices(self) -> Sequence[Any]: ...
    @property
    def minimum(self) -> float | None: ...


class ManyAtOnce(ValueError):
    """An input that cannot be held at one picture; the text is its name."""


def counts_pictures(name: str, description: str) -> bool:
    """Whether an input with a number says how many pictures are made, by its name or its description."""
    if _NAME.fullmatch(name.lower()):
        return True
    return bool(_WORDS.search(description)) and not _OF_INPUTS.search(description)


def held_at_one(fields: Iterable[Described], used: set[str]) -> dict[str, int | str]:
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
