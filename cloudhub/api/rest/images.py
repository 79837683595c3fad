"""Pictures: upload a reference, read bytes or the record, delete and restore."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, is_wished, read_body, read_query
from cloudhub.api.pictures import Variant, answer_picture, picture_address
from cloudhub.api.rest.present import present_image
from cloudhub.api.schema import describe, header, in_path, query
from cloudhub.core.errors import Invalid, TooLarge
from cloudhub.generations.bin import delete_image, restore_image
from cloudhub.generations.images import find_image, upload_image
from cloudhub.generations.imports import import_images

TAG = "Images"
# What multipart adds around the file.
ENVELOPE_BYTES = 64 * 1024
WORDS = ("prompt", "made_with")
FILE_NEEDED = "Send one picture as the multipart field `file`."


class Images(Door):
    parser_classes = [MultiPartParser]

    @describe("upload_image", TAG, request={"multipart/form-data": shapes.Upload}, answers={201: shapes.ImageRecord},
              parameters=[header("Location", "The picture's address.", 201)], errors=(400, 413))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Upload a picture for use as a reference or mask; send it as the multipart field `file`.

        With `prompt` or `made_with` it is imported: a picture made elsewhere that stands in the Gallery with its
        words. What they leave open is read from a PNG's own text, where it has any.
        """
        actor_of(request).require("generate")
        read_query(request)
        words = _read_words(request)
        if words is None:
            image = upload_image(actor_of(request), _read_file(request))
        else:
            (image,) = import_images(actor_of(request), [_read_file(request)], **words)
        headers = {"Location": picture_address(request, image)}
        return Response(present_image(request, image), status=201, headers=headers)


ID = in_path("image_id", "The picture's id.")


class OneImage(Door):
    @describe("get_image", TAG,
              answers={(200, "image/*"): OpenApiTypes.BINARY, (200, "application/json"): shapes.ImageRecord},
              parameters=[
                  ID,
                  query("format", "`json` gives the record instead of the bytes.", enum=["json"]),
                  query("original", "1: the bytes as the vendor sent them, without the recipe, and without "
                        "metadata once the prompt was erased.", enum=["0", "1"]),
                  query("shared", "1: to pass on, without recipe and without any other metadata.", enum=["0", "1"]),
                  query("thumbnail", "1: a WebP of at most 640 pixels a side.", enum=["0", "1"]),
                  query("download", "1: as an attachment with a file name.", enum=["0", "1"]),
                  header("ETag", "Changes with the bytes.", 200),
              ], errors=(400, 404))  # fmt: skip
    def get(self, request: Request, image_id: str) -> HttpResponseBase:
        """A picture. A PNG carries its recipe in text chunks; its pixels are untouched.

        What cameras, editors and vendors wrote into the file is in the original alone.
        """
        wished = read_query(request, "format", "original", "shared", "thumbnail", "download")
        if wished.get("format", "json") != "json":
            raise Invalid.of({"format": "Only json can be asked for; without it the bytes come."})
        variant, download = _read_variant(wished), is_wished(wished, "download")
        image = find_image(actor_of(request), image_id)
        if "format" in wished:
            return Response(present_image(request, image))
        return answer_picture(request, image, variant, download=download)

    @describe("delete_image", TAG, answers={204: (None, "In the bin.")}, parameters=[ID], errors=(404,))
    def delete(self, request: Request, image_id: str) -> Response:
        """Put a picture into the bin, where it can be restored for 14 days; for its maker and owners.

        Its generation and ledger lines stay.
        """
        actor_of(request).require("generate")
        read_query(request)
        delete_image(actor_of(request), image_id)
        return Response(status=204)


class ImageRestore(Door):
    @describe("restore_image", TAG, request=None, answers={200: shapes.ImageRecord}, parameters=[ID], errors=(404,))
    def post(self, request: Request, image_id: str) -> Response:
        """Take a picture out of the bin."""
        actor_of(request).require("generate")
        read_query(request)
        read_body(request, ())
        return Response(present_image(request, restore_image(actor_of(request), image_id)))


def _read_variant(wished: dict[str, str]) -> Variant:
    variants: tuple[Variant, ...] = ("original", "shared", "thumbnail")
    asked = [variant for variant in variants if is_wished(wished, variant)]
    if len(asked) > 1:
        raise Invalid.of({asked[-1]: f"Ask for the {asked[0]} or for the {asked[-1]} picture, not for both."})
    return asked[0] if asked else "recipe"


def _read_words(request: Request) -> dict[str, str] | None:
    """The fields that make an upload an import, None when there is none of them."""
    given: Any = request.POST
    several = [name for name in WORDS if len(given.getlist(name)) > 1 or name in request.FILES]
    if several:
        raise Invalid.of(dict.fromkeys(several, "Give this field once, as text."))
    return {name: given[name] for name in WORDS if name in given} or None


def _read_file(request: Request) -> bytes:
    """The bytes of the one uploaded file. Raises `Invalid` naming `file`, `TooLarge` before it is read."""
    too_large = TooLarge(f"A picture may have {settings.MOST_UPLOAD_BYTES // 2**20} MB at most. Nothing was stored.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MOST_UPLOAD_BYTES + ENVELOPE_BYTES:
        raise too_large
    sent: Any = request.data
    unknown = sorted(set(sent) - {"file", *WORDS})
    if unknown:
        raise Invalid.of(dict.fromkeys(unknown, "There is no such field."))
    files = request.FILES.getlist("file")
    if len(files) != 1 or not isinstance(files[0], UploadedFile):
        raise Invalid.of({"file": FILE_NEEDED})
    if (files[0].size or 0) > settings.MOST_UPLOAD_BYTES:
        raise too_large
    data: bytes = files[0].read()
    return data
