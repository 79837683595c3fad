"""A body in OpenAI's words as the hub's own wish, and the hub's complaints in OpenAI's words again.

Fields: https://platform.openai.com/docs/api-reference/images/create and, for edits, …/images/createEdit
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloudhub.core.errors import HubError, Invalid
from cloudhub.generations.previews import MOST_PREVIEWS
from cloudhub.generations.wish import WISH_FIELDS

RENAMED = {"num_images": "n", "width": "size", "height": "size"}
OPTIONS = ("output_compression", "moderation", "safety_identifier", "input_fidelity", "complexity")
OWN_FIELDS = (
    "model", "n", "size", "response_format", "user", "stream", "partial_images", "tags", "cache", *OPTIONS,
)  # fmt: skip
KNOWN = (*OWN_FIELDS, *(name for name in WISH_FIELDS if name not in RENAMED))
# What OpenAI's own default is says nothing, so a model that lacks the setting takes it too.
UNSAID = {
    "output_compression": 100, "moderation": "auto", "quality": "auto", "background": "auto", "size": "auto",
    "input_fidelity": "low",
}  # fmt: skip
RESPONSE_FORMATS = ("b64_json", "url")
LONGEST_USER = 90
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})", re.ASCII)
_ONLY_STREAMED = "Unfinished pictures come only in a stream: set stream to true."


@dataclass(frozen=True)
class Wish:
    """What the core takes, and how the caller wants the pictures."""

    model: Any
    fields: Mapping[str, Any]
    tags: Any
    cache: Any
    response_format: str
    stream: bool = False
    partial_images: int = 0


def read_image_wish(body: Mapping[str, Any]) -> Wish:
    """The wish in an OpenAI body; the hub's own fields may stand beside OpenAI's. Raises `Invalid`."""
    given = {name: value for name, value in body.items() if value is not None and not _is_unsaid(name, value)}
    problems = dict.fromkeys(sorted(set(given) - set(KNOWN)), "There is no such field.")
    fields = {name: value for name, value in given.items() if name in WISH_FIELDS and name not in OWN_FIELDS}
    if "n" in given:
        fields["num_images"] = given["n"]
    fields |= _read_size(given.get("size"), problems)
    options = {name: given[name] for name in OPTIONS if name in given}
    if options and isinstance(given.get("options", {}), Mapping):
        fields["options"] = {**given.get("options", {}), **options}
    response_format = given.get("response_format", "b64_json")
    if response_format not in RESPONSE_FORMATS:
        problems["response_format"] = f"Choose one of {', '.join(RESPONSE_FORMATS)}."
    tags = _with_user(given.get("tags", []), given.get("user"), problems)
    stream, partial_images = _read_stream(given, problems)
    if problems:
        raise Invalid.of(problems)
    return Wish(given.get("model"), fields, tags, given.get("cache"), response_format, stream, partial_images)


def in_openai_words(error: HubError, pictures: str = "input_images") -> HubError:
    """The same refusal with the field names that the caller used; `pictures` is what they called the pictures."""
    if not isinstance(error, Invalid) or not error.fields:
        return error
    return Invalid.of({_openai_name(name, pictures): words for name, words in error.fields.items()}, code=error.code)


def _openai_name(name: str, pictures: str) -> str:
    bare = name.removeprefix("options.")
    if name.startswith("input_images"):
        return name.replace("input_images", pictures, 1)
    return bare if bare in OPTIONS else RENAMED.get(name, name)


def _is_unsaid(name: str, value: Any) -> bool:
    return name in UNSAID and type(value) is type(UNSAID[name]) and value == UNSAID[name]


def _read_stream(given: Mapping[str, Any], problems: dict[str, str]) -> tuple[bool, int]:
    """Whether to stream, and how many unfinished pictures are welcome."""
    stream, count = given.get("stream", False), given.get("partial_images", 0)
    if not isinstance(stream, bool):
        problems["stream"] = "Must be true or false."
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_PREVIEWS:
        problems["partial_images"] = f"Must be a whole number from 0 to {MOST_PREVIEWS}."
    elif count and stream is False:
        problems["partial_images"] = _ONLY_STREAMED
    return stream, count


def _read_size(size: Any, problems: dict[str, str]) -> dict[str, int]:
    if size is None:
        return {}
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is None:
        problems["size"] = "A size is auto, or width x height in pixels such as 1024x1024."
        return {}
    return {"width": int(match[1]), "height": int(match[2])}


def _with_user(tags: Any, user: Any, problems: dict[str, str]) -> Any:
    """OpenAI's `user` tells a caller's end users apart: as a tag it does so in budgets and reports."""
    if user is None:
        return tags
    if not isinstance(user, str) or not 0 < len(user) <= LONGEST_USER or "|" in user:
        problems["user"] = f"Must be text of 1 to {LONGEST_USER} characters without a vertical bar."
        return tags
    return [*tags, f"user:{user}"] if isinstance(tags, list) else tags
