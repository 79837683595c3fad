"""The bin: pictures that were deleted, and deleting and restoring them."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from cloudhub.core.errors import NotFound
from cloudhub.generations import storage
from cloudhub.generations.bin import KEPT_DAYS, binned_images, delete_image, find_binned, may_delete, restore_image
from cloudhub.web.htmx import HubRequest, signed_in

MOST_SHOWN = 200


@require_GET
@signed_in()
def bin_page(request: HubRequest) -> HttpResponse:
    """The latest deleted pictures of the team."""
    entries = [
        {"image": image, "may_restore": may_delete(request.actor, image),
         "until": (image.deleted_at or image.created_at) + timedelta(days=KEPT_DAYS)}
        for image in binned_images(request.actor)[:MOST_SHOWN]
    ]  # fmt: skip
    return render(request, "gallery/bin.html", {"entries": entries, "kept_days": KEPT_DAYS})


@require_safe
@signed_in()
def thumb(request: HubRequest, image_id: UUID) -> HttpResponse:
    """A deleted picture, small, for who may restore it."""
    image = find_binned(request.actor, image_id)
    try:
        response = HttpResponse(storage.thumbnail(image.sha256), content_type="image/webp")
    except FileNotFoundError as error:
        raise NotFound("The file of this picture is missing from the data folder.") from error
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_POST
@signed_in("generate")
def delete(request: HubRequest, image_id: UUID) -> HttpResponse:
    """Put a picture into the bin."""
    delete_image(request.actor, image_id)
    messages.success(request, f"The picture is in the bin. It can be restored there for {KEPT_DAYS} days.")
    return redirect("web:bin")


@require_POST
@signed_in("generate")
def restore(request: HubRequest, image_id: UUID) -> HttpResponse:
    image = restore_image(request.actor, image_id)
    messages.success(request, "The picture is restored.")
    return redirect("web:picture", image.id)
