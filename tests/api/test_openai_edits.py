"""POST /v1/images/edits: as a form and as JSON, with masks, by the rules of generations."""

import io
from typing import Any

import pybase64
import pytest
from django.http import HttpResponse
from PIL import Image as PillowImage
from PIL import ImageChops

from cloudhub.accounts.actor import Actor
from cloudhub.generations.models import Generation, Image
from tests.api.caller import Caller, caller_of

pytestmark = pytest.mark.sqlite_only

PATH = "/v1/images/edits"
FIELDS = {"model": "practice-1", "prompt": "a red fox", "resolution": "0.5K"}
BOX = (100, 100, 400, 400)
REPEAT = {"x-stainless-retry-count": "1"}


def picture(colour: Any = "#00ff00", mode: str = "RGB", hole: Any = None, size: tuple[int, int] = (512, 512)) -> bytes:
    image = PillowImage.new(mode, size, colour)
    if hole is not None:
        image.paste(hole, BOX)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


SEE_THROUGH = picture((255, 255, 255, 255), "RGBA", (0, 0, 0, 0))
WHITE = picture("#000000", hole="#ffffff")


def uri(data: bytes) -> str:
    return f"data:image/png;base64,{pybase64.b64encode_as_string(data)}"


def form(caller: Caller, body: dict[str, Any], **headers: str) -> HttpResponse:
    """Post a form; bytes are files, lists are fields that come several times."""
    fields = {name: [_part(name, item) for item in value] if isinstance(value, list) else _part(name, value)
              for name, value in body.items()}  # fmt: skip
    return caller.client.post(PATH, fields, headers={"Authorization": f"Bearer {caller.key}", **headers})


def _part(name: str, value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    file = io.BytesIO(value)
    file.name = f"{name.strip('[]')}.png"
    return file


def first_of(answer: HttpResponse) -> PillowImage.Image:
    assert answer.status_code == 200, answer.content
    return PillowImage.open(io.BytesIO(pybase64.b64decode(answer.json()["data"][0]["b64_json"]))).convert("RGB")


def changed_box(answer: HttpResponse) -> Any:
    original = PillowImage.open(io.BytesIO(picture()))
    return ImageChops.difference(first_of(answer), original).getbbox()


@pytest.mark.parametrize("mask", [SEE_THROUGH, WHITE], ids=["see-through", "white"])
def test_a_form_changes_a_picture_only_inside_its_mask(waiting: Caller, mask: bytes) -> None:
    answer = form(waiting, {**FIELDS, "image": picture(), "mask": mask})
    assert changed_box(answer) == BOX
    assert (answer["X-CloudHub-Cost"], answer["X-CloudHub-Cache"]) == ("0.005000", "miss")


@pytest.mark.parametrize("shape", ["image_url", "file_id", "text"])
def test_json_changes_a_picture_only_inside_its_mask(waiting: Caller, shape: str) -> None:
    def reference(data: bytes) -> Any:
        if shape == "image_url":
            return {"image_url": uri(data)}
        if shape == "text":
            return uri(data)
        file = io.BytesIO(data)
        file.name = "a.png"
        return {"file_id": waiting.upload(file=file).json()["id"]}

    answer = waiting.post(PATH, {**FIELDS, "images": [reference(picture())], "mask": reference(SEE_THROUGH)})
    assert changed_box(answer) == BOX


def test_texts_of_a_form_are_the_numbers_that_they_mean(waiting: Caller) -> None:
    typed = {"n": "2", "seed": "7", "strength": "0.25", "enhance_prompt": "true", "options": '{"palette": "sea"}',
             "tags[]": ["zoo", "night"], "user": "u-1", "stream": "false", "output_compression": "100"}  # fmt: skip
    answer = form(waiting, {**FIELDS, **typed, "image[]": [picture(), picture("#0000ff")]})
    generation = Generation.objects.get()
    assert (answer.status_code, len(answer.json()["data"])) == (200, 2)
    meant = {"num_images": 2, "seed": 7, "strength": 0.25, "enhance_prompt": True, "options": {"palette": "sea"}}
    assert {name: generation.request[name] for name in meant} == meant
    assert generation.tag_list == ["zoo", "night", "user:u-1"]
    assert len(generation.request["input_images"]) == 2
    assert answer.json()["data"][0]["revised_prompt"]


def test_pictures_may_be_named_by_text_in_a_form(waiting: Caller) -> None:
    answer = form(waiting, {**FIELDS, "image": uri(picture()), "mask": uri(SEE_THROUGH)})
    assert changed_box(answer) == BOX


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"image": None}, "image", "invalid"),
        ({"image": b"no picture"}, "image", "invalid"),
        ({"mask": b"no picture"}, "mask", "invalid"),
        ({"mask": picture(size=(512, 256))}, "mask", "capability"),
        ({"image[]": [picture()] * 5}, "image", "capability"),
        ({"image": "https://example.org/a.png"}, "image", "invalid"),
        ({"image": "01900000-0000-7000-8000-000000000000"}, "image[0]", "invalid"),
        ({"n": "many"}, "n", "invalid"),
        ({"stream": "perhaps"}, "stream", "invalid"),
        ({"strength": "2"}, "strength", "invalid"),
        ({"options": "{"}, "options", "invalid"),
        ({"steps": "20"}, "steps", "invalid"),
        ({"prompt": ["one", "two"]}, "prompt", "invalid"),
        ({"prompt": picture()}, "prompt", "invalid"),
        ({"markup": picture()}, "markup", "invalid"),
        ({"input_fidelity": "high"}, "input_fidelity", "capability"),
        ({"prompt": "a\x00"}, "prompt", "invalid"),
        ({"model": ""}, "model", "invalid"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_field_of_a_form_is_named(alices: Caller, change: dict[str, Any], param: str, code: str) -> None:
    alices.post("/api/v1/budgets", {"name": "none", "scope": "hub", "window": "day", "limit": "0", "currency": "XTS"})
    fields = {**FIELDS, **({} if "image[]" in change else {"image": picture()}), **change}
    answer = form(alices, {name: value for name, value in fields.items() if value is not None})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code), error
    assert answer["x-should-retry"] == "false"
    assert not Generation.objects.exists()
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"images": None}, "images"), ({"images": []}, "images"), ({"images": [5]}, "images[0]"),
        ({"images": [{}]}, "images[0]"), ({"images": [{"image_url": uri(picture()), "file_id": "x"}]}, "images[0]"),
        ({"images": [{"image_url": "https://example.org/a.png"}]}, "images[0]"),
        ({"images": [{"image_url": 5}]}, "images[0]"), ({"images": [{"url": uri(picture())}]}, "images[0]"),
        ({"images": ["data:image/png;base64,!"]}, "images[0]"), ({"mask": {"file_id": 5}}, "mask"),
        ({"mask": "nothing"}, "mask"), ({"image": uri(picture())}, "images"), ({"steps": 20}, "steps"),
        ({"n": "2"}, "n"),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_a_bad_field_of_json_is_named(alices: Caller, change: dict[str, Any], param: str) -> None:
    answer = alices.post(PATH, {**FIELDS, "images": [{"image_url": uri(picture())}], **change})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.json()
    assert not Generation.objects.exists()


