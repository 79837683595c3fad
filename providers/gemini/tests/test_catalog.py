"""The catalogue's data: sizes, ratios, prices and life-cycle as Google's pages gave them on 2026-11-22."""

from datetime import date
from decimal import Decimal

import pytest

from providers.base import CloudGenerationRequest
from providers.gemini.tests.answers import ALL, FLASH, FLAT, LITE, NEWEST, PRO, VENDOR, entry
from providers.gemini.usage import is_flat

TEN = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
FOURTEEN = [*TEN, "1:4", "4:1", "1:8", "8:1"]
SIZES_USERS_KNOW = {
    "1024x1024": ("1:1", "1024×1024"), "1536x1024": ("3:2", "1248×832"), "1024x1536": ("2:3", "832×1248"),
    "1152x1536": ("3:4", "864×1184"), "1536x1152": ("4:3", "1184×864"), "1024x1280": ("4:5", "896×1152"),
    "1280x1024": ("5:4", "1152×896"), "576x1024": ("9:16", "768×1344"), "1024x576": ("16:9", "1344×768"),
    "1344x576": ("21:9", "1536×672"),
}  # fmt: skip


def test_the_five_models_stand_in_the_catalogue_newest_first_and_the_retiring_last():
    assert [model.id for model in VENDOR.models] == list(ALL)


def test_a_model_is_found_by_its_alias():
    assert VENDOR.model("gemini-2.5-flash") is entry(FLAT)


@pytest.mark.parametrize(
    ("model_id", "ratios", "resolutions"),
    [
        (NEWEST, FOURTEEN, ("1K", "2K", "4K")),
        (PRO, TEN, ("1K", "2K", "4K")),
        (FLASH, FOURTEEN, ("512", "1K", "2K", "4K")),
        (LITE, TEN, ()),
        (FLAT, TEN, ()),
    ],
)
def test_each_model_has_its_ratios_at_every_resolution(model_id, ratios, resolutions):
    able = entry(model_id).capabilities
    assert able.resolutions == resolutions
    assert all(list(table) == ratios for table in able.sizes.values())


@pytest.mark.parametrize("model_id", ALL)
def test_every_size_is_a_pair_of_pixels_that_fits_its_ratio(model_id):
    for table in entry(model_id).capabilities.sizes.values():
        for ratio, (width, height) in table.items():
            assert type(width) is type(height) is int
            across, down = (int(side) for side in ratio.split(":"))
            assert abs(width / height / (across / down) - 1) < 0.05


def test_the_odd_size_of_21_9_at_512_is_read_as_half_of_1k():
    sizes = entry(FLASH).capabilities.sizes
    assert sizes["512"]["21:9"] == (792, 336)
    assert sizes["1K"]["21:9"] == (1584, 672)


def test_the_sizes_that_users_know_stand_in_the_catalogue():
    known = {size: ratio for size, (ratio, _) in SIZES_USERS_KNOW.items()}
    assert entry(FLAT).capabilities.known_sizes == known


@pytest.mark.parametrize("size", SIZES_USERS_KNOW)
def test_a_size_that_users_know_maps_to_its_ratio_with_a_note(size):
    ratio, real = SIZES_USERS_KNOW[size]
    width, height = (int(side) for side in size.split("x"))
    fitted, notes = VENDOR.normalise(CloudGenerationRequest(prompt="a fox", width=width, height=height), entry(FLAT))
    assert (fitted.aspect_ratio, fitted.width, fitted.height) == (ratio, None, None)
    if real.replace("×", "x") == size:
        assert notes == []
    else:
        assert len(notes) == 1
        assert ratio in notes[0]
        assert real in notes[0]


@pytest.mark.parametrize(
    ("model_id", "rates"),
    [
        (NEWEST, ("1.50", "7.50", "30.00")),
        (PRO, ("2.00", "12.00", "120.00")),
        (LITE, ("0.25", "1.50", "30.00")),
        (FLASH, ("0.50", "3.00", "60.00")),
    ],
)
def test_token_prices_are_by_the_million(model_id, rates):
    lines = {line.unit: (line.amount, line.per) for line in entry(model_id).prices[0].lines}
    units = ("input_token", "text_output_token", "image_output_token")
    assert lines == {unit: (rate, 1_000_000) for unit, rate in zip(units, rates, strict=True)}


@pytest.mark.parametrize(
    ("model_id", "resolution", "dollars"),
    [
        (NEWEST, "1K", "0.0336"), (NEWEST, "2K", "0.0504"), (NEWEST, "4K", "0.1134"), (LITE, "", "0.0336"),
        (FLASH, "512", "0.045"), (FLASH, "1K", "0.067"), (FLASH, "2K", "0.101"), (FLASH, "4K", "0.151"),
        (PRO, "1K", "0.134"), (PRO, "2K", "0.134"), (PRO, "4K", "0.24"),
    ],
)  # fmt: skip
def test_image_tokens_at_their_rate_give_the_published_price_of_a_picture(model_id, resolution, dollars):
    model = entry(model_id)
    rate = Decimal(model.prices[0].lines[2].amount)
    tokens = model.capabilities.facts["image_tokens"][resolution]
    price = Decimal(dollars)
    assert abs(rate * tokens / 1_000_000 - price) < Decimal("0.0005")


def test_the_25_model_is_one_flat_price_a_picture():
    (line,) = entry(FLAT).prices[0].lines
    assert (line.unit, line.amount, line.per) == ("image", "0.039", 1)
    assert is_flat(entry(FLAT))


@pytest.mark.parametrize("model_id", ALL)
def test_every_price_and_life_cycle_names_its_page_and_the_day_it_was_read(model_id):
    model = entry(model_id)
    for record in (model.lifecycle, *model.prices):
        assert record.source.startswith("https://ai.google.dev/")
        assert record.read_on == date(2026, 11, 22)
    assert all(price.currency == "USD" for price in model.prices)


@pytest.mark.parametrize("model_id", [FLAT, FLASH])
def test_a_model_that_goes_away_names_a_successor_that_stays(model_id):
    successor = entry(entry(model_id).lifecycle.successor)
    assert successor.id == NEWEST
    assert (successor.lifecycle.deprecated, successor.lifecycle.shut_down) == (None, None)


def test_life_cycle_dates_are_those_of_the_gemini_api():
    assert entry(FLAT).lifecycle.shut_down == date(2026, 10, 2)
    assert entry(FLASH).lifecycle.deprecated == date(2026, 10, 6)
    assert entry(FLASH).lifecycle.shut_down is None


def test_every_dead_id_leads_to_a_living_model():
    for dead, successor in VENDOR.retired.items():
        assert VENDOR.model(dead) is None
        assert entry(successor).lifecycle.shut_down is None


def test_seeds_are_promised_honestly():
    honesty = {model.id: model.capabilities.seed for model in VENDOR.models}
    assert honesty == {NEWEST: "not_sent", PRO: "best_effort", LITE: "best_effort", FLASH: "best_effort",
                       FLAT: "best_effort"}  # fmt: skip


@pytest.mark.parametrize("model_id", ALL)
def test_no_model_offers_masks_or_more_than_one_picture_a_call(model_id):
    able = entry(model_id).capabilities
    assert able.modes == ("text-to-image", "image-to-image")
    assert able.images_per_call == 1
