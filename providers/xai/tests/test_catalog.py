"""The catalogue's data: models, prices, sizes and retired ids as xAI's pages gave them on 2026-11-22."""

from datetime import date

import pytest

from providers.xai.tests.answers import CHEAP, NEWEST, VENDOR, entry

pytestmark = pytest.mark.sqlite_only


def prices(model_id):
    (listed,) = entry(model_id).prices
    return {line.unit: line.amount for line in listed.lines}


def test_the_prices_are_those_of_the_page():
    assert prices(NEWEST) == {
        "image:low:1K": "0.04", "image:medium:1K": "0.06", "image:low:2K": "0.06", "image:medium:2K": "0.08",
        "input_image": "0.01",
    }  # fmt: skip
    assert prices(CHEAP) == {"image": "0.02", "input_image": "0.002"}


@pytest.mark.parametrize("model_id", [NEWEST, CHEAP])
def test_each_size_has_its_ratio_in_steps_of_16_and_2k_has_twice_the_sides(model_id):
    able = entry(model_id).capabilities
    assert able.resolutions == ("1K", "2K")
    assert list(able.sizes["1K"]) == list(able.sizes["2K"])
    for ratio, (width, height) in able.sizes["1K"].items():
        across, down = (int(side) for side in ratio.split(":"))
        assert width * down == height * across
        assert width % 16 == height % 16 == 0
        assert 900_000 < width * height < 1_170_000
        assert able.sizes["2K"][ratio] == (2 * width, 2 * height)


def test_only_the_newest_has_the_widest_ratios():
    extra = set(entry(NEWEST).capabilities.aspect_ratios) - set(entry(CHEAP).capabilities.aspect_ratios)
    assert extra == {"21:9", "5:2"}


def test_retired_ids_have_an_end_a_source_and_a_living_successor():
    assert {name: gone["retired_on"] for name, gone in VENDOR.retired.items()} == {
        "grok-imagine-image-quality": date(2026, 11, 2), "grok-imagine-image-pro": date(2026, 5, 15),
        "grok-2-image": date(2026, 2, 28),
    }  # fmt: skip
    for name, gone in VENDOR.retired.items():
        assert VENDOR.model(name) is None
        assert entry(gone["successor"]).lifecycle.shut_down is None
        assert gone["source"].startswith("https://docs.x.ai/")
        assert gone["read_on"] == date(2026, 11, 22)
