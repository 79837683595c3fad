"""Stability through the hub: pictures are kept, and the ledger tells what the vendor's invoice tells."""

from typing import Any

import pytest

from cloudhub.catalog.register import register_model
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.run import submit_and_wait
from providers.emulation.server import RunningServer
from providers.stability import client, errors
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import as_data_uri, attempts_of, carry_out, fault, png

# What a database changes is asked on both with Gemini and Replicate.
pytestmark = pytest.mark.sqlite_only

CORE, INPAINT = "stable-image-core", "stable-image-inpaint"
RELIGHT, FAST = "stable-image-replace-background", "stable-image-upscale-fast"
PICTURE = as_data_uri("image/png", png(size=(320, 256)))
MASK = as_data_uri("image/png", png("white", (320, 256)))
WISHES: dict[str, dict[str, Any]] = {
    CORE: {"aspect_ratio": "16:9", "seed": 42},
    "sd3.5-large": {"input_images": [PICTURE], "strength": 0.4},
    INPAINT: {"input_images": [PICTURE], "mask": MASK, "options": {"grow_mask": 9}},
    FAST: {"input_images": [PICTURE]},
    RELIGHT: {"input_images": [PICTURE, MASK]},
}
MENU: list[dict[str, Any]] = [
    {"delay_ms": 20},
    *({"status": status} for status in (400, 401, 402, 403, 404, 413, 422, 429, 500, 503, 504)),
    {"status": 200, "body": "<html>a proxy's page</html>"},
    {"drop": "before_work"},
    {"drop": "after_work"},
    {"cut_after_bytes": 20},
    {"filtered": True},
    {"filtered": "prompt"},
    {"partial": 0},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ASK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(errors, "LOCKOUT_SECONDS", 0.02)


def register(*model_ids: str) -> None:
    for model_id in model_ids:
        register_model(provider="stability", cloud_model_id=model_id)


def check_books(vendors: RunningServer) -> None:
    check_invoice_against_ledger(vendors, booked_attempts("stability"))


@pytest.mark.parametrize("model", list(WISHES))
def test_each_kind_of_service_gives_a_kept_picture_and_agreeing_books(
    vendors: RunningServer, cast: Cast, model: str
) -> None:
    register(model)
    generation = carry_out(cast.bob, model, **WISHES[model])
    (image,) = Image.objects.filter(generation=generation)
    assert generation.state == Generation.State.SUCCEEDED
    (line,) = vendors.exchange.invoice.as_json()["calls"]
    (attempt,) = attempts_of(generation)
    assert attempt.vendor_request_id == line["request_id"]
    assert f"{generation.cost_micros / 1_000_000:.6f}" == line["amount"]
    if model == CORE:
        assert (image.width, image.height, image.seed) == (1664, 896, 42)
    check_books(vendors)


def test_a_waiting_door_gets_its_pictures(vendors: RunningServer, committed_cast: Cast) -> None:
    register(CORE)
    submission = submit_and_wait(
        actor=committed_cast.bob, model=CORE, fields={"prompt": "a red fox", "num_images": 2}, route="test", seconds=60
    )
    assert submission.generation.state == Generation.State.SUCCEEDED
    assert Image.objects.filter(generation=submission.generation).count() == 2
    assert submission.generation.cost_micros == 60_000
    check_books(vendors)


@pytest.mark.parametrize("wish", MENU, ids=str)
def test_invoice_and_ledger_agree_under_each_fault(vendors: RunningServer, cast: Cast, wish: dict[str, Any]) -> None:
    register(CORE, RELIGHT)
    for model in (CORE, RELIGHT):
        fault(vendors, **wish)
        carry_out(cast.bob, model, **WISHES[model])
    check_books(vendors)


def test_a_blurred_picture_is_paid_and_never_kept(vendors: RunningServer, cast: Cast) -> None:
    register(CORE, RELIGHT)
    for model in (CORE, RELIGHT):
        fault(vendors, filtered=True)
        generation = carry_out(cast.bob, model, **WISHES[model])
        (attempt,) = attempts_of(generation)
        assert (generation.state, attempt.state) == (Generation.State.REFUSED, "settled")
        assert attempt.error["code"] == "refused_output"
        assert attempt.error["billed"] == "yes"
        assert generation.cost_micros > 0
        assert not Image.objects.filter(generation=generation).exists()
    check_books(vendors)
