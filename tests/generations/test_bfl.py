"""Black Forest Labs through the hub: pictures are kept, and the ledger tells what the vendor's invoice tells."""

from typing import Any

import pytest

from cloudhub.catalog.register import register_model
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.run import submit_and_wait
from providers.bfl import client, errors
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import as_data_uri, attempts_of, carry_out, fault, png

# What a database changes is asked on both with Gemini and Replicate.
pytestmark = pytest.mark.sqlite_only

PRO, FLUX_3 = "flux-2-pro", "flux-3-image"
PICTURE = as_data_uri("image/png", png(size=(320, 256)))
LARGE = as_data_uri("image/png", png("red", (1600, 900)))
WISHES: list[tuple[str, dict[str, Any]]] = [
    (PRO, {"seed": 42, "width": 1500, "height": 900}),
    (PRO, {"input_images": [LARGE, PICTURE]}),
    ("flux-2-klein-4b", {"aspect_ratio": "16:9", "resolution": "2MP"}),
    (FLUX_3, {"resolution": "1.5k", "input_images": [PICTURE]}),
]
MENU: list[dict[str, Any]] = [
    {"delay_ms": 20},
    *({"status": status} for status in (400, 401, 402, 403, 404, 422, 429, 500, 503, 504)),
    {"status": 200, "body": "<html>a proxy's page</html>"},
    {"status": 200, "body": {"hello": 1}},
    {"drop": "before_work"},
    {"drop": "after_work"},
    {"cut_after_bytes": 20},
    {"wrong_cost": "0.5"},
    {"wrong_cost": "0"},
    {"wrong_cost": "7"},
    {"filtered": True},
    {"filtered": "prompt"},
    {"partial": 0},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ASK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(errors, "USUAL_WAIT", 0.02)


def register(*model_ids: str) -> None:
    for model_id in model_ids:
        register_model(provider="black-forest-labs", cloud_model_id=model_id)


def check_books(vendors: RunningServer) -> None:
    check_invoice_against_ledger(vendors, booked_attempts("black-forest-labs"))


@pytest.mark.parametrize(("model", "wish"), WISHES)
def test_each_kind_of_wish_gives_a_kept_picture_and_agreeing_books(
    vendors: RunningServer, cast: Cast, model: str, wish: dict[str, Any]
) -> None:
    register(model)
    generation = carry_out(cast.bob, model, **wish)
    assert generation.state == Generation.State.SUCCEEDED
    (image,) = Image.objects.filter(generation=generation)
    (line,) = vendors.exchange.invoice.as_json()["calls"]
    (attempt,) = attempts_of(generation)
    assert attempt.vendor_request_id == line["request_id"]
    assert f"{generation.cost_micros / 1_000_000:.6f}" == line["amount"]
    assert generation.cost_micros <= attempt.hold.amount_micros
    if "seed" in wish:
        assert (image.width, image.height, image.seed) == (1504, 896, 42)
        assert image.revised_prompt == "a red fox, in soft light"
    check_books(vendors)


def test_a_waiting_door_gets_its_pictures(vendors: RunningServer, committed_cast: Cast) -> None:
    register(PRO)
    submission = submit_and_wait(
        actor=committed_cast.bob, model=PRO, fields={"prompt": "a red fox", "num_images": 2}, route="test", seconds=60
    )
    assert submission.generation.state == Generation.State.SUCCEEDED
    assert Image.objects.filter(generation=submission.generation).count() == 2
    assert submission.generation.cost_micros == 60_000
    check_books(vendors)


@pytest.mark.parametrize("wish", MENU, ids=str)
def test_invoice_and_ledger_agree_under_each_fault(vendors: RunningServer, cast: Cast, wish: dict[str, Any]) -> None:
    register(PRO, FLUX_3)
    for model in (PRO, FLUX_3):
        fault(vendors, **wish)
        carry_out(cast.bob, model)
    check_books(vendors)


@pytest.mark.parametrize(("filtered", "code"), [("prompt", "refused_prompt"), (True, "refused_output")])
def test_what_bfls_filter_stops_is_refused_and_free(
    vendors: RunningServer, cast: Cast, filtered: bool | str, code: str
) -> None:
    register(PRO)
    fault(vendors, filtered=filtered)
    generation = carry_out(cast.bob, PRO)
    (attempt,) = attempts_of(generation)
    assert (generation.state, attempt.state, generation.cost_micros) == (Generation.State.REFUSED, "released", 0)
    assert (attempt.error["code"], attempt.error["billed"]) == (code, "no")
    check_books(vendors)
