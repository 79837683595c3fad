"""The emulated web UI, asked by plain HTTP as its repository has it.

AUTOMATIC1111 has no official client; webuiapi, which many use, was last released in 2024. So the requests here follow
modules/api of https://github.com/AUTOMATIC1111/stable-diffusion-webui.
"""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from providers.emulation.server import RunningServer
from tests.emulation.calls import amounts, opened, png

TXT, IMG = "/sdapi/v1/txt2img", "/sdapi/v1/img2img"
WISH = {"prompt": "a red fox", "steps": 5, "width": 256, "height": 320}


@pytest.fixture
def webui(emulator: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{emulator.url}/automatic1111", trust_env=False) as client:
        yield client


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pictures(answer: httpx.Response) -> list[Image.Image]:
    return [opened(base64.b64decode(picture)) for picture in answer.json()["images"]]


def info(answer: httpx.Response) -> dict[str, Any]:
    """The field is JSON inside a text."""
    assert isinstance(answer.json()["info"], str)
    return dict(json.loads(answer.json()["info"]))


def test_words_become_a_picture_of_the_wished_size_and_nothing_is_billed(
    webui: httpx.Client, emulator: RunningServer
) -> None:
    answer = webui.post(TXT, json=WISH | {"seed": 42, "batch_size": 2})
    assert [picture.size for picture in pictures(answer)] == [(256, 320)] * 2
    assert info(answer)["all_seeds"] == [42, 43]
    assert answer.json()["parameters"]["prompt"] == "a red fox"
    assert amounts(emulator) == []


def test_sides_that_are_no_multiple_of_eight_lose_the_rest(webui: httpx.Client) -> None:
    assert pictures(webui.post(TXT, json=WISH | {"width": 261}))[0].size == (256, 320)


def test_a_contact_sheet_comes_first_when_pictures_are_saved(webui: httpx.Client) -> None:
    answer = webui.post(TXT, json=WISH | {"batch_size": 2, "save_images": True})
    assert [picture.size for picture in pictures(answer)] == [(512, 320), (256, 320), (256, 320)]
    assert info(answer)["index_of_first_image"] == 1


def test_without_sending_there_are_no_pictures(webui: httpx.Client) -> None:
    assert webui.post(TXT, json=WISH | {"send_images": False}).json()["images"] == []


@pytest.mark.parametrize(("invert", "left"), [(0, "kept"), (1, "new")])
def test_in_a_mask_white_changes_unless_it_is_inverted(webui: httpx.Client, invert: int, left: str) -> None:
    mask = Image.new("L", (256, 256), 0)
    mask.paste(255, (128, 0, 256, 256))
    file = png(256, 256, "black")
    buffer = base64.b64encode(_png(mask)).decode()
    body = {"prompt": "a fox", "width": 256, "height": 256, "init_images": [encoded(file)], "mask": buffer,
            "inpainting_mask_invert": invert}  # fmt: skip
    (drawn,) = pictures(webui.post(IMG, json=body))
    is_black = {side: max(max(pair) for pair in drawn.crop(box).convert("RGB").getextrema()) < 3
                for side, box in {"left": (0, 0, 120, 256), "right": (136, 0, 256, 256)}.items()}  # fmt: skip
    assert is_black == {"left": left == "kept", "right": left == "new"}


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_an_unknown_checkpoint_is_silently_passed_over(webui: httpx.Client) -> None:
    answer = webui.post(TXT, json=WISH | {"override_settings": {"sd_model_checkpoint": "gone"}})
    assert info(answer)["sd_model_name"] == "v1-5-pruned-emaonly"


@pytest.mark.parametrize("name", ["sd_xl_base_1.0", "sd_xl_base_1.0.safetensors [31e35c80fc]", "31e35c80fc"])
def test_a_checkpoint_goes_by_several_names(webui: httpx.Client, name: str) -> None:
    answer = webui.post(TXT, json=WISH | {"override_settings": {"sd_model_checkpoint": name}})
    assert info(answer)["sd_model_name"] == "sd_xl_base_1.0"


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        (TXT, {"steps": "many"}, 422),
        (TXT, {"steps": 0}, 422),
        (TXT, {"stepps": 5}, 422),
        (TXT, {"init_images": ["x"]}, 422),
        (TXT, {"sampler_name": "unheard of"}, 400),
        (TXT, {"scheduler": "unheard of"}, 400),
        (TXT, {"width": 4096, "height": 4096, "batch_size": 2}, 500),
        (IMG, {}, 404),
        (IMG, {"init_images": ["not a picture"]}, 500),
        (IMG, {"denoising_strength": 2}, 422),
    ],
)
def test_what_does_not_fit_is_refused(webui: httpx.Client, path: str, change: dict[str, Any], status: int) -> None:
    answer = webui.post(path, json=WISH | change)
    assert answer.status_code == status
    assert "detail" in answer.json()
    assert ("errors" in answer.json()) == (status != 422)


def test_too_large_a_picture_is_out_of_memory(webui: httpx.Client) -> None:
    answer = webui.post(TXT, json=WISH | {"width": 4096, "height": 4096, "batch_size": 2}).json()
    assert answer["error"] == "OutOfMemoryError"
    assert "CUDA out of memory" in answer["errors"]


@pytest.mark.parametrize("name", ["sd-models", "samplers", "schedulers"])
def test_what_is_installed_is_listed(webui: httpx.Client, name: str) -> None:
    listed = webui.get(f"/sdapi/v1/{name}").json()
    assert len(listed) > 2
    assert ("model_name" if name == "sd-models" else "name") in listed[0]


def test_a_password_is_checked_where_one_comes(webui: httpx.Client) -> None:
    assert webui.get("/sdapi/v1/samplers", auth=("alice", "word")).status_code == 200
    answer = webui.get("/sdapi/v1/samplers", auth=("alice", "invalid"))
    assert (answer.status_code, answer.json()["detail"]) == (401, "Incorrect username or password")


def test_other_addresses_and_methods_are_fastapis(webui: httpx.Client) -> None:
    assert webui.get("/sdapi/v1/loras").json() == {"detail": "Not Found"}
    assert webui.get(TXT).status_code == 405


def test_fewer_pictures_come_by_a_fault(webui: httpx.Client, control: httpx.Client) -> None:
    control.post("/faults", json={"partial": 1})
    answer = webui.post(TXT, json=WISH | {"batch_size": 3})
    assert (len(pictures(answer)), len(info(answer)["all_seeds"])) == (1, 1)
