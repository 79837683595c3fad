"""The body of POST /v1/images/edits, as a form with files or as JSON, in the words of a generation's body.

Fields: https://platform.openai.com/docs/api-reference/images/createEdit (read 2026-11-22). In JSON a picture is
{"image_url": "data:…"} or {"file_id": "…"}, where the id is that of a picture in the hub; plain text may stand for
either. The hub fetches no picture from another address.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson
from django.http import QueryDict

from cloudhub.api.door import DEEPEST_BODY
from cloudhub.core.errors import Invalid
from cloudhub.core.text import is_nested_beyond
from cloudhub.generations.wish import read_upload
from providers.pictures import UnreadablePicture

PICTURES = ("image", "images", "input_images")
LISTS = ("tags",)
WHOLE_NUMBERS = ("n", "output_compression", "partial_images", "seed")
NUMBERS = ("guidance_scale", "strength")
SWITCHES = {"true": True, "false": False}
SWITCH_FIELDS = ("stream", "enhance_prompt")
NEEDED = "Send the picture to edit as {}."
NOT_FETCHED = "The hub fetches no other addresses. Send a data URI, or the id of a picture that you uploaded to it."
ONE_OF_BOTH = "A picture is an object with either image_url (a data URI) or file_id (the id of a picture in the hub)."


def read_edit_form(data: QueryDict) -> dict[str, Any]:
    """A posted form as the body of a generation: texts as the numbers that they mean, files as pictures."""
    body: dict[str, Any] = {}
    problems: dict[str, str] = {}
    pictures: list[Any] = []
    for field in data:
        name, values = field.removesuffix("[]"), data.getlist(field)
        if name in PICTURES:
            pictures += [_picture(value, "image", problems) for value in values]
        elif name in LISTS:
            body[name] = values
        elif len(values) > 1:
            problems[field] = "Give this field once."
        elif name == "mask":
            body[name] = _picture(values[0], "mask", problems)
        elif not isinstance(values[0], str):
            problems[field] = "This field is text, not a file."
        else:
            body[field] = _value(field, values[0])
    if not pictures:
        problems["image"] = NEEDED.format("the file `image`, several as `image[]`")
    if problems:
        raise Invalid.of(problems)
    return {**body, "input_images": pictures}


def read_edit_json(given: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON body as the body of a generation: pictures as data URIs and image ids."""
    body = dict(given)
    problems: dict[str, str] = {}
    names = [name for name in PICTURES if body.get(name) is not None]
    if len(names) != 1:
        raise Invalid.of({"images": "Give the pictures in one field." if names else NEEDED.format("`images`")})
    sent = body.pop(names[0])
    pictures = sent if isinstance(sent, list) else [sent]
    body["input_images"] = [
        _reference(picture, f"{names[0]}[{index}]", problems) for index, picture in enumerate(pictures)
    ]
    if not pictures:
        problems[names[0]] = NEEDED.format("`images`")
    if body.get("mask") is not None:
        body["mask"] = _reference(body["mask"], "mask", problems)
    if problems:
        raise Invalid.of(problems)
    return body


def _picture(value: Any, field: str, problems: dict[str, str]) -> Any:
    """A file of the form, or text that names a picture."""
    if isinstance(value, str):
        return _reference(value, field, problems)
    try:
        return read_upload(value.read())
    except UnreadablePicture as error:
        problems[field] = str(error)
        return None


def _reference(value: Any, field: str, problems: dict[str, str]) -> Any:
    """The data URI or image id in a reference; what is neither goes on as it is and is refused by name there."""
    if isinstance(value, Mapping):
        if len(value) != 1 or set(value) - {"image_url", "file_id"}:
            problems[field] = ONE_OF_BOTH
            return None
        value = next(iter(value.values()))
    if not isinstance(value, str):
        problems[field] = ONE_OF_BOTH
    elif value.lower().startswith(("http://", "https://")):
        problems[field] = NOT_FETCHED
    return value


def _value(field: str, text: str) -> Any:
    """What the text of a form means in JSON; what means nothing stays text and is refused by name."""
    if field in SWITCH_FIELDS:
        return SWITCHES.get(text.lower(), text)
    with suppress(ValueError):
        if field in WHOLE_NUMBERS:
            return int(text)
        if field in NUMBERS:
            return float(text)
        if field == "options":
            options = orjson.loads(text)
            return text if is_nested_beyond(options, DEEPEST_BODY) else options
    return text
