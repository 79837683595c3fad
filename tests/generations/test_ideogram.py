"""Ideogram through the hub: pictures are kept, and the ledger tells what the vendor's invoice tells."""

import io
from typing import Any

import pytest
from PIL import Image as Pillow

from cloudhub.catalog.register import register_model
from cloudhub.generations.models import Generation, Image
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import as_data_uri, attempts_of, carry_out, fault, png

# What a database changes is asked on both with Gemini and Replicate.
pytestmark = pytest.mark.sqlite_only
NEWEST, EDIT, CUT = "ideogram-4-5", "ideogram-4-5-precise-edit", "ideogram-remove-background"
PICTURE = as_data_uri("image/png", png("red"))


def half_white() -> str:
    """The hub's mask for `PICTURE`: its left half is white and shall change."""
    drawn, file = Pillow.new("L", (300, 300), 0), io.BytesIO()
    drawn.paste(255, (0, 0, 150, 300))
    drawn.save(file, "PNG")
    return as_data_uri("image/png", file.getvalue())


def check_books(vendors: RunningServer) -> None:
    check_invoice_against_ledger(vendors, booked_attempts("ideogram"))


@pytest.mark.parametrize(
    ("model", "wish", "cost"),
    [
        (NEWEST, {"aspect_ratio": "9:16", "quality": "low", "num_images": 2}, 60_000),
        (EDIT, {"input_images": [PICTURE], "mask": half_white(), "quality": "very_low"}, 8_000),
        (CUT, {"input_images": [PICTURE]}, 10_000),
    ],
    ids=[NEWEST, EDIT, CUT],
)
def test_each_kind_of_wish_gives_kept_pictures_and_agreeing_books(
    vendors: RunningServer, cast: Cast, model: str, wish: dict[str, Any], cost: int
) -> None:
    register_model(provider="ideogram", cloud_model_id=model)
    generation = carry_out(cast.bob, model, **wish)
    assert (generation.state, generation.cost_micros) == (Generation.State.SUCCEEDED, cost)
    pictures = Image.objects.filter(generation=generation)
    expected = (720, 1280) if model == NEWEST else (300, 300)
    assert [(one.width, one.height) for one in pictures] == [expected] * wish.get("num_images", 1)
    check_books(vendors)


@pytest.mark.parametrize(("delivered", "state"), [(1, "partial"), (None, "refused")])
def test_what_the_safety_check_keeps_back_is_paid(
    vendors: RunningServer, cast: Cast, delivered: int | None, state: str
) -> None:
    register_model(provider="ideogram", cloud_model_id=NEWEST)
    fault(vendors, filtered=True, partial=delivered)
    generation = carry_out(cast.bob, NEWEST, num_images=3, quality="low")
    (attempt,) = attempts_of(generation)
    assert (generation.state, attempt.state, generation.cost_micros) == (state, "settled", 90_000)
    assert Image.objects.filter(generation=generation).count() == (delivered or 0)
    check_books(vendors)


def test_a_picture_that_failed_is_not_paid(vendors: RunningServer, cast: Cast) -> None:
    register_model(provider="ideogram", cloud_model_id=NEWEST)
    fault(vendors, partial=2)
    generation = carry_out(cast.bob, NEWEST, num_images=3, quality="low")
    assert (generation.state, generation.cost_micros) == (Generation.State.PARTIAL, 60_000)
    check_books(vendors)
