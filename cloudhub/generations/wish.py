"""Read a wish from a door's plain fields, the same for pages, REST and the compatible doors."""

import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pybase64
from django.conf import settings

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Invalid
from cloudhub.core.identifiers import read_id
from cloudhub.core.text import is_storable
from cloudhub.generations.models import Image
from cloudhub.generations.recipe import original_of
from cloudhub.generations.sharing import is_whole
from providers.base import CloudGenerationRequest, InputImage, InvalidField, ModelEntry
from providers.pictures import UnreadablePicture, read_picture, refuse_many_scans

FILLED_IN = ("model", "entry", "prepared")
WISH_FIELDS = tuple(name for name in CloudGenerationRequest.__dataclass_fields__ if name not in FILLED_IN)
MOST_TAGS = 20
DEEPEST = 20


def read_wish(fields: Mapping[str, Any], *, actor: Actor, model: CloudModel) -> CloudGenerationRequest:
    """The wish in `fields` (names of `WISH_FIELDS`, null meaning absent) over the model's defaults.

    Pictures are image ids of the actor's team or data URIs. Raises `Invalid` naming every field at fault.
    """
    unknown = sorted(set(fields) - set(WISH_FIELDS))
    problems = dict.fromkeys(unknown, "There is no such field.")
    given = {name: value for name, value in fields.items() if value is not None and name in WISH_FIELDS}
    problems |= {name: "Holds something that cannot be stored." for name in given if not _can_be_stored(given[name])}
    values = _over_defaults(given, model.defaults)
    values["input_images"] = _read_pictures(values.get("input_images", ()), actor, problems)
    if "mask" in values:
        values["mask"] = _read_picture(values["mask"], "mask", actor, problems)
    values.setdefault("prompt", "")
    try:
        request = CloudGenerationRequest(model=model.cloud_model_id, **values)
    except InvalidField as error:
        problems |= error.fields
    if problems:
        raise Invalid.of(problems)
    return request


def _can_be_stored(value: Any, depth: int = 0) -> bool:
    """Whether every text in a field's value is one that both databases take, and nothing is nested beyond all use."""
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if not isinstance(value, list | tuple):
        return True
    return depth < DEEPEST and all(_can_be_stored(part, depth + 1) for part in value)


def _over_defaults(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A size that is asked for replaces a default ratio and the other way round: they say the same thing."""
    values = dict(defaults)
    if {"width", "height"} & set(given):
        values.pop("aspect_ratio", None)
    if "aspect_ratio" in given:
        values.pop("width", None)
        values.pop("height", None)
    return {**values, **given}


def _read_pictures(value: Any, actor: Actor, problems: dict[str, str]) -> tuple[InputImage, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        problems["input_images"] = "Must be a list of image ids or data URIs."
        return ()
    read = (_read_picture(item, f"input_images[{index}]", actor, problems) for index, item in enumerate(value[:32]))
    return tuple(image for image in read if image is not None)


def _read_picture(value: Any, field: str, actor: Actor, problems: dict[str, str]) -> InputImage | None:
    if isinstance(value, InputImage):
        return value
    try:
        if isinstance(value, str) and value.startswith("data:"):
            return read_upload(_data_of(value))
        return _stored_picture(value, actor)
    except UnreadablePicture as error:
        problems[field] = str(error)
        return None


def read_upload(data: bytes) -> InputImage:
    """A picture from outside, checked by its bytes before anything is spent. Raises `UnreadablePicture`."""
    if len(data) > settings.MOST_UPLOAD_BYTES:
        raise UnreadablePicture(f"The picture is larger than {settings.MOST_UPLOAD_BYTES // 2**20} MB.")
    picture = read_picture(data)
    refuse_many_scans(data)
    if not is_whole(data):
        raise UnreadablePicture("The picture is cut off before its end; send the whole file.")
    return InputImage(data=data, mime_type=picture.mime_type, width=picture.width, height=picture.height)


def _data_of(uri: str) -> bytes:
    head, comma, text = uri.partition(",")
    if not comma or not head.endswith(";base64"):
        raise UnreadablePicture("A data URI looks like data:image/png;base64,….")
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadablePicture("The data URI does not hold valid base64.") from error


def _stored_picture(value: Any, actor: Actor) -> InputImage:
    image_id = read_id(value)
    images = Image.objects.filter(team=actor.team, deleted_at=None).select_related("generation")
    image = images.filter(id=image_id).first() if image_id else None
    if image is None:
        raise UnreadablePicture("There is no such picture. Give an image id of your team or a data URI.")
    return _input_image(image)


def _input_image(image: Image) -> InputImage:
    try:
        data = original_of(image)
    except FileNotFoundError as error:
        raise UnreadablePicture("The file of this picture is missing.") from error
    return InputImage(
        data=data, mime_type=image.mime_type, width=image.width, height=image.height, image_id=str(image.id)
    )


def wish_as_json(request: CloudGenerationRequest) -> dict[str, Any]:
    """The stored form of a wish: set fields only, pictures as image ids."""
    plain = {name: getattr(request, name) for name in (*WISH_FIELDS, "model")}
    stored = {**plain, "options": dict(request.options)}
    stored["input_images"] = [image.image_id for image in request.input_images]
    stored["mask"] = request.mask.image_id if request.mask else None
    return {name: value for name, value in stored.items() if value not in (None, [], (), {}, "")}


def wish_from_json(stored: Mapping[str, Any]) -> CloudGenerationRequest:
    """The wish again, with its pictures read from storage."""
    # A wish for a model that takes none has an empty prompt, and empty fields are not stored.
    values = {"prompt": "", **stored}
    ids, mask = values.pop("input_images", []), values.pop("mask", None)
    wanted = [*ids, mask] if mask else ids
    images = Image.objects.filter(id__in=wanted).select_related("generation")
    pictures = {str(image.id): _input_image(image) for image in images}
    return CloudGenerationRequest(
        input_images=tuple(pictures[image_id] for image_id in ids), mask=pictures[mask] if mask else None, **values
    )


def split_into_calls(request: CloudGenerationRequest, entry: ModelEntry) -> list[CloudGenerationRequest]:
    """The vendor calls that a wish takes, in slot order. A wished seed goes up by one from picture to picture."""
    calls = []
    first = 0
    while first < request.num_images:
        count = min(entry.capabilities.images_per_call, request.num_images - first)
        seed = None if request.seed is None else (request.seed + first) % 2**31
        calls.append(replace(request, num_images=count, seed=seed))
        first += count
    return calls


def read_tags(tags: Any) -> str:
    """Tags in their stored form |a|b|. Raises `Invalid`."""
    if not isinstance(tags, Sequence) or isinstance(tags, str) or len(tags) > MOST_TAGS:
        raise Invalid.of({"tags": f"Tags are a list of at most {MOST_TAGS} texts."})
    if not all(isinstance(tag, str) and 0 < len(tag) <= 100 and "|" not in tag and is_storable(tag) for tag in tags):
        raise Invalid.of({"tags": "A tag is text of 1 to 100 characters without a vertical bar."})
    return f"|{'|'.join(dict.fromkeys(tags))}|" if tags else ""
