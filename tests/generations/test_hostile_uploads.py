"""What comes in as a picture and is none, or one that would hurt: refused in words, by every way in, unopened."""

import io
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as PillowImage

from cloudhub.core.errors import Invalid
from cloudhub.generations import storage
from cloudhub.generations.images import upload_image
from cloudhub.generations.imports import import_images
from cloudhub.generations.models import Image
from providers import pictures
from providers.pictures import UnreadablePicture, open_picture, read_picture
from tests.api.caller import caller_of
from tests.conftest import Cast, client_of
from tests.generations.stage import as_data_uri, png, submit
from tests.providers.hostile_pictures import CUT_OFF, HTML, REFUSED, encoded, gif_and_script, jpeg_of_scans

pytestmark = pytest.mark.sqlite_only
WAYS: dict[str, Callable[[Cast, bytes], Any]] = {
    "upload": lambda cast, data: upload_image(cast.bob, data),
    "import": lambda cast, data: import_images(cast.bob, [data]),
    "reference": lambda cast, data: submit(cast.bob, input_images=[as_data_uri("image/png", data)]),
    "mask": lambda cast, data: submit(
        cast.bob, input_images=[as_data_uri("image/png", png())], mask=as_data_uri("image/png", data)
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_refuses_every_hostile_file_in_words(cast: Cast, way: str) -> None:
    for data, words in REFUSED.values():
        with pytest.raises(Invalid) as refused:
            WAYS[way](cast, data)
        assert words in str(refused.value)
    for data in CUT_OFF.values():
        with pytest.raises(Invalid, match=r"cut off before its end|not a readable"):
            WAYS[way](cast, data)
    assert not Image.objects.exists()


@pytest.mark.parametrize("way", WAYS)
def test_a_jpeg_that_is_decoded_without_end_is_refused_by_every_way_in(cast: Cast, way: str) -> None:
    with pytest.raises(Invalid, match="more than 100 scans"):
        WAYS[way](cast, jpeg_of_scans(200))
    upload_image(cast.bob, jpeg_of_scans(1))


def test_a_vendors_jpeg_of_many_scans_is_kept_and_never_decoded() -> None:
    data = jpeg_of_scans(200)
    assert read_picture(data).mime_type == "image/jpeg"
    with pytest.raises(FileNotFoundError, match="more than 100 scans"):
        storage.thumbnail(storage.keep_bytes(data))


def test_a_head_is_read_while_all_places_for_decoding_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_decoders", threading.BoundedSemaphore(1))
    with open_picture(png()):
        assert [read_picture(encoded(kind)).width for kind in ("PNG", "JPEG")] == [32, 32]


@pytest.mark.parametrize("name", REFUSED)
def test_none_of_them_costs_memory_or_time(name: str) -> None:
    data, words = REFUSED[name]
    assert len(data) < 1_500_000
    began = time.process_time()
    tracemalloc.start()
    with pytest.raises(UnreadablePicture, match=words.split(",")[0]):
        read_picture(data)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10_000_000
    assert time.process_time() - began < 2


@pytest.mark.parametrize("name", ["a.png", "picture.PNG", "../../etc/passwd.png", "a.png.html", "a\x00.png"])
def test_a_files_name_decides_nothing(cast: Cast, name: str) -> None:
    caller = caller_of(cast.bob)
    assert caller.upload(file=SimpleUploadedFile(name, REFUSED["fits"][0], "image/png")).status_code == 400
    kept = caller.upload(file=SimpleUploadedFile(name, encoded("JPEG"), "text/html"))
    assert (kept.status_code, kept.json()["mime_type"]) == (201, "image/jpeg")


def test_a_page_that_uploads_one_is_told_and_keeps_nothing(cast: Cast) -> None:
    file = SimpleUploadedFile("logo.svg", REFUSED["svg with a script"][0], "image/svg+xml")
    answer = client_of(cast.bob).post("/studio/references", {"reference": file}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "SVG drawing" in answer.content.decode()


TAILS = {"html": HTML, "script": b"/*" + gif_and_script(), "zip": b""}


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_hides_behind_a_picture_is_served_as_a_picture_and_not_passed_on(cast: Cast, kind: str, tail: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("evil.txt", "evil")
    behind = TAILS[tail] or archive.getvalue()
    image = upload_image(cast.bob, encoded(kind) + behind)
    bobs = client_of(cast.bob)
    shown = bobs.get(f"/media/{image.id}")
    assert shown["Content-Type"] == f"image/{kind.lower()}"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    for address in (f"/media/{image.id}.download", f"/media/{image.id}.download?shared=1"):
        passed_on = bobs.get(address).content
        assert behind[-20:] not in passed_on
        assert PillowImage.open(io.BytesIO(passed_on)).size == (32, 20)


def test_only_so_many_pictures_are_open_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_decoders", threading.BoundedSemaphore(2))
    lock, open_now, most = threading.Lock(), [0], [0]

    def decode() -> None:
        with open_picture(png()) as image:
            with lock:
                open_now[0] += 1
                most[0] = max(most[0], open_now[0])
            image.load()
            time.sleep(0.02)
            with lock:
                open_now[0] -= 1

    threads = [threading.Thread(target=decode) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [2]


def test_a_picture_that_cannot_be_opened_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_decoders", threading.BoundedSemaphore(1))
    for _ in range(3):
        with pytest.raises(UnreadablePicture):
            read_picture(b"nothing")
    assert read_picture(png()).width
