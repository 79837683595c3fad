"""What the emulated BFL accepts, refuses, delivers and charges, as the vendor's pages have it (see `bfl_calls`)."""

from typing import Any

import httpx
import pytest

from providers.bfl.emulator import tasks
from providers.emulation.server import RunningServer
from tests.emulation.bfl_calls import ENCODED, HALF, KEY, PICTURE, ask, half_white, outcome, picture_of, submit
from tests.emulation.calls import amounts, opened

# Model, fields, the cost in credits, the price in dollars, and the size of the picture.
GOOD: list[tuple[str, dict[str, Any], float, str, tuple[int, int]]] = [
    ("flux-2-pro", {}, 3.0, "0.030000", (1024, 1024)),
    ("flux-2-pro", {"width": 64, "height": 64, "disable_pup": True, "safety_tolerance": 0}, 3.0, "0.030000", (64, 64)),
    ("flux-2-pro-preview", {"width": 2048, "height": 2048}, 7.5, "0.075000", (2048, 2048)),
    ("flux-2-max", {"width": 1920, "height": 1088}, 10.0, "0.100000", (1920, 1088)),
    ("flux-2-max", {"input_image": ENCODED, "input_image_8": ENCODED}, 10.0, "0.100000", (320, 256)),
    ("flux-2-flex", {"guidance": 1.5, "steps": 50, "prompt_upsampling": False}, 5.0, "0.050000", (1024, 1024)),
    ("flux-2-klein-9b", {"width": 1040, "height": 1024}, 1.7, "0.017000", (1040, 1024)),
    ("flux-2-klein-9b-preview", {"input_image": f"data:image/png;base64,{ENCODED}"}, 1.7, "0.017000", (320, 256)),
    ("flux-2-klein-4b", {"output_format": "webp"}, 1.4, "0.014000", (1024, 1024)),
    ("flux-3-image", {}, 4.8, "0.048000", (1024, 1024)),
    ("flux-3-image", {"resolution": "768sq", "aspect_ratio": "2:1", "grounding": False}, 4.1, "0.041000", (1072, 528)),
    ("flux-3-image", {"images": [ENCODED] * 10, "aspect_ratio": "auto"}, 4.8, "0.048000", (1136, 912)),
    ("flux-3-image", {"resolution": "2k", "aspect_ratio": "9:21"}, 10.0, "0.100000", (1328, 3120)),
    ("flux-pro-1.0-fill", {"image": ENCODED, "mask": HALF}, 5.0, "0.050000", (320, 256)),
]

BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("flux-2-pro", {"prompt": None}, 422, "prompt"),
    ("flux-2-pro", {"width": 1000}, 422, "width"),
    ("flux-2-pro", {"width": 48, "height": 64}, 422, "width"),
    ("flux-2-pro", {"width": 2064, "height": 2048}, 422, "width"),
    ("flux-2-pro", {"negative_prompt": "x"}, 422, "negative_prompt"),
    ("flux-2-pro", {"prompt_upsampling": True}, 422, "prompt_upsampling"),
    ("flux-2-pro", {"safety_tolerance": 6}, 422, "safety_tolerance"),
    ("flux-2-pro", {"seed": "7"}, 422, "seed"),
    ("flux-2-pro", {"output_format": "gif"}, 422, "output_format"),
    ("flux-2-pro", {"input_image": "no picture"}, 400, "input_image"),
    ("flux-2-pro", {"input_image_9": ENCODED}, 422, "input_image_9"),
    ("flux-2-flex", {"guidance": 11}, 422, "guidance"),
    ("flux-2-flex", {"steps": 0}, 422, "steps"),
    ("flux-2-klein-4b", {"input_image_5": ENCODED}, 422, "input_image_5"),
    ("flux-2-klein-4b", {"disable_pup": True}, 422, "disable_pup"),
    ("flux-pro-1.0-fill", {"mask": HALF}, 422, "image"),
    ("flux-pro-1.0-fill", {"image": ENCODED}, 422, "mask"),
    ("flux-pro-1.0-fill", {"image": ENCODED, "mask": half_white(256, 320)}, 422, "mask"),
    ("flux-pro-1.0-fill", {"image": ENCODED, "mask": HALF, "steps": 14}, 422, "steps"),
    ("flux-pro-1.0-fill", {"image": ENCODED, "mask": HALF, "width": 1024}, 422, "width"),
    ("flux-3-image", {"seed": 7}, 422, "seed"),
    ("flux-3-image", {"width": 1024}, 422, "width"),
    ("flux-3-image", {"output_format": "png"}, 422, "output_format"),
    ("flux-3-image", {"images": []}, 422, "images"),
    ("flux-3-image", {"images": [ENCODED] * 11}, 422, "images"),
    ("flux-3-image", {"resolution": "8k"}, 422, "resolution"),
    ("flux-3-image", {"aspect_ratio": "4:1"}, 422, "aspect_ratio"),
    ("flux-3-image", {"safety_tolerance": 5}, 422, "safety_tolerance"),
    ("flux-3-image", {"grounding": "yes"}, 422, "grounding"),
]


def fault(control: httpx.Client, **wish: Any) -> None:
    assert control.post("/faults", json=wish).status_code == 201


