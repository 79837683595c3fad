"""Pictures' bytes for pages, checked by the session; programs have `/api/v1/images/`."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from cloudhub.core.errors import NotFound
from cloudhub.generations import storage
from cloudhub.generations.find import find_attempt
from cloudhub.generations.images import find_image
from cloudhub.generations.models import Image
from cloudhub.generations.recipe import has_lost_its_words, original_of, to_pass_on, with_recipe
from cloudhub.web.htmx import HubRequest, signed_in
from providers.pictures import UnreadablePicture, read_picture

ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@require_safe
@signed_in()
def original(request: HubRequest, image_id: UUID) -> HttpResponse:
    """The bytes as the vendor gave them, without words that were erased."""
    return _original(request, find_image(request.actor, image_id))


@require_safe
@signed_in()
def thumb(request: HubRequest, image_id: UUID) -> HttpResponse:
    image = find_image(request.actor, image_id)
    return _picture(request, image, "thumb", "image/webp", lambda: storage.thumbnail(image.sha256))


@require_safe
@signed_in()
def download(request: HubRequest, image_id: UUID) -> HttpResponse:
    """The picture with its recipe inside, as a file; with `?shared=1` without any words, to pass on."""
    image = find_image(request.actor, image_id)
    if "shared" in request.GET:
        return _as_file(_picture(request, image, "shared", image.mime_type, lambda: to_pass_on(image)), image)
    return _as_file(_picture(request, image, "recipe", image.mime_type, lambda: with_recipe(image)), image)


@require_safe
@signed_in()
def download_original(request: HubRequest, image_id: UUID) -> HttpResponse:
    """The original, as a file."""
    image = find_image(request.actor, image_id)
    return _as_file(_original(request, image), image)


@require_safe
@signed_in()
def preview(request: HubRequest, attempt_id: UUID, number: int) -> HttpResponseBase:
    """An unfinished picture of a call under way; once the call has ended, the picture itself."""
    attempt = find_attempt(request.actor, attempt_id)
    with suppress(FileNotFoundError, KeyError, UnreadablePicture):
        data = dict(storage.previews(attempt.pk))[number].read_bytes()
        return _harmless(HttpResponse(data, content_type=read_picture(data).mime_type))
    image = attempt.images.filter(deleted_at=None).first()
    if image is None:
        raise NotFound("There is no unfinished picture any more.")
    return redirect("web:media-thumb", image.id)


def _original(request: HubRequest, image: Image) -> HttpResponse:
    return _picture(request, image, "original", image.mime_type, lambda: original_of(image))


def _picture(
    request: HubRequest, image: Image, variant: str, mime_type: str, read: Callable[[], bytes]
) -> HttpResponse:
    """An answer that the browser may keep for itself."""
    # What a browser has from before the words were erased still holds them.
    bare = "-bare" if has_lost_its_words(image) else ""
    etag = f'"{image.sha256[:32]}-{variant}{bare}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            response = HttpResponse(read(), content_type=mime_type)
        except FileNotFoundError as error:
            raise NotFound("The file of this picture is missing from the data folder.") from error
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, max-age=86400"
    return _harmless(response)


def _harmless(response: HttpResponse) -> HttpResponse:
    """Bytes from outside may not act as a page."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _as_file(response: HttpResponse, image: Image) -> HttpResponse:
    response.headers["Content-Disposition"] = f'attachment; filename="{image.id}.{ENDINGS.get(image.mime_type, "bin")}"'
    return response
