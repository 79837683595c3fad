"""Quotes bound the bill in every priced combination, and the bill is BFL's own figure."""

from decimal import Decimal
from fractions import Fraction
from itertools import product

import orjson
import pytest

from providers.base import InvalidField, ReportedCost
from providers.bfl import wire
from providers.bfl.emulator.wish import read_wish
from providers.bfl.jobs import Job
from providers.bfl.models import ENDPOINTS
from providers.bfl.tests.wishes import (
    ALL,
    FLEX,
    FLUX_3,
    KLEIN_4,
    KLEIN_9,
    MAX,
    PRO,
    VENDOR,
    entry,
    picture,
    raw_wish,
    ready,
    wish,
)

# https://github.com/black-forest-labs/skills: price of one megapixel from words, and with one reference of a megapixel.
ONE_MEGAPIXEL = {
    MAX: ("0.07", "0.10"), PRO: ("0.03", "0.045"), FLEX: ("0.05", "0.10"), KLEIN_9: ("0.015", "0.017"),
    KLEIN_4: ("0.014", "0.015"),
}  # fmt: skip
REFERENCES = (
    (), (picture((64, 64)),), (picture((1023, 1025)),), (picture((2000, 1300)), picture((300, 300))),
    (picture((3000, 2900)), picture((1025, 1024)), picture((256, 256)), picture((2048, 1024))),
)  # fmt: skip
SIZES = (
    {}, {"width": 256, "height": 256}, {"width": 1024, "height": 1024}, {"width": 1040, "height": 1024},
    {"width": 4096, "height": 1024}, {"width": 4096, "height": 4096}, {"aspect_ratio": "21:9", "resolution": "2MP"},
    {"resolution": "4MP"},
)  # fmt: skip


def price(model_id, units):
    """Dollars of `units`, by the rule of the hub: every unit but "image" must stand in the list."""
    lines = {line.unit: Fraction(line.amount) / line.per for line in entry(model_id).prices[0].lines}
    assert set(units) - {"image"} <= set(lines)
    return sum((lines[unit] * count for unit, count in units.items() if unit in lines), Fraction(0))


def quote(request):
    return price(request.model, VENDOR.quantities(request, entry(request.model)))


@pytest.mark.parametrize("model_id", ALL[1:])
@pytest.mark.parametrize(("size", "pictures"), list(product(SIZES, REFERENCES)))
def test_i2_a_flux_2_quote_is_never_below_the_vendors_price(model_id, size, pictures):
    request = wish(model_id, input_images=pictures, **size)
    body = wire.to_body(request, entry(model_id), ENDPOINTS[model_id])
    charged = Fraction(read_wish(model_id, orjson.dumps(body)).price, 100_000)
    assert charged <= quote(request)
    if not pictures:
        assert charged == quote(request)


@pytest.mark.parametrize("resolution", ["768sq", "1k", "1.5k", "2k", "4k"])
@pytest.mark.parametrize("pictures", [(), (picture((300, 256)),), (picture((3000, 2900)),) * 3])
def test_i2_a_flux_3_quote_is_never_below_the_vendors_price(resolution, pictures):
    request = wish(FLUX_3, resolution=resolution, input_images=pictures)
    body = wire.to_body(request, entry(FLUX_3), ENDPOINTS[FLUX_3])
    assert Fraction(read_wish(FLUX_3, orjson.dumps(body)).price, 100_000) <= quote(request)


@pytest.mark.parametrize(
    ("sides", "further", "inputs"),
    # The second: BFL may round it up to 1024x1040. The last: BFL makes it smaller than 4 megapixels before it counts.
    [((1024, 1024), 0, 1), ((1023, 1025), 1, 1), ((1600, 900), 1, 2), ((3000, 2900), 3, 4)],
)
def test_an_edit_is_quoted_by_the_first_pictures_size(sides, further, inputs):
    units = VENDOR.quantities(wish(PRO, input_images=(picture(sides),)), entry(PRO))
    assert units == {"image": 1, "further_megapixel": further, "input_megapixel": inputs}


@pytest.mark.parametrize("model_id", list(ONE_MEGAPIXEL))
def test_one_megapixel_costs_what_bfls_table_says(model_id):
    from_words, with_picture = ONE_MEGAPIXEL[model_id]
    assert quote(wish(model_id)) == Fraction(from_words)
    assert quote(wish(model_id, width=1024, height=1024, input_images=(picture((1024, 1024)),))) == Fraction(
        with_picture
    )


@pytest.mark.parametrize(("resolution", "dollars"), [("1k", "0.048"), ("2k", "0.10"), ("4k", "0.607")])
def test_flux_3_costs_by_its_class(resolution, dollars):
    assert quote(wish(FLUX_3, resolution=resolution)) == Fraction(dollars)


