"""What a call costs at most, and ticks into micro-dollars, exactly."""

import pytest

from providers.base import ReportedCost
from providers.xai import costs
from providers.xai.tests.answers import CHEAP, NEWEST, VENDOR, answer, entry, reference, wish

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    ("ticks", "amount"),
    [
        (0, "0.000000"),
        (1, "0.000001"),
        (9_999, "0.000001"),
        (10_000, "0.000001"),
        (10_001, "0.000002"),
        (200_000_000, "0.020000"),
        (600_000_000, "0.060000"),
        (10_000_000_000, "1.000000"),
        (123_456_789_012_345_678, "12345678.901235"),
    ],
)
def test_i7_ticks_become_micro_dollars_rounded_up(ticks, amount):
    assert costs.cost_of_ticks(ticks) == ReportedCost(amount, "USD")


@pytest.mark.parametrize("ticks", [None, -1, True, 4e8, "400000000", [], 2**80])
def test_i7_a_cost_that_cannot_be_read_is_booked_at_the_most(ticks):
    assert costs.reported_ticks(answer(ticks=ticks)) is None
    assert costs.billed({costs.TICKS: ticks}, {"image": 1, "image:low:1K": 1}) == {"image": 1, "image:low:1K": 1}


def test_i7_a_cost_that_can_be_read_is_booked():
    assert costs.billed({costs.TICKS: 600_000_001}, {"image": 1}) == ReportedCost("0.060001", "USD")


@pytest.mark.parametrize(
    ("model_id", "changes", "units"),
    [
        (NEWEST, {}, {"image": 1, "image:low:1K": 1}),
        (NEWEST, {"quality": "medium", "resolution": "2K", "num_images": 4}, {"image": 4, "image:medium:2K": 4}),
        (NEWEST, {"input_images": (reference(),)}, {"image": 1, "image:medium:1K": 1, "input_image": 1}),
        (NEWEST, {"input_images": (reference(), reference("WEBP")), "num_images": 3, "quality": "low"},
         {"image": 3, "image:low:1K": 3, "input_image": 6}),
        (CHEAP, {"resolution": "2K", "num_images": 2}, {"image": 2}),
        (CHEAP, {"input_images": (reference(),)}, {"image": 1, "input_image": 1}),
    ],
)  # fmt: skip
def test_i7_every_part_of_a_wish_is_in_its_quote(model_id, changes, units):
    assert VENDOR.quantities(wish(model_id, **changes), entry(model_id)) == units
