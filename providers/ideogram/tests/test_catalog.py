"""Sizes and prices of the catalogue against the vendor's lists, written out here a second time."""

import pytest

from providers.ideogram.emulator.services import SIZES_OF_3, SIZES_OF_4, SIZES_OF_45
from providers.ideogram.services import SERVICES
from providers.ideogram.tests.wishes import CUT, EDIT, FOUR, NEWEST, THREE, VENDOR, entry, wish

LARGEST_1K = 1024 * 1024
# https://ideogram.ai/blog/ideogram-api-pricing, of 2026-11-16
PRICES = {
    NEWEST: {"image_low": "0.03", "image_medium": "0.06", "image_high": "0.10"},
    FOUR: {"image_turbo": "0.03", "image_default": "0.06", "image_quality": "0.10"},
    THREE: {"image_turbo": "0.03", "image_default": "0.06", "image_quality": "0.09"},
    EDIT: {"image_very_low": "0.008", "image_low": "0.03", "image_medium": "0.06", "image_high": "0.22"},
    CUT: {"image": "0.01"},
}


@pytest.mark.parametrize("model_id", PRICES)
def test_each_quality_has_the_price_of_the_vendors_page(model_id: str) -> None:
    (prices,) = entry(model_id).prices
    assert {line.unit: line.amount for line in prices.lines} == PRICES[model_id]
    assert {f"image_{quality}" for quality in entry(model_id).capabilities.qualities} <= set(PRICES[model_id])


def test_every_model_has_a_call_and_every_call_a_model() -> None:
    assert {model.id for model in VENDOR.models} == set(SERVICES) == set(PRICES)


@pytest.mark.parametrize(("model_id", "presets"), [(NEWEST, SIZES_OF_45), (FOUR, SIZES_OF_4)])
def test_all_presets_are_offered_in_their_class(model_id: str, presets: frozenset[str]) -> None:
    sizes = entry(model_id).capabilities.sizes
    assert {f"{width}x{height}" for table in sizes.values() for width, height in table.values()} == presets
    assert all(width * height <= LARGEST_1K for width, height in sizes["1K"].values())
    assert all(width * height > LARGEST_1K for width, height in sizes["2K"].values())


def test_sizes_of_3_are_among_its_resolutions_and_of_their_ratio() -> None:
    table = entry(THREE).capabilities.sizes[""]
    assert {f"{width}x{height}" for width, height in table.values()} <= SIZES_OF_3


@pytest.mark.parametrize("model_id", [NEWEST, FOUR, THREE])
def test_a_ratio_is_near_its_name(model_id: str) -> None:
    for table in entry(model_id).capabilities.sizes.values():
        for ratio, (width, height) in table.items():
            across, down = (int(side) for side in ratio.split(":"))
            assert abs(width * down / (height * across) - 1) < 0.01


@pytest.mark.parametrize(
    ("model_id", "quality", "count", "units"),
    [
        (NEWEST, None, 3, {"image": 3, "image_high": 3}),
        (FOUR, None, 1, {"image": 1, "image_default": 1}),
        (THREE, "quality", 2, {"image": 2, "image_quality": 2}),
        (EDIT, None, 8, {"image": 8, "image_medium": 8}),
        (EDIT, "very_low", 1, {"image": 1, "image_very_low": 1}),
        (CUT, None, 1, {"image": 1}),
    ],
)
def test_a_quote_counts_the_pictures_of_the_quality_that_is_sent(
    model_id: str, quality: str | None, count: int, units: dict[str, int]
) -> None:
    assert VENDOR.quantities(wish(model_id, quality=quality, num_images=count), entry(model_id)) == units