@pytest.mark.parametrize(("model", "fields", "cost", "price", "size"), GOOD)
def test_a_good_body_becomes_a_picture_of_the_right_size_and_one_line_on_the_invoice(
    emulator: RunningServer, model: str, fields: dict[str, Any], cost: float, price: str, size: tuple[int, int]
) -> None:
    submitted = submit(emulator, model, **fields)
    assert submitted.status_code == 200, submitted.text
    assert set(submitted.json()) == {"id", "polling_url", "cost", "input_mp", "output_mp"}
    assert submitted.json()["cost"] == cost
    document = outcome(submitted)
    assert document["status"] == "Ready"
    assert opened(picture_of(document)).size == size
    assert amounts(emulator) == [price]
    assert emulator.exchange.invoice.as_json()["calls"][0]["request_id"] == submitted.json()["id"]


@pytest.mark.parametrize(("model", "fields", "status", "named"), BAD)
def test_a_bad_body_names_its_field_and_costs_nothing(
    emulator: RunningServer, model: str, fields: dict[str, Any], status: int, named: str
) -> None:
    answer = submit(emulator, model, **fields)
    assert answer.status_code == status, answer.text
    detail = answer.json()["detail"]
    assert detail.startswith(f"{named}:") if status == 400 else named in [entry["loc"][1] for entry in detail]
    assert amounts(emulator) == []


def test_a_task_waits_first_and_its_state_names_it(emulator: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "DONE_AFTER_SECONDS", 30.0)
    for model, state in (("flux-2-pro", "Pending"), ("flux-3-image", "Reasoning")):
        submitted = submit(emulator, model).json()
        assert submitted["polling_url"] == f"{emulator.url}/bfl/v1/get_result?id={submitted['id']}"
        document = ask(submitted["polling_url"]).json()
        assert (document["id"], document["status"], document["result"]) == (submitted["id"], state, None)


def test_a_fill_paints_what_is_white_in_the_mask_and_keeps_the_rest(emulator: RunningServer) -> None:
    done = outcome(submit(emulator, "flux-pro-1.0-fill", image=ENCODED, mask=HALF, output_format="png"))
    drawn, before = opened(picture_of(done)).convert("RGB"), opened(PICTURE).convert("RGB")
    assert drawn.crop((160, 0, 320, 256)).tobytes() == before.crop((160, 0, 320, 256)).tobytes()
    assert drawn.crop((0, 0, 160, 256)).tobytes() != before.crop((0, 0, 160, 256)).tobytes()


def test_flux_2_gives_the_seed_and_flux_3_does_not(emulator: RunningServer) -> None:
    first = outcome(submit(emulator, seed=42, disable_pup=True))["result"]
    assert (first["seed"], first["prompt"]) == (42, "a red bicycle")
    second = outcome(submit(emulator, "flux-3-image"))["result"]
    assert "seed" not in second
    assert second["expanded_prompt"].startswith("a red bicycle")


def test_no_two_pictures_are_equal_and_jpeg_is_the_usual_kind(emulator: RunningServer) -> None:
    pictures = [picture_of(outcome(submit(emulator, seed=1))) for _ in range(2)]
    assert pictures[0] != pictures[1]
    assert opened(pictures[0]).format == "JPEG"


def test_a_missing_or_invalid_key_is_a_403(emulator: RunningServer) -> None:
    for path in ("credits", "get_result?id=x"):
        for key in ("", "bfl-invalid"):
            assert ask(f"{emulator.url}/bfl/v1/{path}", key).status_code == 403
    assert submit(emulator, key="bfl-invalid").json() == {"detail": "Not authenticated - Invalid Authentication"}
    assert ask(f"{emulator.url}/bfl/v1/credits", KEY).json() == {"credits": 123.4}


def test_unknown_tasks_models_and_signatures(emulator: RunningServer) -> None:
    unknown = ask(f"{emulator.url}/bfl/v1/get_result?id=nobody")
    assert (unknown.status_code, unknown.json()["status"]) == (404, "Task not found")
    assert submit(emulator, "flux-9").status_code == 404
    address = outcome(submit(emulator))["result"]["sample"]
    assert ask(f"{address}x", key="").status_code == 403


@pytest.mark.parametrize(
    ("wish", "state"),
    [
        ({"filtered": "prompt"}, "Request Moderated"),
        ({"filtered": True}, "Content Moderated"),
        ({"partial": 0}, "Error"),
    ],
)
def test_what_is_filtered_or_fails_costs_nothing(
    emulator: RunningServer, control: httpx.Client, wish: dict[str, Any], state: str
) -> None:
    fault(control, **wish)
    submitted = submit(emulator)
    assert submitted.json()["cost"] == 3.0
    assert outcome(submitted)["status"] == state
    assert amounts(emulator) == []


def test_a_wrong_cost_is_told_and_charged(emulator: RunningServer, control: httpx.Client) -> None:
    fault(control, wrong_cost="1.5")
    assert submit(emulator).json()["cost"] == 4.5
    assert amounts(emulator) == ["0.045000"]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 429, 500, 503])
def test_a_status_has_bfls_usual_body(emulator: RunningServer, control: httpx.Client, status: int) -> None:
    fault(control, status=status)
    answer = submit(emulator)
    assert (answer.status_code, list(answer.json())) == (status, ["detail"])
    assert amounts(emulator) == []
