"""Answer a repeated wish from what the team has already paid for, only when asked to."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict
from cloudhub.core.identifiers import new_id
from cloudhub.generations.models import Generation, Image
from providers.base import CloudGenerationRequest

NEWEST = 50


def find_cached(generation: Generation, request: CloudGenerationRequest) -> Generation | None:
    """A finished generation of the same team with the same vendor wish and all its pictures; never another team's.

    `request` is the wish with its pictures' bytes: reference pictures and mask count by what they show, whatever
    their ids are.
    """
    same = Generation.objects.filter(
        team=generation.team, model=generation.model, prompt=generation.prompt, state=Generation.State.SUCCEEDED,
        cache_source=None,
    )  # fmt: skip
    whole = same.annotate(left=Count("images", filter=Q(images__deleted_at=None))).filter(left__gte=F("num_images"))
    words = _words(generation.sent)
    alike = [other for other in whole.order_by("-id")[:NEWEST] if _words(other.sent) == words]
    names = {name for other in alike for name in _pictures(other.sent)}
    stored = Image.objects.filter(id__in=names, team=generation.team).values_list("id", "sha256") if names else ()
    prints = {str(image_id): sha256 for image_id, sha256 in stored}
    wanted = [hashlib.sha256(picture.data).hexdigest() for picture in request.input_images]
    mask = hashlib.sha256(request.mask.data).hexdigest() if request.mask else None
    return next((other for other in alike if _shows(other.sent, prints) == (wanted, mask)), None)


def named_as_in(source: Generation, request: CloudGenerationRequest) -> CloudGenerationRequest:
    """The same wish with its uploaded pictures under the ids that the paid generation keeps them by."""
    ids, mask = source.sent.get("input_images", []), request.mask
    pictures = tuple(
        picture if picture.image_id else replace(picture, image_id=image_id)
        for picture, image_id in zip(request.input_images, ids, strict=True)
    )
    if mask and not mask.image_id:
        mask = replace(mask, image_id=source.sent["mask"])
    return replace(request, input_images=pictures, mask=mask)


def _words(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name not in ("input_images", "mask")}


def _pictures(sent: Mapping[str, Any]) -> list[str]:
    return [*sent.get("input_images", []), *([sent["mask"]] if "mask" in sent else [])]


def _shows(sent: Mapping[str, Any], prints: Mapping[str, str]) -> tuple[list[str], str | None]:
    """The SHA-256 of a stored wish's reference pictures, and of its mask; empty where a file is gone."""
    mask = prints.get(sent["mask"], "") if "mask" in sent else None
    return [prints.get(name, "") for name in sent.get("input_images", [])], mask


def copy_cached(generation: Generation, source: Generation) -> None:
    """Finish and insert a generation at cost 0 that names the one that paid."""
    generation.state = Generation.State.SUCCEEDED
    generation.cache_source = source
    generation.finished_at = timezone.now()
    generation.worker = None

    def insert() -> None:
        # Locked, so that their files cannot be removed before the copies name them too.
        living = Image.objects.filter(generation=source, deleted_at=None).select_for_update(of=("self",))
        images = list(living.order_by("attempt__slot", "index"))
        if len(images) < generation.num_images:
            raise Conflict("The pictures to reuse were deleted meanwhile; nothing was held or sent. Ask again.")
        generation.save(force_insert=True)
        for image in images:
            image.id, image.generation, image.attempt, image._state.adding = new_id(), generation, None, True
            image.created_at = timezone.now()
            image.save(force_insert=True)

    run_transaction(insert)
