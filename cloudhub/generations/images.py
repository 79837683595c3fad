"""Find pictures and keep uploads."""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.pace import UPLOADS, keep_pace
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Invalid, NotFound
from cloudhub.core.identifiers import new_id, read_id
from cloudhub.generations import storage
from cloudhub.generations.models import Image
from cloudhub.generations.wish import read_upload
from providers.base import CloudGenerationRequest, InputImage
from providers.pictures import UnreadablePicture, decode_picture


def upload_image(actor: Actor, data: bytes) -> Image:
    """Keep a picture from outside for use as a reference. Raises `Invalid` naming the field `file`, and `TooMany`."""
    actor.require("generate")
    keep_pace(actor, UPLOADS)
    try:
        picture = read_upload(data)
    except UnreadablePicture as error:
        raise Invalid.of({"file": str(error)}) from error
    image = new_image(actor, picture)
    run_transaction(lambda: image.save(force_insert=True))
    return image


def keep_pictures(actor: Actor, request: CloudGenerationRequest) -> tuple[CloudGenerationRequest, list[Image]]:
    """The same wish with every picture under an image id, so that the recipe can name it, and the rows still to insert.

    The files are written at once; a file without a row is nobody's. Each picture is decoded once: a vendor's adapter
    does it on the way to a call, where what is broken would cost a hold. Raises `Invalid` naming the field.
    """
    named = {f"input_images[{index}]": picture for index, picture in enumerate(request.input_images)}
    _refuse_broken(named | ({"mask": request.mask} if request.mask else {}))
    rows: list[Image] = []
    kept = tuple(_named(actor, picture, rows) for picture in request.input_images)
    mask = _named(actor, request.mask, rows) if request.mask else None
    return replace(request, input_images=kept, mask=mask), rows


def _refuse_broken(named: Mapping[str, InputImage]) -> None:
    problems = {}
    for field, picture in named.items():
        try:
            decode_picture(picture.data)
        except UnreadablePicture as error:
            problems[field] = str(error)
    if problems:
        raise Invalid.of(problems)


def _named(actor: Actor, picture: InputImage, rows: list[Image]) -> InputImage:
    if picture.image_id:
        return picture
    rows.append(new_image(actor, picture))
    return replace(picture, image_id=str(rows[-1].id))


def new_image(actor: Actor, picture: InputImage) -> Image:
    """A row still to insert for a picture from outside, whose file is written at once."""
    sha256 = storage.keep_bytes(picture.data)
    return Image(id=new_id(), team=actor.team, user=actor.user, sha256=sha256, size_bytes=len(picture.data),
                 width=picture.width, height=picture.height, mime_type=picture.mime_type)  # fmt: skip


def find_image(actor: Actor, image_id: object) -> Image:
    """A picture of the actor's team, any team's for a hub owner. Raises `NotFound`."""
    actor.require("read")
    found = read_id(image_id)
    images = Image.objects.filter(id=found or uuid.UUID(int=0), deleted_at=None).select_related(
        "generation__model", "attempt__hold"
    )
    if not actor.is_hub_owner:
        images = images.filter(team=actor.team)
    image = images.first()
    if image is None:
        raise NotFound("There is no such picture.")
    return image
