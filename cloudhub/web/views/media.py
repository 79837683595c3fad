"""Pictures' bytes for pages, checked by the session; programs have `/api/v1/images/`."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from cloudhub.core.errors import NotFound
from cloudhub.generations import storage
from cloudhub.generations.images import find_image
from cloudhub.generations.models import Image
from cloudhub.generations.recipe import with_recipe
from cloudhub.web.htmx import HubRequest, signed_in

ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@require_safe
@signed_in()
def original(request: HubRequest, image_id: UUID) -> HttpResponse:
    """The bytes as the vendor gave them."""
    return _original(request, find_image(request.actor, image_id))


@require_safe
@signed_in()
def thumb(request: HubRequest, image_id: UUID) -> HttpResponse:
    image = find_image(request.actor, image_id)
    return _picture(request, image, "thumb", "image/webp", lambda: storage.thumbnail(image.sha256))


@require_safe
@signed_in()
def download(request: HubRequest, image_id: UUID) -> HttpResponse:
    """The picture with its recipe inside, as a file."""
    image = find_image(request.actor, image_id)
    return _as_file(_picture(request, image, "recipe", image.mime_type, lambda: with_recipe(image)), image)


@require_safe
@signed_in()
def download_original(request: HubRequest, image_id: UUID) -> HttpResponse:
    """The untouched original, as a file."""
    image = find_image(request.actor, image_id)
    return _as_file(_original(request, image), image)


def _original(request: HubRequest, image: Image) -> HttpResponse:
    return _picture(request, image, "original", image.mime_type, lambda: storage.read_bytes(image.sha256))


def _picture(
    request: HubRequest, image: Image, variant: str, mime_type: str, read: Callable[[], bytes]
) -> HttpResponse:
    """An answer that the browser may keep for itself. The bytes come from outside: they may not act as a page."""
    etag = f'"{image.sha256[:32]}-{variant}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            response = HttpResponse(read(), content_type=mime_type)
        except FileNotFoundError as error:
            raise NotFound("The file of this picture is missing from the data folder.") from error
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, max-age=86400"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _as_file(response: HttpResponse, image: Image) -> HttpResponse:
    response.headers["Content-Disposition"] = f'attachment; filename="{image.id}.{ENDINGS.get(image.mime_type, "bin")}"'
    return response