def test_previews_cost_what_their_models_cost():
    for preview, model_id in (("flux-2-pro-preview", PRO), ("flux-2-klein-9b-preview", KLEIN_9)):
        assert entry(preview).prices[0].lines == entry(model_id).prices[0].lines


def answered(document, **job):
    most = VENDOR.quantities(wish(), entry(PRO))
    told = Job(id="x", most=most, **job)
    return VENDOR.billed(wire.to_response(document, picture().data, told, str), entry(PRO))


def test_i3_the_bill_is_the_cost_in_credits_that_bfl_tells():
    assert answered(ready(), quoted_cost="3.0") == ReportedCost(amount="0.03", currency="USD")
    assert answered(ready(), quoted_cost="60.7") == ReportedCost(amount="0.607", currency="USD")
    assert answered(ready(), quoted_cost="0") == ReportedCost(amount="0", currency="USD")


def test_the_larger_of_two_costs_is_booked():
    for document in (ready(cost=Decimal("4.5")), {**ready(), "cost": Decimal("4.5")}):
        assert answered(document, quoted_cost="3.0") == ReportedCost(amount="0.045", currency="USD")
        assert answered(document) == ReportedCost(amount="0.045", currency="USD")
    assert answered(ready(cost=Decimal("0.03")), quoted_cost="3.0") == ReportedCost(amount="0.03", currency="USD")


def test_without_a_cost_the_most_that_it_could_cost_is_booked():
    assert answered(ready()) == {"image": 1, "further_megapixel": 0, "input_megapixel": 0}


def test_a_reference_picture_gives_shape_and_size_unless_a_resolution_is_asked():
    plain = wish(PRO, input_images=(picture((1600, 900)),))
    assert (plain.aspect_ratio, plain.resolution, plain.width) == (None, None, None)
    request, notes = VENDOR.normalise(raw_wish(PRO, resolution="2MP", input_images=(picture((1600, 900)),)), entry(PRO))
    assert (request.aspect_ratio, request.resolution) == ("16:9", "2MP")
    assert any("nearest to 16:9" in note for note in notes)


@pytest.mark.parametrize("guidance", [1, 10.5])
def test_flex_refuses_guidance_outside_of_its_range(guidance):
    with pytest.raises(InvalidField) as invalid:
        wish(FLEX, guidance_scale=guidance)
    assert list(invalid.value.fields) == ["guidance_scale"]


@pytest.mark.parametrize(
    ("model_id", "changes", "field"),
    [
        (KLEIN_4, {"input_images": (picture(),) * 5}, "input_images"),
        (MAX, {"input_images": (picture(),) * 9}, "input_images"),
        (FLUX_3, {"input_images": (picture(),) * 11}, "input_images"),
        (FLUX_3, {"input_images": (picture((255, 300)),)}, "input_images[0]"),
        (PRO, {"input_images": (picture((63, 300)),)}, "input_images[0]"),
        (FLUX_3, {"safety_level": "5"}, "safety_level"),
        (PRO, {"safety_level": "6"}, "safety_level"),
        (FLUX_3, {"output_format": "jpeg"}, "output_format"),
        (KLEIN_9, {"enhance_prompt": True}, "enhance_prompt"),
        (PRO, {"guidance_scale": 4}, "guidance_scale"),
        (PRO, {"negative_prompt": "rain"}, "negative_prompt"),
        (FLEX, {"options": {"steps": 51}}, "options.steps"),
        (PRO, {"prompt": "", "input_images": (picture(),)}, "prompt"),
        (PRO, {"input_images": (picture(),), "mask": picture()}, "mask"),
    ],
)
def test_what_bfl_would_refuse_is_refused_by_name_before_anything_is_held(model_id, changes, field):
    with pytest.raises(InvalidField) as invalid:
        wish(model_id, **changes)
    assert field in invalid.value.fields


@pytest.mark.parametrize("model_id", ALL)
def test_every_size_is_on_the_grid_within_its_class_and_fits_its_ratio(model_id):
    able = entry(model_id).capabilities
    bounds = {"1MP": 1024**2, "2MP": 2 * 1024**2, "4MP": 4 * 1024**2, "768sq": 768**2, "1k": 1024**2,
              "1.5k": 1536**2, "2k": 2048**2, "4k": 4096**2}  # fmt: skip
    assert not entry(model_id).registered_from_start
    for resolution, table in able.sizes.items():
        for ratio, (width, height) in table.items():
            across, down = (int(side) for side in ratio.split(":"))
            assert width % 16 == height % 16 == 0
            assert width * height <= bounds[resolution]
            assert abs(width / height / (across / down) - 1) < 0.04


def test_the_limits_of_the_key_are_published():
    (limit,) = VENDOR.limits
    assert (limit.kind, limit.count) == ("parallel", 24)
