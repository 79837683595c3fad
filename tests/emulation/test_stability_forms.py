"""What the emulated Stability accepts, refuses and charges, as the vendor's pages have it.

Stability has no client library of its own for REST v2beta (its `stability-sdk` speaks the older gRPC), so the calls
here are raw HTTP by https://platform.stability.ai/docs/api-reference.
"""

import time
from typing import Any

import httpx
import pytest

from providers.emulation.server import RunningServer
from providers.stability.emulator import outcome
from tests.emulation.calls import amounts, opened, png
from tests.emulation.stability_calls import KEY, MASK, PICTURE, call, picture_of, result

# Path, the fields of a good form, the price in dollars, and the size of the picture.
GOOD: list[tuple[str, dict[str, Any], str, tuple[int, int]]] = [
    ("generate/core", {"prompt": "a fox", "aspect_ratio": "16:9", "style_preset": "anime"}, "0.030000", (1664, 896)),
    ("generate/ultra", {"prompt": "a fox"}, "0.080000", (1024, 1024)),
    ("generate/ultra", {"prompt": "a fox", "image": PICTURE, "strength": 0.5}, "0.080000", (320, 256)),
    ("generate/sd3", {"prompt": "a fox", "cfg_scale": 4}, "0.065000", (1024, 1024)),
    ("generate/sd3", {"prompt": "a fox", "model": "sd3.5-large-turbo", "aspect_ratio": "9:21"}, "0.040000",
     (640, 1536)),
    ("generate/sd3", {"prompt": "a fox", "model": "sd3.5-medium", "negative_prompt": "x"}, "0.035000", (1024, 1024)),
    ("generate/sd3", {"prompt": "a fox", "model": "sd3.5-flash", "mode": "image-to-image", "image": PICTURE,
                      "strength": 0.7}, "0.025000", (320, 256)),
    ("edit/inpaint", {"prompt": "a hat", "image": PICTURE, "mask": MASK, "grow_mask": 100}, "0.050000", (320, 256)),
    ("edit/erase", {"image": PICTURE, "mask": MASK}, "0.050000", (320, 256)),
    ("edit/outpaint", {"image": PICTURE, "left": 100, "down": 50}, "0.040000", (420, 306)),
    ("edit/remove-background", {"image": PICTURE, "output_format": "webp"}, "0.050000", (320, 256)),
    ("edit/search-and-replace", {"image": PICTURE, "prompt": "a hat", "search_prompt": "a cap"}, "0.050000",
     (320, 256)),
    ("edit/search-and-recolor", {"image": PICTURE, "prompt": "red", "select_prompt": "a cap"}, "0.050000", (320, 256)),
    ("control/sketch", {"image": PICTURE, "prompt": "a hat", "control_strength": 0.7}, "0.050000", (320, 256)),
    ("control/structure", {"image": PICTURE, "prompt": "a hat"}, "0.050000", (320, 256)),
    ("control/style", {"image": PICTURE, "prompt": "a hat", "fidelity": 1, "aspect_ratio": "2:3"}, "0.050000",
     (832, 1216)),
    ("control/style-transfer", {"init_image": PICTURE, "style_image": MASK, "change_strength": 0.1}, "0.080000",
     (320, 256)),
    ("upscale/fast", {"image": PICTURE}, "0.020000", (1280, 1024)),
    ("upscale/conservative", {"image": PICTURE, "prompt": "a hat"}, "0.400000", (2289, 1831)),
]  # fmt: skip

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("generate/core", {"prompt": ""}, "prompt"),
    ("generate/core", {"seed": 4}, "prompt"),
    ("generate/core", {"prompt": "x" * 10_001}, "prompt"),
    ("generate/core", {"prompt": "a fox", "width": 1024}, "width"),
    ("generate/core", {"prompt": "a fox", "aspect_ratio": "4:3"}, "aspect_ratio"),
    ("generate/core", {"prompt": "a fox", "seed": 4294967295}, "seed"),
    ("generate/core", {"prompt": "a fox", "seed": "1.5"}, "seed"),
    ("generate/core", {"prompt": "a fox", "seed": "-1"}, "seed"),
    ("generate/core", {"prompt": "a fox", "image": PICTURE}, "image"),
    ("generate/core", {"prompt": b"a fox"}, "prompt"),
    ("generate/ultra", {"prompt": "a fox", "image": PICTURE}, "strength"),
    ("generate/ultra", {"prompt": "a fox", "strength": 0.5}, "strength"),
    ("generate/ultra", {"prompt": "a fox", "image": "a.png", "strength": 0.5}, "image"),
    ("generate/ultra", {"prompt": "a fox", "image": PICTURE, "strength": 0.5, "aspect_ratio": "1:1"}, "aspect_ratio"),
    ("generate/sd3", {"prompt": "a fox", "model": "sd4"}, "model"),
    ("generate/sd3", {"prompt": "a fox", "model": "sd3.5-large-turbo", "negative_prompt": "x"}, "negative_prompt"),
    ("generate/sd3", {"prompt": "a fox", "output_format": "webp"}, "output_format"),
    ("generate/sd3", {"prompt": "a fox", "mode": "image-to-image", "image": PICTURE, "strength": 1,
                      "aspect_ratio": "1:1"}, "aspect_ratio"),
    ("edit/inpaint", {"prompt": "a hat", "image": PICTURE}, "mask"),
    ("edit/inpaint", {"prompt": "a hat", "image": b"no picture", "mask": MASK}, "image"),
    ("edit/erase", {"prompt": "a hat", "image": PICTURE, "mask": MASK}, "prompt"),
    ("edit/erase", {"image": PICTURE, "mask": MASK, "grow_mask": 21}, "grow_mask"),
    ("edit/outpaint", {"image": PICTURE}, "left"),
    ("edit/outpaint", {"image": png(600, 100), "up": 5}, "image"),
    ("edit/remove-background", {"image": PICTURE, "output_format": "jpeg"}, "output_format"),
    ("edit/search-and-replace", {"image": PICTURE, "prompt": "a hat"}, "search_prompt"),
    ("edit/replace-background-and-relight", {"subject_image": PICTURE}, "background_prompt"),
    ("edit/replace-background-and-relight",
     {"subject_image": PICTURE, "background_prompt": "sea", "light_source_strength": 1}, "light_source_strength"),
    ("control/style-transfer", {"init_image": PICTURE}, "style_image"),
    ("upscale/fast", {"image": png(1600, 100)}, "image"),
    ("upscale/creative", {"image": png(1100, 1000), "prompt": "a hat"}, "image"),
    ("upscale/creative", {"image": PICTURE, "prompt": "a hat", "creativity": 0.6}, "creativity"),
]  # fmt: skip


