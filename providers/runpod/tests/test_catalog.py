"""The catalogue's data, and that no quote is below what the emulator, by the pages' examples, charges."""

from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest

from providers.base import CloudGenerationResponse, ReportedCost
from providers.emulation.faults import NO_FAULT
from providers.runpod.emulator.endpoints import PUBLIC, find_endpoint
from providers.runpod.emulator.plan import public_plan
from providers.runpod.emulator.work import Job
from providers.runpod.tests.stage import DEV, KONTEXT, PRO_EDIT, QWEN, VENDOR, entry, fitted, own, reference, wish
from providers.runpod.usage import cost_text
from providers.runpod.wire import to_input


def cost(units, model):
    """As the hub prices: every unit of the list, and "image" alone where it is the only one."""
    lines = {line.unit: Fraction(line.amount) / line.per for line in model.prices[-1].lines}
    charged = ["image"] if set(lines) == {"image"} else [unit for unit in units if unit != "image"]
    assert set(charged) <= set(lines), "a unit without a price"
    return sum((lines[unit] * units[unit] for unit in charged), Fraction())


@pytest.mark.parametrize(
    ("model_id", "fields", "amount"),
    [
        (DEV, {}, "0.02097152"),
        (DEV, {"width": 512, "height": 512}, "0.00524288"),
        ("black-forest-labs-flux-1-schnell", {"width": 1536, "height": 1536}, "0.0056623104"),
        (KONTEXT, {"input_images": (reference(),)}, "0.03145728"),
        (KONTEXT, {"input_images": (reference(),), "aspect_ratio": "4:3"}, "0.03"),
        (QWEN, {"resolution": "native"}, "0.03527168"),
        (QWEN, {"aspect_ratio": "4:3"}, "0.02"),
        ("seedream-v4-t2i", {"resolution": "2K"}, "0.113246208"),
        ("wan-2-6-t2i", {}, "0.03"),
        (PRO_EDIT, {"input_images": (reference(),)}, "0.14"),
        (PRO_EDIT, {"input_images": (reference(),), "resolution": "4k"}, "0.24"),
        ("google-nano-banana-2-edit", {"input_images": (reference(),), "resolution": "2k"}, "0.13"),
    ],
)
def test_i5_quotes_are_the_pages_prices(model_id, fields, amount):
    request = fitted(model_id, **fields)
    assert cost(VENDOR.quantities(request, entry(model_id)), entry(model_id)) == Fraction(amount)


@pytest.mark.parametrize("model", VENDOR.models, ids=lambda model: model.id)
def test_i5_no_quote_is_below_what_is_charged(model):
    able = model.capabilities
    pictures = () if "text-to-image" in able.modes else (reference((700, 500)),)
    sizes = [{}] + [{"width": 300, "height": 1500}] * bool(able.free_size)
    sizes += [{"resolution": name or None, "aspect_ratio": ratio} for name in able.sizes for ratio in able.sizes[name]]
    sizes += [{"resolution": name} for name in able.resolutions]
    for size in sizes:
        request = fitted(model.id, input_images=pictures, **size)
        plan = public_plan(to_input(request, model), find_endpoint(model.id))
        charged = Job(find_endpoint(model.id), plan, NO_FAULT, "").charge()
        assert Fraction(charged.micro) <= cost(VENDOR.quantities(request, model), model) * 1_000_000 + 1, size


def test_the_catalogue_and_the_emulator_have_the_same_endpoints():
    assert [model.id for model in VENDOR.models] == [endpoint.id for endpoint in PUBLIC]


@pytest.mark.parametrize("model", VENDOR.models, ids=lambda model: model.id)
def test_every_offered_choice_is_one_that_the_endpoint_takes(model):
    able = model.capabilities
    pictures = () if "text-to-image" in able.modes else (reference(),) * able.most_input_images
    for value in able.output_formats:
        public_plan(
            to_input(fitted(model.id, input_images=pictures, output_format=value), model), find_endpoint(model.id)
        )
    for option in able.options:
        for value in {option.default, option.minimum, option.maximum} - {None}:
            request = fitted(model.id, input_images=pictures, options={option.name: value})
            public_plan(to_input(request, model), find_endpoint(model.id))


@pytest.mark.parametrize("model", VENDOR.models, ids=lambda model: model.id)
def test_every_ratio_is_near_its_name(model):
    for (_, table), ratio in product(model.capabilities.sizes.items(), model.capabilities.aspect_ratios):
        if ratio in table:
            across, down = (int(side) for side in ratio.split(":"))
            assert abs(table[ratio][0] / table[ratio][1] - across / down) < 0.05 * across / down


def response(**usage):
    return CloudGenerationResponse(images=[], pictures=(), metadata={"units": {"image": 1}}, usage=usage)


def test_the_reported_cost_is_billed_and_without_one_the_units():
    assert VENDOR.billed(response(cost="0.00251658"), entry()) == ReportedCost("0.00251658", "USD")
    assert VENDOR.billed(response(), own()) == {"image": 1}


def test_an_own_endpoint_counts_pictures_for_the_owners_price():
    assert VENDOR.quantities(wish(own(), num_images=3), own()) == {"image": 3}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.02097152", "0.02097152"), ("0.030000000000000002", "0.03"), ("2.5E-5", "0.000025"), ("0", "0"),
        ("12", "12"), ("-1", ""), ("NaN", ""), ("Infinity", ""), ("1001", ""),
    ],
)  # fmt: skip
def test_a_cost_is_plain_decimal_text(value, text):
    assert cost_text(Decimal(value)) == text


@pytest.mark.parametrize("value", [None, "0.02", True, [], {}])
def test_what_is_no_number_is_no_cost(value):
    assert cost_text(value) == ""
