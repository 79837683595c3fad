"""Pictures go in as files and come out as bytes that a browser cannot mistake for anything else."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cloudhub.generations import storage
from cloudhub.generations.models import Image
from cloudhub.generations.recipe import read_recipe
from tests.api.caller import WISH, Caller, caller_of
from tests.conftest import Cast

PATH = "/api/v1/images"


def upload(caller: Caller, data: bytes, name: str = "fox.png") -> Any:
    return caller.upload(file=SimpleUploadedFile(name, data))


def test_an_upload_is_kept_and_can_be_read_back(alices: Caller, png: bytes) -> None:
    answer = upload(alices, png)
    assert answer.status_code == 201
    image = answer.json()
    assert (image["width"], image["height"], image["mime_type"], image["generation"]) == (300, 200, "image/png", None)
    assert answer["Location"] == image["url"] == f"http://testserver{PATH}/{image['id']}"
    assert alices.get(f"{PATH}/{image['id']}").content == png


def test_an_upload_serves_as_a_reference(alices: Caller, finished: Callable[..., dict], png: bytes) -> None:
    image = upload(alices, png).json()["id"]
    generation = finished(input_images=[image])
    assert generation["state"] == "succeeded"
    assert generation["request"]["input_images"] == [image]


def test_bytes_are_served_so_that_nothing_but_a_picture_comes_of_them(alices: Caller, png: bytes) -> None:
    answer = alices.get(f"{PATH}/{upload(alices, png).json()['id']}?original=1")
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"].startswith("private")
    assert answer["ETag"] == f'"{hashlib.sha256(png).hexdigest()}"'


@pytest.mark.parametrize("query", ["", "?original=1", "?thumbnail=1"])
def test_who_has_the_bytes_gets_304(alices: Caller, png: bytes, query: str) -> None:
    address = f"{PATH}/{upload(alices, png).json()['id']}{query}"
    answer = alices.get(address, **{"If-None-Match": alices.get(address)["ETag"]})
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_download_carries_the_recipe_and_the_original_does_not(alices: Caller, finished: Callable[..., dict]) -> None:
    generation = finished("a red fox", seed=5)
    image = generation["images"][0]
    with_recipe = alices.get(f"{PATH}/{image['id']}").content
    original = alices.get(f"{PATH}/{image['id']}?original=1").content
    recipe = read_recipe(with_recipe)
    assert recipe is not None
    assert (recipe["generation"], recipe["prompt"]) == (generation["id"], "a red fox")
    assert read_recipe(original) is None
    assert hashlib.sha256(original).hexdigest() == image["sha256"]


def test_a_thumbnail_is_a_small_webp(alices: Caller, finished: Callable[..., dict]) -> None:
    answer = alices.get(f"{PATH}/{finished()['images'][0]['id']}?thumbnail=1")
    assert answer["Content-Type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"


def test_a_download_has_a_file_name_of_the_prompt(alices: Caller, finished: Callable[..., dict]) -> None:
    image = finished('a "red" fox/../etc\r\nX: y')["images"][0]["id"]
    disposition = alices.get(f"{PATH}/{image}?download=1")["Content-Disposition"]
    assert disposition == f'attachment; filename="a-red-foxetc-x-y-{image[-8:]}.png"'
    assert alices.get(f"{PATH}/{image}")["Content-Disposition"].startswith("inline")


def test_the_record_comes_as_json(alices: Caller, finished: Callable[..., dict]) -> None:
    generation = finished(seed=5)
    record = alices.get(f"{PATH}/{generation['images'][0]['id']}?format=json").json()
    assert record == generation["images"][0]
    assert (record["seed"], record["generation"]) == (5, generation["id"])
    assert set(record) == {
        "id", "url", "width", "height", "mime_type", "seed", "revised_prompt", "size_bytes", "sha256", "prompt",
        "made_with", "generation", "created_at",
    }  # fmt: skip


def test_whatever_accept_says_the_bytes_come(alices: Caller, png: bytes) -> None:
    image = upload(alices, png).json()["id"]
    assert alices.get(f"{PATH}/{image}", Accept="text/html").content == png


@pytest.mark.parametrize(
    ("query", "field"),
    [("format=xml", "format"), ("original=maybe", "original"), ("thumbnail=2", "thumbnail"), ("download=x", "download"),
     ("original=1&thumbnail=1", "thumbnail"), ("size=9", "size")],
)  # fmt: skip
def test_a_bad_query_is_refused_by_name(alices: Caller, png: bytes, query: str, field: str) -> None:
    answer = alices.get(f"{PATH}/{upload(alices, png).json()['id']}?{query}")
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"GIF89a" + b"\x00" * 40, b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_what_is_no_picture_is_refused(alices: Caller, data: bytes) -> None:
    answer = upload(alices, data)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["file"])
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("files", "field"), [({}, "file"), ({"file": "text"}, "file"), ({"file": "text", "name": "x"}, "name")]
)
def test_the_file_must_be_there_and_alone(alices: Caller, files: dict[str, str], field: str) -> None:
    answer = alices.upload(**files)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])


def test_two_files_at_once_are_refused(alices: Caller, png: bytes) -> None:
    answer = alices.upload(file=[SimpleUploadedFile("a.png", png), SimpleUploadedFile("b.png", png)])
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["file"])


def test_a_file_that_is_too_large_is_413(alices: Caller, png: bytes, settings: Any) -> None:
    settings.MOST_UPLOAD_BYTES = len(png) - 1
    answer = upload(alices, png)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    settings.MOST_UPLOAD_BYTES = len(png)
    assert upload(alices, png).status_code == 201


def test_json_instead_of_a_file_is_415(alices: Caller) -> None:
    assert alices.post(PATH, {"file": "data:"}).status_code == 415


def test_a_broken_multipart_body_is_400(alices: Caller) -> None:
    answer = alices.client.generic(
        "POST", PATH, b"--x\r\nnonsense", "multipart/form-data", headers={"Authorization": f"Bearer {alices.key}"}
    )
    assert answer.status_code == 400


def test_a_missing_file_is_told_apart_from_a_missing_picture(alices: Caller, png: bytes) -> None:
    image = upload(alices, png).json()
    storage.object_path(image["sha256"]).unlink()
    answer = alices.get(f"{PATH}/{image['id']}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "file_missing")
    assert alices.post("/api/v1/generations", {**WISH, "input_images": [image["id"]]}).status_code == 400


def test_an_upload_with_words_is_an_import(alices: Caller, png: bytes) -> None:
    answer = alices.upload(file=SimpleUploadedFile("f.png", png), prompt="a fox --v 7", made_with="Midjourney")
    image = answer.json()
    assert (answer.status_code, image["prompt"], image["made_with"]) == (201, "a fox --v 7", "Midjourney")
    assert alices.get(f"{PATH}/{image['id']}?format=json").json() == image
    name = alices.get(f"{PATH}/{image['id']}?download=1")["Content-Disposition"]
    assert name == f'attachment; filename="a-fox-v-7-{image["id"][-8:]}.png"'
    plain = upload(alices, png).json()
    assert (plain["prompt"], plain["made_with"]) == (None, None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"made_with": "m" * 201}, "made_with"), ({"prompt": ["a", "b"]}, "prompt"), ({"model": "v7"}, "model")],
)
def test_wrong_words_are_refused_by_name(alices: Caller, png: bytes, fields: dict[str, Any], field: str) -> None:
    answer = alices.upload(file=SimpleUploadedFile("f.png", png), **fields)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])
    assert not Image.objects.exists()


def test_a_picture_is_deleted_and_restored(alices: Caller, cast: Cast, png: bytes) -> None:
    address = f"{PATH}/{upload(alices, png).json()['id']}"
    victors = caller_of(cast.victor, "read")
    assert victors.delete(address).status_code == 403
    answer = alices.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [alices.get(address).status_code, alices.delete(address).status_code] == [404, 404]
    assert victors.post(f"{address}/restore").status_code == 403
    assert alices.post(f"{address}/restore").json()["url"] == f"http://testserver{address}"
    assert alices.get(address).content == png
    assert alices.post(f"{address}/restore").status_code == 404
