"""Picture files over HTTP: never anything but a picture to a browser, and links that work for an hour without a key."""

from typing import Literal

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from cloudhub.api import shapes
from cloudhub.api.door import Door, address_of
from cloudhub.core.errors import Forbidden, NotFound
from cloudhub.core.identifiers import read_id
from cloudhub.generations import storage
from cloudhub.generations.models import Image
from cloudhub.generations.recipe import has_lost_its_words, original_of, to_pass_on, with_recipe

Variant = Literal["recipe", "original", "shared", "thumbnail"]
LINK_SECONDS = 3600
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_signer = TimestampSigner(salt="cloudhub.api.pictures")


def answer_picture(request: HttpRequest, image: Image, variant: Variant, *, download: bool = False) -> HttpResponseBase:
    """The bytes of a picture, or 304 when the caller has them. Raises `NotFound` when the file is missing."""
    # What a caller has from before the words were erased still holds them.
    bare = "-bare" if has_lost_its_words(image) else ""
    etag = f'"{image.sha256}{bare}"' if variant == "original" else f'"{image.sha256}-{variant}{bare}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        mime_type = "image/webp" if variant == "thumbnail" else image.mime_type
        response = HttpResponse(_read(image, variant), content_type=mime_type)
        name = f"{slugify(_title(image))[:60].strip('-') or 'picture'}-{image.id.hex[-8:]}.{ENDINGS[mime_type]}"
        response["Content-Disposition"] = content_disposition_header(download, name) or "inline"
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _read(image: Image, variant: Variant) -> bytes:
    try:
        if variant == "thumbnail":
            return storage.thumbnail(image.sha256)
        if variant == "shared":
            return to_pass_on(image)
        return original_of(image) if variant == "original" else with_recipe(image)
    except FileNotFoundError as error:
        raise NotFound("The file of this picture is missing on the hub's disk.", code="file_missing") from error


def _title(image: Image) -> str:
    return image.generation.prompt if image.generation else image.prompt or "upload"


def picture_address(request: Request, image: Image) -> str:
    """The absolute address at which a picture can be read with a hub key."""
    return address_of(request, "image", image_id=str(image.id))


def signed_address(request: Request, image: Image) -> str:
    """An absolute address that is readable for an hour without a key, by whoever knows it."""
    return address_of(request, "signed-picture", token=_signer.sign(str(image.id)))


class SignedPicture(Door):
    """GET /images/signed/{token}: the picture behind a link of the OpenAI-compatible door.

    A link goes from hand to hand, so its picture is the one to pass on; the original takes a hub key.
    """

    authentication_classes = []
    permission_classes = []

    @extend_schema(
        operation_id="get_signed_picture",
        tags=["OpenAI-compatible"],
        summary="A picture behind a signed link, readable for an hour without a key",
        responses={
            (200, "image/*"): OpenApiTypes.BINARY,
            403: OpenApiResponse(shapes.ErrorAnswer, "`link_expired`"),
            404: OpenApiResponse(shapes.ErrorAnswer, "`not_found`: the link is not one of the hub's."),
        },
    )
    def get(self, request: Request, token: str) -> HttpResponseBase:
        try:
            image_id = read_id(_signer.unsign(token, max_age=LINK_SECONDS))
        except SignatureExpired as error:
            raise Forbidden("This link has expired; it was good for an hour. Ask the hub for the picture with a key.",
                            code="link_expired") from error  # fmt: skip
        except BadSignature as error:
            raise NotFound("There is no such picture.") from error
        images = Image.objects.select_related("generation").filter(deleted_at=None)
        image = images.filter(id=image_id).first() if image_id else None
        if image is None:
            raise NotFound("There is no such picture.")
        answer = answer_picture(request, image, "shared")
        # These links are made to be shown elsewhere; whatever else the hub has is for its own pages alone.
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer
