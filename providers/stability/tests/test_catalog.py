"""The catalogue's data as Stability's pages gave it, and what of a wish is refused or noted."""

from decimal import Decimal

import pytest

from providers.base import InvalidField
from providers.stability.services import SERVICES
from providers.stability.tests.wishes import (
    CORE,
    CREATIVE,
    ERASE,
    INPAINT,
    LARGE,
    OUTPAINT,
    TURBO,
    ULTRA,
    VENDOR,
    entry,
    picture,
    raw_wish,
    usual_wish,
    wish,
)

# Credits a picture, from the price list: https://platform.stability.ai/pricing
CREDITS = {
    CORE: "3", ULTRA: "8", LARGE: "6.5", TURBO: "4", "sd3.5-medium": "3.5", "sd3.5-flash": "2.5", INPAINT: "5",
    ERASE: "5", OUTPAINT: "4", "stable-image-remove-background": "5", "stable-image-search-and-replace": "5",
    "stable-image-search-and-recolor": "5", "stable-image-replace-background": "8", "stable-image-control-sketch": "5",
    "stable-image-control-structure": "5", "stable-image-control-style": "5", "stable-image-style-transfer": "8",
    "stable-image-upscale-fast": "2", "stable-image-upscale-conservative": "40", CREATIVE: "60",
}  # fmt: skip
ALL = list(CREDITS)


def refused(model_id, **changes):
    with pytest.raises(InvalidField) as invalid:
        wish(model_id, **changes)
    return invalid.value.fields


def notes(model_id, **changes):
    return VENDOR.normalise(raw_wish(model_id, **changes), entry(model_id))[1]


def test_the_catalogue_and_the_table_of_services_name_the_same_models():
    assert [model.id for model in VENDOR.models] == list(SERVICES) == ALL


@pytest.mark.parametrize("model_id", ALL)
def test_i1_a_credit_is_a_cent_and_the_price_is_flat(model_id):
    (price,) = entry(model_id).prices
    (line,) = price.lines
    assert (line.unit, line.per, price.currency) == ("image", 1, "USD")
    assert Decimal(line.amount) == Decimal(CREDITS[model_id]) / 100
    assert price.source == "https://platform.stability.ai/pricing"


@pytest.mark.parametrize("model_id", ALL)
def test_no_model_is_registered_from_the_start_and_aliases_are_unique(model_id):
    assert not entry(model_id).registered_from_start
    for alias in entry(model_id).aliases:
        assert [model.id for model in VENDOR.models if alias in model.aliases] == [model_id]


@pytest.mark.parametrize("model_id", ALL)
def test_every_size_fits_its_ratio(model_id):
    for table in entry(model_id).capabilities.sizes.values():
        assert len(table) == 9
        for ratio, (width, height) in table.items():
            across, down = (int(side) for side in ratio.split(":"))
            assert abs(width / height / (across / down) - 1) < 0.06


@pytest.mark.parametrize("model_id", ALL)
def test_no_more_pictures_are_allowed_than_the_form_has_parts(model_id):
    assert entry(model_id).capabilities.most_input_images == len(SERVICES[model_id].pictures) or model_id == CORE


@pytest.mark.parametrize("model_id", ALL)
def test_i2_the_quote_is_the_bill(model_id):
    assert VENDOR.quantities(usual_wish(model_id), entry(model_id)) == {"image": 1}


def test_models_that_work_on_a_picture_want_one():
    for model_id in ALL[6:]:
        assert "input_images" in refused(model_id)


def test_inpaint_and_erase_want_a_mask_or_see_through_parts():
    for model_id in (INPAINT, ERASE):
        assert "mask" in refused(model_id, input_images=(picture(),))
        assert wish(model_id, input_images=(picture(see_through=True),)).mask is None
        assert wish(model_id, input_images=(picture(),), mask=picture()).mask is not None


