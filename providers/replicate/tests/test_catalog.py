"""The catalogue's data, and that no quote is below its bill."""

from fractions import Fraction
from itertools import product

import pytest

from providers.base import CloudGenerationResponse
from providers.replicate.tests.stage import DEV, FLUX_2, IDEOGRAM, PRO, SCHNELL, VENDOR, entry, reference, wish

PRICES = {SCHNELL: "0.003", DEV: "0.025", PRO: "0.04", IDEOGRAM: "0.09"}


def cost(units, model):
    """As the hub prices: every unit of the list, and "image" alone where it is the only one."""
    lines = {line.unit: Fraction(line.amount) / line.per for line in model.prices[-1].lines}
    charged = ["image"] if set(lines) == {"image"} else [unit for unit in units if unit != "image"]
    assert set(charged) <= set(lines), "a unit without a price"
    return sum((lines[unit] * units.get(unit, 0) for unit in charged), Fraction())


@pytest.mark.parametrize(("model_id", "amount"), PRICES.items())
def test_flat_prices_are_those_of_the_price_page(model_id, amount):
    (prices,) = entry(model_id).prices
    assert [(line.unit, line.amount) for line in prices.lines] == [("image", amount)]


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({}, "0.030"),
        ({"resolution": "0.5 MP"}, "0.030"),
        ({"resolution": "2 MP", "aspect_ratio": "16:9"}, "0.045"),
        ({"resolution": "4 MP"}, "0.075"),
        ({"width": 1024, "height": 1024}, "0.030"),
        ({"width": 2048, "height": 1024}, "0.045"),
        ({"input_images": (reference((1024, 1024)),)}, "0.045"),
        ({"input_images": (reference((1025, 1024)), reference((64, 64)))}, "0.075"),
    ],
)
def test_i5_flux_2_costs_a_run_and_every_begun_megapixel(fields, amount):
    model = entry(FLUX_2)
    fitted, _ = VENDOR.normalise(wish(FLUX_2, **fields), model)
    assert cost(VENDOR.quantities(fitted, model), model) == Fraction(amount)


@pytest.mark.parametrize("model", VENDOR.models, ids=lambda model: model.id)
def test_i5_no_quote_is_below_its_bill(model):
    able = model.capabilities
    pictures = [(), (reference((1500, 900)),)] if able.most_input_images and "image-to-image" in able.modes else [()]
    for resolution, ratio, count, images in product(
        able.sizes, able.aspect_ratios, range(1, able.images_per_call + 1), pictures
    ):
        request = wish(
            model.id, resolution=resolution or None, aspect_ratio=ratio, num_images=count, input_images=images
        )
        fitted, _ = VENDOR.normalise(request, model)
        units = VENDOR.quantities(fitted, model)
        for delivered in range(count + 1):
            metadata = {"units": {**units, "image": delivered}}
            response = CloudGenerationResponse(images=[], pictures=(), metadata=metadata)
            assert cost(VENDOR.billed(response, model), model) <= cost(units, model)


def test_every_ratio_of_every_resolution_is_near_its_name():
    for model in VENDOR.models:
        for table in model.capabilities.sizes.values():
            for ratio, (width, height) in table.items():
                across, down = (int(side) for side in ratio.split(":"))
                assert abs(width / height - across / down) < 0.08 * across / down, (model.id, ratio)


def test_facts_name_every_ability_that_is_offered():
    for model in VENDOR.models:
        able, inputs = model.capabilities, model.capabilities.facts["inputs"]
        for name in ("negative_prompt", "guidance_scale", "strength", "enhance_prompt"):
            assert getattr(able, name) is (name in inputs), (model.id, name)
        assert bool(able.output_formats) is ("output_format" in inputs)
        assert (able.images_per_call > 1) is ("count" in inputs)
        assert bool(able.most_input_images) is bool(able.facts.get("images"))


def test_no_model_is_registered_without_a_key_in_sight():
    assert not any(model.registered_from_start for model in VENDOR.models)
