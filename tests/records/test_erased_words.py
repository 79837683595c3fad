"""Words that were erased are in no file that the hub gives out, though the stored file keeps what its vendor wrote."""

import io
import zipfile
from collections.abc import Callable

import pybase64
import pytest
from django.http import HttpRequest
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo
from rest_framework.request import Request

from cloudhub.api.openai.answer import images_answer, pictures_of
from cloudhub.generations import storage
from cloudhub.generations.imports import import_images
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.purge import erase_imported_words, erase_recipes
from cloudhub.generations.wish import wish_from_json
from cloudhub.records.export import export_own_data
from tests.api.caller import caller_of
from tests.conftest import Cast, client_of
from tests.generations.stage import carry_out

pytestmark = pytest.mark.sqlite_only
SECRET = b"a secret wish"


def talkative(kind: str) -> bytes:
    """A picture in which a vendor wrote what was asked."""
    texts, buffer = PngInfo(), io.BytesIO()
    texts.add_text("parameters", SECRET.decode())
    PillowImage.new("RGB", (30, 20), "teal").save(buffer, kind, pnginfo=texts, comment=SECRET)
    return buffer.getvalue()


def every_door(cast: Cast, image: Image) -> dict[str, bytes]:
    """The picture as each door gives its original, and as a vendor gets it to work on."""
    page, program = client_of(cast.bob), caller_of(cast.bob)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export_own_data(cast.bob))))
    found = {
        "page": page.get(f"/media/{image.id}").content,
        "file": page.get(f"/media/{image.id}.original").content,
        "api": program.get(f"/api/v1/images/{image.id}?original=1").content,
        "vendor": wish_from_json({"model": "practice-1", "input_images": [str(image.id)]}).input_images[0].data,
        "export": archive.read(next(name for name in archive.namelist() if str(image.id) in name)),
    }
    if image.generation:
        body = images_answer(Request(HttpRequest()), image.generation, pictures_of(image.generation), "b64_json")
        found["openai"] = pybase64.b64decode(body["data"][0]["b64_json"])
    return found


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_a_vendor_wrote_into_the_file_is_given_out_only_until_the_recipe_is_erased(cast: Cast, kind: str) -> None:
    image, data = carry_out(cast.bob).images.get(), talkative(kind)
    Image.objects.update(sha256=storage.keep_bytes(data), mime_type=f"image/{kind.lower()}")
    image.refresh_from_db()
    assert set(every_door(cast, image).values()) == {data}
    erase_recipes(Generation.objects.all())
    for door, given in every_door(cast, image).items():
        assert SECRET not in given, door
        assert PillowImage.open(io.BytesIO(given)).size == (30, 20)
    assert storage.read_bytes(image.sha256) == data
    assert "without its metadata" in client_of(cast.bob).get(f"/gallery/{image.id}/").content.decode()


def test_an_imported_picture_is_given_out_without_the_words_of_its_file_once_they_are_erased(cast: Cast) -> None:
    data = talkative("PNG")
    (image,) = import_images(cast.bob, [data])
    assert image.prompt == SECRET.decode()
    assert set(every_door(cast, image).values()) == {data}
    assert erase_imported_words(Image.objects.all()) == 1
    for door, given in every_door(cast, image).items():
        assert SECRET not in given, door
    assert "Its prompt was erased on" in client_of(cast.bob).get(f"/gallery/{image.id}/").content.decode()
    assert erase_imported_words(Image.objects.all()) == 0


def test_who_has_the_bytes_from_before_the_erasure_gets_new_ones(cast: Cast) -> None:
    image = carry_out(cast.bob, prompt=SECRET.decode()).images.get()
    page, program = client_of(cast.bob), caller_of(cast.bob)
    doors: list[Callable[..., object]] = [
        lambda **headers: page.get(f"/media/{image.id}.download", headers=headers),
        lambda **headers: program.get(f"/api/v1/images/{image.id}", **headers),
        lambda **headers: program.get(f"/api/v1/images/{image.id}?original=1", **headers),
    ]
    known = [door()["ETag"] for door in doors]
    erase_recipes(Generation.objects.all())
    assert [door(**{"If-None-Match": etag}).status_code for door, etag in zip(doors, known, strict=True)] == [200] * 3
