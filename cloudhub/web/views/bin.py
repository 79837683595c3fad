"""The bin: pictures that were deleted, and deleting and restoring them."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cloudhub.generations.bin import KEPT_DAYS, binned_images, delete_image, may_delete, restore_image
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


@require_POST
@signed_in()
def delete(request: HubRequest, image_id: UUID) -> HttpResponse:
    """Put a picture into the bin."""
    delete_image(request.actor, image_id)
    messages.success(request, f"The picture is in the bin. It can be restored there for {KEPT_DAYS} days.")
    return redirect("web:bin")


@require_POST
@signed_in()
def restore(request: HubRequest, image_id: UUID) -> HttpResponse:
    image = restore_image(request.actor, image_id)
    messages.success(request, "The picture is restored.")
    return redirect("web:picture", image.id)
