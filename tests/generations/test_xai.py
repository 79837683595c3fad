"""xAI through the hub: the cost that an answer names is what is booked, also for pictures that nobody gets to see."""

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

NEWEST, CHEAP = "grok-imagine-image-2.0", "grok-imagine-image"
PICTURE = as_data_uri("image/png", png(size=(96, 64)))


def carried_out(cast: Cast, model: str, **fields: Any) -> Generation:
    register_model(provider="xai", cloud_model_id=model)
    return carry_out(cast.bob, model, **fields)


def check_books(vendors: RunningServer) -> None:
    check_invoice_against_ledger(vendors, booked_attempts("xai"))


@pytest.mark.parametrize(
    ("model", "fields", "held", "cost"),
    [
        (NEWEST, {"aspect_ratio": "5:2"}, 40_000, 40_000),
        (NEWEST, {"quality": "medium", "resolution": "2K"}, 80_000, 80_000),
        (NEWEST, {"input_images": [PICTURE, PICTURE], "num_images": 2}, 160_000, 140_000),
        (CHEAP, {"input_images": [PICTURE]}, 22_000, 22_000),
    ],
)
def test_i7_a_picture_is_held_at_its_quote_and_booked_at_its_cost(
    vendors: RunningServer, cast: Cast, model: str, fields: dict[str, Any], held: int, cost: int
) -> None:
    generation = carried_out(cast, model, **fields)
    assert (generation.state, generation.cost_micros) == (Generation.State.SUCCEEDED, cost)
    (attempt,) = attempts_of(generation)
    assert max(line.held_delta for line in attempt.hold.entries.all()) == held
    check_books(vendors)


def test_i7_the_good_pictures_of_a_mixed_call_are_kept_and_all_of_it_is_paid(
    vendors: RunningServer, cast: Cast
) -> None:
    fault(vendors, vendor="xai", partial=1)
    generation = carried_out(cast, CHEAP, num_images=3)
    assert Image.objects.filter(generation=generation).count() == 1
    assert generation.cost_micros == 60_000
    check_books(vendors)


@pytest.mark.parametrize("number", [1, 2])
def test_i7_withheld_pictures_are_booked_at_the_cost_that_the_answer_names(
    vendors: RunningServer, cast: Cast, number: int
) -> None:
    fault(vendors, vendor="xai", filtered=True)
    generation = carried_out(cast, CHEAP, num_images=number)
    (attempt,) = attempts_of(generation)
    assert (attempt.state, attempt.error["code"], attempt.error["billed"]) == ("settled", "refused_output", "yes")
    assert generation.cost_micros == number * 20_000
    check_books(vendors)


def test_a_blocked_prompt_costs_nothing(vendors: RunningServer, cast: Cast) -> None:
    fault(vendors, vendor="xai", filtered="prompt")
    generation = carried_out(cast, NEWEST)
    (attempt,) = attempts_of(generation)
    assert (attempt.state, attempt.error["code"], attempt.error["billed"]) == ("released", "refused_prompt", "no")
    check_books(vendors)
