"""Find pictures and keep uploads."""

import uuid
from dataclasses import replace

from cloudhub.accounts.actor import Actor
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Invalid, NotFound
from cloudhub.core.identifiers import new_id, read_id
from cloudhub.generations import storage
from cloudhub.generations.models import Image
from cloudhub.generations.wish import read_upload
from providers.base import CloudGenerationRequest, InputImage
from providers.pictures import UnreadablePicture


def upload_image(actor: Actor, data: bytes) -> Image:
    """Keep a picture from outside for use as a reference. Raises `Invalid` naming the field `file`."""
    actor.require("generate")
    try:
        picture = read_upload(data)
    except UnreadablePicture as error:
        raise Invalid.of({"file": str(error)}) from error
    return _keep(actor, picture)


def keep_pictures(actor: Actor, request: CloudGenerationRequest) -> CloudGenerationRequest:
    """The same wish with every picture kept under an image id, so that the recipe can name it."""
    kept = tuple(_kept(actor, picture) for picture in request.input_images)
    mask = _kept(actor, request.mask) if request.mask else None
    return replace(request, input_images=kept, mask=mask)


def _kept(actor: Actor, picture: InputImage) -> InputImage:
    return picture if picture.image_id else replace(picture, image_id=str(_keep(actor, picture).id))


def _keep(actor: Actor, picture: InputImage) -> Image:
    sha256 = storage.keep_bytes(picture.data)
    image = Image(id=new_id(), team=actor.team, user=actor.user, sha256=sha256, size_bytes=len(picture.data),
                  width=picture.width, height=picture.height, mime_type=picture.mime_type)  # fmt: skip
    run_transaction(lambda: image.save(force_insert=True))
    return image


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
