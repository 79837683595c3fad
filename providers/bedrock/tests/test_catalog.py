"""The catalogue's data as AWS's pages and the price file gave it, and what of a wish is refused or noted."""

from decimal import Decimal

import pytest

from providers.base import InvalidField
from providers.bedrock.emulator.models import MODELS, Choice, Number
from providers.bedrock.services import SERVICES
from providers.bedrock.tests.wishes import (
    CORE,
    CREATIVE,
    CUTOUT,
    ERASE,
    FAST,
    INPAINT,
    LARGE,
    OUTPAINT,
    REPLACE,
    TRANSFER,
    ULTRA,
    VENDOR,
    entry,
    picture,
    raw_wish,
    wish,
)

# Dollars a picture: LiteLLM's price file of 2026-11.
DOLLARS = {
    CORE: "0.04", LARGE: "0.08", ULTRA: "0.14", INPAINT: "0.07", ERASE: "0.07", OUTPAINT: "0.06", CUTOUT: "0.07",
    REPLACE: "0.07", "us.stability.stable-image-search-recolor-v1:0": "0.07",
    "us.stability.stable-image-control-sketch-v1:0": "0.07", "us.stability.stable-image-control-structure-v1:0": "0.07",
    "us.stability.stable-image-style-guide-v1:0": "0.07", TRANSFER: "0.08", FAST: "0.03",
    "us.stability.stable-conservative-upscale-v1:0": "0.40", CREATIVE: "0.60",
}  # fmt: skip
ALL = list(DOLLARS)


def refused(model_id, **changes):
    with pytest.raises(InvalidField) as invalid:
        wish(model_id, **changes)
    return invalid.value.fields


def notes(model_id, **changes):
    return VENDOR.normalise(raw_wish(model_id, **changes), entry(model_id))[1]


def test_catalogue_services_and_emulator_name_the_same_models():
    assert [model.id for model in VENDOR.models] == list(SERVICES) == list(MODELS) == ALL


@pytest.mark.parametrize("model_id", ALL)
def test_i1_the_price_is_flat_and_the_documented_one(model_id):
    (price,) = entry(model_id).prices
    (line,) = price.lines
    assert (line.unit, line.per, price.currency, line.amount) == ("image", 1, "USD", DOLLARS[model_id])
    assert Decimal(line.amount) * 100 == MODELS[model_id].cents


@pytest.mark.parametrize("model_id", ALL)
def test_every_choice_and_range_is_the_pages(model_id):
    able, fields = entry(model_id).capabilities, MODELS[model_id].fields
    for name, offered in (("style_preset", able.styles), ("output_format", able.output_formats),
                          ("aspect_ratio", able.aspect_ratios)):  # fmt: skip
        known = fields.get(name)
        assert set(offered) <= set(known.values if isinstance(known, Choice) else ())
    for option in able.options:
        known = fields[option.name]
        if isinstance(known, Number):
            assert (option.minimum, option.maximum) == (known.least, known.most)


@pytest.mark.parametrize("model_id", ALL)
def test_no_more_pictures_are_allowed_than_the_body_has_names(model_id):
    assert entry(model_id).capabilities.most_input_images == len(SERVICES[model_id].pictures)
    assert (SERVICES[model_id].least == 0) is ("text-to-image" in entry(model_id).capabilities.modes)


@pytest.mark.parametrize(
    ("model_id", "changes", "field"),
    [
        (CORE, {"input_images": (picture(),)}, "input_images"),
        (CORE, {"output_format": "webp"}, "output_format"),
        (CORE, {"style": "anime"}, "style"),
        (CORE, {"aspect_ratio": "4:3"}, "aspect_ratio"),
        (CORE, {"prompt": "x" * 10_001}, "prompt"),
        (CORE, {"negative_prompt": "x" * 10_001}, "negative_prompt"),
        (LARGE, {"guidance_scale": 4}, "guidance_scale"),
        (LARGE, {"strength": 0.5}, "strength"),
        (INPAINT, {}, "input_images"),
        (INPAINT, {"input_images": (picture(),)}, "mask"),
        (INPAINT, {"input_images": (picture((600, 100)),), "mask": picture((600, 100))}, "input_images[0]"),
        (INPAINT, {"input_images": (picture((60, 100)),), "mask": picture((60, 100))}, "input_images[0]"),
        (ERASE, {"input_images": (picture(),)}, "mask"),
        (ERASE, {"input_images": (picture(),), "mask": picture(), "options": {"grow_mask": 21}}, "options.grow_mask"),
        (OUTPAINT, {"input_images": (picture(),)}, "options.left"),
        (OUTPAINT, {"input_images": (picture(),), "options": {"left": 0}}, "options.left"),
        (CUTOUT, {"input_images": (picture(),), "output_format": "jpeg"}, "output_format"),
        (REPLACE, {"input_images": (picture(),)}, "options.search_prompt"),
        (TRANSFER, {"input_images": (picture(),)}, "input_images"),
        (FAST, {"input_images": (picture((1600, 100)),)}, "input_images[0]"),
        (CREATIVE, {"input_images": (picture((1100, 1000)),)}, "input_images[0]"),
    ],
)
def test_what_bedrock_would_refuse_is_refused_by_name_before_anything_is_held(model_id, changes, field):
    assert field in refused(model_id, **changes)


def test_see_through_parts_stand_for_a_mask():
    for model_id in (INPAINT, ERASE):
        assert wish(model_id, input_images=(picture(see_through=True),)).mask is None


def test_sd3_5_gets_a_strength_with_a_note_and_ultra_keeps_its_own():
    given = {"input_images": (picture(),)}
    assert wish(LARGE, **given).strength == 0.5
    assert any("0.5 is sent" in note for note in notes(LARGE, **given))
    assert wish(LARGE, **given, strength=0.0).strength == 0.0
    assert wish(LARGE).strength is None
    assert wish(ULTRA, **given).strength is None


def test_a_picture_keeps_its_shape_with_a_note():
    for model_id in (LARGE, ULTRA):
        assert wish(model_id, input_images=(picture(),), aspect_ratio="16:9").aspect_ratio is None
        assert any(
            "16:9 is not sent" in note for note in notes(model_id, input_images=(picture(),), aspect_ratio="16:9")
        )
    styled = wish("us.stability.stable-image-style-guide-v1:0", input_images=(picture(),), aspect_ratio="16:9")
    assert styled.aspect_ratio == "16:9"


def test_seed_nought_is_said_to_be_any_seed():
    assert wish(seed=0).seed is None
    assert any("any seed" in note for note in notes(CORE, seed=0))
    assert wish(seed=1).seed == 1