@pytest.mark.parametrize(
    ("model_id", "changes", "field"),
    [
        (CORE, {"input_images": (picture(),)}, "input_images"),
        (TURBO, {"negative_prompt": "rain"}, "negative_prompt"),
        (TURBO, {"guidance_scale": 4}, "guidance_scale"),
        (LARGE, {"guidance_scale": 0.5}, "guidance_scale"),
        (LARGE, {"guidance_scale": 11}, "guidance_scale"),
        (LARGE, {"output_format": "webp"}, "output_format"),
        (ULTRA, {"strength": 0.5}, "strength"),
        (CORE, {"strength": 0.5}, "strength"),
        (CORE, {"prompt": "x" * 10_001}, "prompt"),
        (CORE, {"negative_prompt": "x" * 10_001}, "negative_prompt"),
        (CORE, {"aspect_ratio": "4:3"}, "aspect_ratio"),
        (CORE, {"style": "cubism"}, "style"),
        (OUTPAINT, {"input_images": (picture(),)}, "options.left"),
        (OUTPAINT, {"input_images": (picture(),), "options": {"left": 0}}, "options.left"),
        (OUTPAINT, {"input_images": (picture(),), "options": {"left": 2001}}, "options.left"),
        (OUTPAINT, {"input_images": (picture((600, 100)),), "options": {"up": 5}}, "input_images[0]"),
        (OUTPAINT, {"input_images": (picture((100, 600)),), "options": {"up": 5}}, "input_images[0]"),
        (ERASE, {"input_images": (picture(),), "mask": picture(), "options": {"grow_mask": 21}}, "options.grow_mask"),
        (ERASE, {"input_images": (picture(),), "mask": picture(), "style": "anime"}, "style"),
        ("stable-image-search-and-replace", {"input_images": (picture(),)}, "options.search_prompt"),
        ("stable-image-search-and-recolor", {"input_images": (picture(),)}, "options.select_prompt"),
        ("stable-image-style-transfer", {"input_images": (picture(),)}, "input_images"),
        ("stable-image-replace-background", {"prompt": " ", "input_images": (picture(),)}, "prompt"),
        (
            "stable-image-replace-background",
            {"input_images": (picture(),), "options": {"light_source_strength": 0.5}},
            "options.light_source_strength",
        ),
        ("stable-image-upscale-fast", {"input_images": (picture((1600, 100)),)}, "input_images[0]"),
        ("stable-image-upscale-fast", {"input_images": (picture((30, 100)),)}, "input_images[0]"),
        (CREATIVE, {"input_images": (picture((1100, 1000)),)}, "input_images[0]"),
        (CREATIVE, {"input_images": (picture(),), "prompt": ""}, "prompt"),
        (INPAINT, {"input_images": (picture((60, 100)),), "mask": picture((60, 100))}, "input_images[0]"),
    ],
)
def test_what_stability_would_refuse_is_refused_by_name_before_anything_is_held(model_id, changes, field):
    assert field in refused(model_id, **changes)


def test_a_picture_gets_a_usual_strength_with_a_note():
    request = wish(ULTRA, input_images=(picture(),))
    assert request.strength == 0.5
    assert any("0.5 is sent" in note for note in notes(ULTRA, input_images=(picture(),)))
    assert wish(ULTRA, input_images=(picture(),), strength=0.0).strength == 0.0
    assert wish(ULTRA).strength is None


def test_a_picture_keeps_its_shape_with_a_note():
    for changes in ({"aspect_ratio": "16:9"}, {"width": 1344, "height": 768}):
        assert wish(LARGE, input_images=(picture(),), **changes).aspect_ratio is None
        found = notes(LARGE, input_images=(picture(),), **changes)
        assert any("the ratio 16:9 is not sent" in note for note in found)
    assert wish(LARGE, aspect_ratio="16:9").aspect_ratio == "16:9"
    styled = wish("stable-image-control-style", input_images=(picture(),), aspect_ratio="16:9")
    assert styled.aspect_ratio == "16:9"


def test_seed_nought_is_said_to_be_any_seed():
    assert wish(seed=0).seed is None
    assert any("any seed" in note for note in notes(CORE, seed=0))
    assert wish(seed=1).seed == 1


def test_the_limits_of_the_key_are_published():
    (limit,) = VENDOR.limits
    assert (limit.kind, limit.count, limit.seconds) == ("requests", 150, 10)
