"""Recraft through the hub: masks, tools, its own charge on the books, a refusal that nobody can price."""

from typing import Any

import pytest

from cloudhub.catalog.register import register_model
from cloudhub.generations.models import Generation, Image
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import as_data_uri, attempts_of, carry_out, fault, png

# What a database changes is asked on both with Gemini and Replicate.
pytestmark = pytest.mark.sqlite_only

PICTURE = as_data_uri("image/png", png(size=(320, 256)))
MASK = as_data_uri("image/png", png("white", (640, 512)))
WISHES: dict[str, tuple[dict[str, Any], str]] = {
    "recraftv4_1_flash": ({"aspect_ratio": "6:10", "seed": 42}, "0.007000"),
    "recraftv3": ({"input_images": [PICTURE], "mask": MASK, "style": "Noir"}, "0.040000"),
    "recraft-erase-region": ({"input_images": [PICTURE], "mask": MASK}, "0.002000"),
    "recraft-remove-background": ({"input_images": [PICTURE]}, "0.010000"),
}


def carried_out(cast: Cast, model: str, **fields: Any) -> Generation:
    register_model(provider="recraft", cloud_model_id=model)
    return carry_out(cast.bob, model, **fields)


def check_books(vendors: RunningServer) -> None:
    check_invoice_against_ledger(vendors, booked_attempts("recraft"))


@pytest.mark.parametrize("model", list(WISHES))
def test_each_kind_of_call_gives_a_kept_picture_at_its_price(vendors: RunningServer, cast: Cast, model: str) -> None:
    fields, price = WISHES[model]
    generation = carried_out(cast, model, **fields)
    assert (generation.state, generation.error) == (Generation.State.SUCCEEDED, None)
    assert Image.objects.filter(generation=generation).count() == 1
    (line,) = vendors.exchange.invoice.as_json()["calls"]
    assert (line["amount"], f"{generation.cost_micros / 1_000_000:.6f}") == (price, price)
    check_books(vendors)


def test_what_recraft_says_that_it_charged_is_booked(vendors: RunningServer, cast: Cast) -> None:
    fault(vendors, wrong_cost="0.5")
    generation = carried_out(cast, "recraftv4_1", num_images=2)
    assert (generation.estimate_micros, generation.cost_micros) == (70_000, 35_000)
    check_books(vendors)


def test_pictures_that_do_not_come_are_not_paid(vendors: RunningServer, cast: Cast) -> None:
    fault(vendors, partial=1)
    generation = carried_out(cast, "recraftv4_1", num_images=3)
    assert (Image.objects.filter(generation=generation).count(), generation.cost_micros) == (1, 35_000)
    check_books(vendors)


@pytest.mark.parametrize("when", [True, "prompt"])
def test_a_filters_refusal_waits_for_a_decision(vendors: RunningServer, cast: Cast, when: Any) -> None:
    fault(vendors, filtered=when)
    generation = carried_out(cast, "recraftv4_1")
    (attempt,) = attempts_of(generation)
    assert (attempt.state, attempt.error["code"], attempt.error["billed"]) == ("unknown", "refused_output", "unknown")
    assert not Image.objects.filter(generation=generation).exists()
    check_books(vendors)
