"""The bin: pictures that somebody deleted, restorable for some days. Their generations and ledger lines stay."""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Forbidden, NotFound
from cloudhub.core.identifiers import read_id
from cloudhub.generations.images import find_image
from cloudhub.generations.models import Image

KEPT_DAYS = 14


def delete_image(actor: Actor, image_id: object) -> Image:
    """Put a picture into the bin. For whoever made it, and for owners. Raises `NotFound` or `Forbidden`."""
    image = find_image(actor, image_id)
    _require_right(actor, image)
    _change(actor, image, "picture.deleted", timezone.now())
    return image


def restore_image(actor: Actor, image_id: object) -> Image:
    """Take a picture out of the bin. Raises `NotFound` when it is not there, or `Forbidden`."""
    image = find_binned(actor, image_id)
    _change(actor, image, "picture.restored", None)
    return image


def find_binned(actor: Actor, image_id: object) -> Image:
    """A picture in the bin that the actor may restore. Raises `NotFound` when it is not there, or `Forbidden`."""
    found = read_id(image_id)
    image = binned_images(actor).filter(id=found).first() if found else None
    if image is None:
        raise NotFound("There is no such picture in the bin.")
    _require_right(actor, image)
    return image


def binned_images(actor: Actor) -> QuerySet[Image]:
    """The bin of the actor's team, of every team for a hub owner, latest first."""
    actor.require("read")
    images = Image.objects.filter(deleted_at__isnull=False, purged_at=None).select_related("user", "generation__model")
    return (images if actor.is_hub_owner else images.filter(team=actor.team)).order_by("-deleted_at")


def may_delete(actor: Actor, image: Image) -> bool:
    """Whoever made a picture, and the owners of its team and of the hub."""
    is_maker = image.user_id == actor.user.pk and image.team_id == actor.team.pk and actor.may("generate")
    return actor.is_hub_owner or is_maker or (actor.may("manage") and image.team_id == actor.team.pk)


def overdue(now: datetime) -> QuerySet[Image]:
    """Pictures whose days in the bin are over."""
    return Image.objects.filter(deleted_at__lt=now - timedelta(days=KEPT_DAYS))


def _require_right(actor: Actor, image: Image) -> None:
    if not may_delete(actor, image):
        raise Forbidden("Only whoever made a picture and the team's owners may delete or restore it.")


def _change(actor: Actor, image: Image, action: str, deleted_at: datetime | None) -> None:
    def work() -> None:
        rows = Image.objects.filter(id=image.id, purged_at=None, deleted_at__isnull=deleted_at is not None)
        if not rows.update(deleted_at=deleted_at):
            raise NotFound("The picture was deleted or restored by somebody else meanwhile.")
        record(actor, action, target_kind="picture", target_id=image.id, team=image.team)

    run_transaction(work)
    image.deleted_at = deleted_at
