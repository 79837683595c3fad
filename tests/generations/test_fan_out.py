"""Several pictures: slots with holds of their own, seeds of their own, and partial ends."""

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import BudgetExceeded
from cloudhub.generations.models import Attempt, Generation, Image
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.errand.server import Shop
from tests.generations.stage import (
    FLASH,
    FLASH_PRICE,
    NANO,
    attempts_of,
    budget,
    carry_out,
    fault,
    invoice,
    ledger_of,
    states_of,
    submit,
)


def test_pictures_of_a_one_picture_vendor_are_attempts_held_together(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    generation = submit(cast.bob, FLASH, num_images=4).generation
    assert [(attempt.slot, attempt.num_images, attempt.state) for attempt in attempts_of(generation)] == [
        (slot, 1, "held") for slot in range(4)
    ]
    assert ledger_of(generation) == [("hold", FLASH_PRICE, 0)] * 4
    assert generation.estimate_micros == 4 * FLASH_PRICE


def test_i5_all_slots_are_held_or_none(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    budget(cast.alice, "0.155999")
    with pytest.raises(BudgetExceeded):
        submit(cast.bob, FLASH, num_images=4)
    assert not Generation.objects.exists()
    assert not Attempt.objects.exists()
    assert submit(cast.bob, FLASH, num_images=3).generation.state == "queued"


def test_all_pictures_come_and_each_is_settled_alone(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    generation = carry_out(cast.bob, FLASH, num_images=3)
    assert (generation.state, generation.cost_micros) == ("succeeded", 3 * FLASH_PRICE)
    assert states_of(generation) == ["settled"] * 3
    assert len(set(Image.objects.values_list("sha256", flat=True))) == 3
    check_invoice_against_ledger(gemini)


@pytest.mark.parametrize(
    ("wish", "state", "code", "cost"),
    [
        ({"filtered": True}, "partial", "partial", 2),
        ({"status": 400}, "partial", "partial", 2),
        ({"drop": "after_work"}, "unknown", "unknown_outcome", 2),
    ],
)
def test_one_slot_that_fails_leaves_the_others_their_pictures(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast,
    wish: dict[str, object], state: str, code: str, cost: int,
) -> None:  # fmt: skip
    fault(gemini, **wish)
    generation = carry_out(cast.bob, FLASH, num_images=3)
    assert (generation.state, generation.error["code"]) == (state, code)
    assert generation.cost_micros == cost * FLASH_PRICE
    assert generation.images.count() == 2
    check_invoice_against_ledger(gemini)


def test_a_partial_end_says_how_many_came_and_why_not_all(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    fault(gemini, status=403)
    error = carry_out(cast.bob, FLASH, num_images=2).error
    assert error["message"].startswith("1 of 2 pictures came. Gemini API error (HTTP 403)")
    assert (error["billed"], error["retry"]) == ("yes", "safe")


def test_only_refusals_are_refused_even_after_a_busy_try(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    fault(gemini, status=429)
    fault(gemini, filtered=True, times=2)
    generation = carry_out(cast.bob, FLASH, num_images=2)
    assert (generation.state, generation.error["code"]) == ("refused", "refused_output")
    assert states_of(generation) == ["released"] * 3


def test_a_slot_that_was_busy_and_came_says_nothing_at_a_partial_end(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    fault(gemini, status=400)
    fault(gemini, status=429)
    generation = carry_out(cast.bob, FLASH, num_images=2)
    assert "HTTP 400" in generation.error["message"]


def test_one_error_speaks_for_all_and_what_was_billed_comes_first(
    gemini: RunningServer, gemini_models: object, cast: Cast
) -> None:
    fault(gemini, text_only=True)
    fault(gemini, status=400)
    generation = carry_out(cast.bob, NANO, num_images=2)
    assert generation.state == "failed"
    assert generation.cost_micros > 0
    assert (generation.error["code"], generation.error["billed"]) == ("no_image_text_answer", "yes")


@pytest.mark.parametrize(("seed", "seeds"), [(7, [7, 8, 9]), (2**31 - 2, [2**31 - 2, 2**31 - 1, 0])])
def test_each_picture_of_a_fan_out_has_a_seed_of_its_own(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, seed: int, seeds: list[int]
) -> None:
    generation = carry_out(cast.bob, FLASH, num_images=3, seed=seed)
    images = generation.images.order_by("attempt__slot")
    assert [image.seed for image in images] == seeds
    assert any(f"seeds from {seed} upwards" in note for note in generation.notes)


def test_i17_a_call_that_brings_fewer_pictures_posts_what_is_billed(errand: Shop, cast: Cast) -> None:
    errand.done.set()
    errand.missing_pictures = 1
    generation = carry_out(cast.bob, "errand-1", num_images=4)
    assert (generation.state, generation.cost_micros) == ("partial", 150_000)
    assert ledger_of(generation) == [("hold", 200_000, 0), ("settle", -200_000, 150_000)]
    assert generation.error["message"] == "3 of 4 pictures came."


def test_i17_the_practice_vendor_delivers_one_picture_less(cast: Cast) -> None:
    generation = carry_out(cast.bob, prompt="a fox #partial", num_images=3)
    assert (generation.state, generation.images.count()) == ("partial", 2)
    assert 3 * generation.cost_micros == 2 * generation.estimate_micros


def test_pictures_keep_the_order_of_the_call(errand: Shop, cast: Cast) -> None:
    errand.done.set()
    generation = carry_out(cast.bob, "errand-1", num_images=6)
    sizes = generation.images.order_by("attempt__slot", "index").values_list("height", flat=True)
    assert list(sizes) == [300, 301, 302, 303, 300, 301]
    assert len(errand.starts) == 2


def test_the_invoice_has_one_line_a_picture(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    carry_out(cast.bob, FLASH, num_images=3)
    assert [line["amount"] for line in invoice(gemini)] == ["0.039000"] * 3