def fault(control: httpx.Client, **wish: Any) -> None:
    assert control.post("/faults", json=wish).status_code == 201


@pytest.mark.parametrize(("path", "fields", "price", "size"), GOOD)
def test_a_good_form_gives_a_picture_of_the_right_size_and_one_line_on_the_invoice(
    emulator: RunningServer, path: str, fields: dict[str, Any], price: str, size: tuple[int, int]
) -> None:
    answer = call(emulator, path, **fields)
    assert answer.status_code == 200, answer.text
    assert opened(picture_of(answer)).size == size
    assert answer.json()["finish_reason"] == "SUCCESS"
    assert amounts(emulator) == [price]
    assert emulator.exchange.invoice.as_json()["calls"][0]["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(("path", "fields", "named"), BAD)
def test_a_bad_form_is_a_400_that_names_the_field_and_costs_nothing(
    emulator: RunningServer, path: str, fields: dict[str, Any], named: str
) -> None:
    answer = call(emulator, path, **fields)
    assert answer.status_code == 400, answer.text
    document = answer.json()
    assert set(document) == {"id", "name", "errors"}
    assert any(named in sentence.partition(":")[0] for sentence in document["errors"])
    assert amounts(emulator) == []


def test_the_picture_itself_is_sent_where_it_is_asked_for(emulator: RunningServer) -> None:
    answer = call(emulator, "generate/core", accept="image/*", prompt="a fox", seed=42, output_format="jpeg")
    assert answer.headers["content-type"] == "image/jpeg"
    assert (answer.headers["seed"], answer.headers["finish-reason"]) == ("42", "SUCCESS")
    assert opened(answer.content).format == "JPEG"


def test_seed_nought_is_any_seed(emulator: RunningServer) -> None:
    seeds = {call(emulator, "upscale/fast", image=png(64, 64)).json()["seed"] for _ in range(3)}
    assert len(seeds) == 3
    assert 0 not in seeds


def test_a_form_is_always_multipart(emulator: RunningServer) -> None:
    url = f"{emulator.url}/stability/v2beta/stable-image/generate/core"
    headers = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
    assert httpx.post(url, headers=headers, json={"prompt": "a fox"}).status_code == 400
    assert httpx.post(url, headers=headers, data={"prompt": "a fox"}).status_code == 400


def test_a_missing_or_invalid_key_is_a_401_everywhere(emulator: RunningServer) -> None:
    balance = f"{emulator.url}/stability/v1/user/balance"
    wrong = "sk-invalid-0123456789"
    assert call(emulator, "generate/core", key=wrong).status_code == 401
    assert result(emulator, "a" * 64, wrong).status_code == 401
    for headers in ({}, {"Authorization": f"Bearer {wrong}"}, {"Authorization": f"Basic {KEY}"}):
        assert httpx.get(balance, headers=headers).status_code == 401


def test_balance_and_unknown_addresses(emulator: RunningServer) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    assert httpx.get(f"{emulator.url}/stability/v1/user/balance", headers=headers).json() == {"credits": 1000.25}
    assert call(emulator, "generate/sd9").status_code == 404
    assert call(emulator, "generate/core", accept="text/html").status_code == 400


@pytest.mark.parametrize(
    ("path", "fields", "price"),
    [
        ("upscale/creative", {"image": PICTURE, "prompt": "a hat"}, "0.600000"),
        ("edit/replace-background-and-relight", {"subject_image": PICTURE, "background_prompt": "sea"}, "0.080000"),
        ("edit/replace-background-and-relight", {"subject_image": PICTURE, "background_reference": MASK}, "0.080000"),
    ],
)
def test_a_job_is_answered_later_and_charged_once(
    emulator: RunningServer, monkeypatch: pytest.MonkeyPatch, path: str, fields: dict[str, Any], price: str
) -> None:
    monkeypatch.setattr(outcome, "DONE_AFTER_SECONDS", 1.0)
    answer = call(emulator, path, **fields)
    job = answer.json()["id"]
    assert (answer.status_code, len(job), set(answer.json())) == (200, 64, {"id"})
    waiting = result(emulator, job)
    assert (waiting.status_code, waiting.json()) == (202, {"id": job, "status": "in-progress"})
    assert result(emulator, job, "sk-somebody-else-0123").status_code == 404
    time.sleep(1.0)
    for _ in range(2):
        finished = result(emulator, job)
        assert finished.status_code == 200
        assert opened(picture_of(finished, "result")).format == "PNG"
    assert amounts(emulator) == [price]
    assert emulator.exchange.invoice.as_json()["calls"][0]["request_id"] == job
    assert result(emulator, "b" * 64).status_code == 404


def test_a_filtered_picture_is_blurred_and_charged(emulator: RunningServer, control: httpx.Client) -> None:
    fault(control, filtered=True)
    answer = call(emulator, "generate/core")
    assert (answer.status_code, answer.json()["finish_reason"]) == (200, "CONTENT_FILTERED")
    assert opened(picture_of(answer)).size == (1216, 1216)
    assert amounts(emulator) == ["0.030000"]


def test_a_filtered_prompt_is_a_403_and_not_charged(emulator: RunningServer, control: httpx.Client) -> None:
    fault(control, filtered="prompt")
    answer = call(emulator, "generate/core")
    assert (answer.status_code, answer.json()["name"]) == (403, "content_moderation")
    assert amounts(emulator) == []


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 429, 500])
def test_a_status_has_stabilitys_usual_body(emulator: RunningServer, control: httpx.Client, status: int) -> None:
    fault(control, status=status)
    answer = call(emulator, "generate/core")
    assert answer.status_code == status
    assert set(answer.json()) == {"id", "name", "errors"}
    assert amounts(emulator) == []


def test_a_form_over_ten_mebibytes_is_a_413(emulator: RunningServer) -> None:
    assert call(emulator, "upscale/fast", image=bytes(10 * 1024 * 1024)).status_code == 413
