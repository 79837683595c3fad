"""The catalogue's data: models, sizes, prices and life-cycle as OpenAI's pages gave them on 2026-11-22."""

from datetime import date
from typing import get_args

import pytest
from openai.types.image_model import ImageModel

from providers.openai.tests.answers import ALL, DALL_E, FIXED, FREE, VENDOR, entry

GPT = (*FREE, *FIXED)


def test_the_living_models_stand_first_and_the_gone_last():
    assert [model.id for model in VENDOR.models] == list(ALL)
    ends = [model.lifecycle.shut_down for model in VENDOR.models]
    assert ends == [None] * 5 + [date(2026, 12, 1)] * 3 + [date(2026, 10, 23), date(2026, 5, 12)]


def test_every_model_that_openais_sdk_names_is_known():
    known = {name for model in VENDOR.models for name in (model.id, *model.aliases)} | set(VENDOR.retired)
    assert set(get_args(ImageModel)) <= known


def test_a_model_that_goes_away_names_a_successor_that_stays():
    for model in VENDOR.models:
        if model.lifecycle.shut_down:
            assert entry(model.lifecycle.successor).lifecycle.shut_down is None
    for successor in VENDOR.retired.values():
        assert entry(successor).lifecycle.shut_down is None


@pytest.mark.parametrize("model_id", FREE)
def test_every_listed_size_keeps_the_rules_of_free_sizes_and_its_ratio(model_id):
    able = entry(model_id).capabilities
    rules = able.free_size
    assert able.resolutions == ("1K", "2K", "4K")
    assert rules.default == able.sizes["1K"]["1:1"] == (1024, 1024)
    for table in able.sizes.values():
        for ratio, (width, height) in table.items():
            assert width % rules.step == height % rules.step == 0
            assert rules.least_pixels <= width * height <= rules.most_pixels
            assert max(width, height) <= min(rules.most_side, 3 * min(width, height))
            across, down = (int(side) for side in ratio.split(":"))
            assert abs(width / height / (across / down) - 1) < 0.01


@pytest.mark.parametrize("model_id", FIXED)
def test_the_older_models_have_three_sizes_and_a_token_table_for_each(model_id):
    able = entry(model_id).capabilities
    assert able.sizes == {"": {"1:1": (1024, 1024), "3:2": (1536, 1024), "2:3": (1024, 1536)}}
    for quality in ("low", "medium", "high"):
        assert set(able.facts["output_tokens"][quality]) == {"1024x1024", "1536x1024", "1024x1536"}


@pytest.mark.parametrize("model_id", FREE)
def test_every_quality_but_auto_has_a_factor_and_a_margin(model_id):
    able = entry(model_id).capabilities
    tiers = {name for name in able.qualities if name != "auto"}
    assert set(able.facts["factors"]) == set(able.facts["margin_percent"]) == tiers
    assert min(able.facts["margin_percent"].values()) >= 100
    assert able.facts["default_quality"] in tiers


@pytest.mark.parametrize(
    ("model_id", "rates"),
    [
        *((model_id, ("5.00", "1.25", "8.00", "2.00", "30.00")) for model_id in FREE),
        ("gpt-image-1.5", ("5.00", "1.25", "8.00", "2.00", "32.00", "10.00")),
        ("chatgpt-image-latest", ("5.00", "1.25", "8.00", "2.00", "32.00", "10.00")),
        ("gpt-image-1-mini", ("2.00", "0.20", "2.50", "0.25", "8.00")),
        ("gpt-image-1", ("5.00", "1.25", "10.00", "2.50", "40.00")),
    ],
)
def test_token_prices_are_by_the_million(model_id, rates):
    (prices,) = entry(model_id).prices
    assert tuple(line.amount for line in prices.lines) == rates
    assert {line.per for line in prices.lines} == {1_000_000}


@pytest.mark.parametrize("model_id", ALL)
def test_every_price_and_life_cycle_names_its_page_and_the_day_it_was_read(model_id):
    model = entry(model_id)
    for record in (model.lifecycle, *model.prices):
        assert record.source.startswith("https://developers.openai.com/api/docs/")
        assert record.read_on == date(2026, 11, 22)
    assert not model.registered_from_start


@pytest.mark.parametrize("model_id", GPT)
def test_gpt_image_models_take_sixteen_pictures_masks_and_transparency_and_no_seed(model_id):
    able = entry(model_id).capabilities
    assert able.modes == ("text-to-image", "image-to-image", "inpaint")
    assert (able.most_input_images, able.transparency, able.seed) == (16, True, "not_sent")
    assert able.output_formats == ("png", "jpeg", "webp")
    names = [option.name for option in able.options]
    assert ("complexity" in names) == model_id.startswith("gpt-image-2.6")
    assert {"output_compression", "moderation", "safety_identifier", "partial_images", "stream"} <= set(names)


def test_dall_e_3_draws_three_sizes_in_two_qualities_and_two_styles():
    able = entry(DALL_E).capabilities
    assert list(able.sizes[""].values()) == [(1024, 1024), (1792, 1024), (1024, 1792)]
    assert (able.qualities, able.styles) == (("standard", "hd"), ("vivid", "natural"))
    assert (able.modes, able.most_input_images, able.longest_prompt) == (("text-to-image",), 0, 4000)


@pytest.mark.parametrize("model_id", ALL)
def test_each_picture_is_a_call_of_its_own(model_id):
    assert entry(model_id).capabilities.images_per_call == 1