def test_another_teams_picture_is_not_there(alices: Caller, charlie: Actor) -> None:
    file = io.BytesIO(picture())
    file.name = "a.png"
    theirs = caller_of(charlie).upload(file=file).json()["id"]
    answer = alices.post(PATH, {**FIELDS, "images": [{"file_id": theirs}]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "images[0]")


def test_other_bodies_are_refused_in_openais_envelope(alices: Caller) -> None:
    headers = {"Authorization": f"Bearer {alices.key}"}
    answer = alices.client.generic("POST", PATH, b"x", "application/octet-stream", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")
    broken = alices.client.generic("POST", PATH, b"--x\r\nnonsense", "multipart/form-data", headers=headers)
    assert (broken.status_code, broken.json()["error"]["type"]) == (400, "invalid_request_error")


def test_an_automatic_repeat_joins_and_a_key_replays(waiting: Caller) -> None:
    body = {**FIELDS, "image": picture(), "mask": SEE_THROUGH}
    first = form(waiting, body)
    assert form(waiting, body, **REPEAT).json() == first.json()
    keyed = form(waiting, body, **{"Idempotency-Key": "one"})
    again = form(waiting, body, **{"Idempotency-Key": "one"})
    assert (again.json(), again["Idempotent-Replayed"]) == (keyed.json(), "true")
    assert form(waiting, {**body, "mask": WHITE}, **{"Idempotency-Key": "one"}).status_code == 422
    assert Generation.objects.count() == 2


def test_a_repeated_edit_is_answered_from_the_cache_when_asked(waiting: Caller) -> None:
    body = {**FIELDS, "images": [{"image_url": uri(picture())}], "seed": 1}
    file = io.BytesIO(picture())
    file.name = "a.png"
    body["images"] = [{"file_id": waiting.upload(file=file).json()["id"]}]
    waiting.post(PATH, body)
    again = waiting.post(PATH, body, **{"X-CloudHub-Cache": "use"})
    assert (again["X-CloudHub-Cache"], again["X-CloudHub-Cost"]) == ("hit", "0.000000")


def test_editing_needs_the_scope_generate(alice: Actor) -> None:
    readers = caller_of(alice, "read", "manage")
    assert readers.post(PATH, {**FIELDS, "images": [uri(picture())]}).status_code == 403
    assert not Image.objects.exists()
