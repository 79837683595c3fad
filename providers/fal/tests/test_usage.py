"""How much a call can be charged for."""

import pytest

from providers.fal.tests.stage import DEV, FLUX_3, IDEOGRAM, NANO, REDRAW, SCHNELL, VENDOR, entry, reference, wish
from providers.fal.usage import billable_units, delivered_units


def units(model_id, **fields):
    fitted, _ = VENDOR.normalise(wish(model_id, **fields), entry(model_id))
    return VENDOR.quantities(fitted, entry(model_id))


@pytest.mark.parametrize(
    ("fields", "megapixels"),
    [
        ({}, 1), ({"aspect_ratio": "1:1"}, 1), ({"width": 1024, "height": 1024}, 1),
        ({"width": 1040, "height": 1024}, 2), ({"width": 2048, "height": 2048}, 4),
        ({"width": 2048, "height": 2048, "num_images": 3}, 12),
    ],
)  # fmt: skip
def test_begun_megapixels_count_for_every_picture(fields, megapixels):
    assert units(SCHNELL, **fields) == {"image": fields.get("num_images", 1), "megapixel": megapixels}


def test_a_redrawn_picture_has_its_references_size():
    assert units(REDRAW, input_images=(reference((1025, 1024)),))["megapixel"] == 2
    assert "picture_1k" not in units(DEV)


def test_resolution_quality_and_extras_are_units_of_their_own():
    assert units(FLUX_3, resolution="4k") == {"image": 1, "picture_4k": 1}
    assert units(IDEOGRAM) == {"image": 1, "picture_balanced": 1}
    assert units(IDEOGRAM, quality="quality", num_images=8) == {"image": 8, "picture_quality": 8}
    wanted = {"enable_web_search": True, "thinking_level": "high"}
    assert units(NANO, num_images=2, options=wanted) == {
        "image": 2, "picture_1K": 2, "web_search": 2, "high_thinking": 2,
    }  # fmt: skip
    assert "high_thinking" not in units(NANO, options={"thinking_level": "minimal", "enable_web_search": False})


def test_what_came_is_charged():
    assert delivered_units({"image": 4, "megapixel": 8}, asked=4, delivered=1) == {"image": 1, "megapixel": 2}


def test_fals_own_figure_is_kept_as_text():
    assert billable_units({"x-fal-billable-units": "1.5"}) == {"billable_units": "1.5"}
    assert billable_units({}) == {}
    assert billable_units({"x-fal-billable-units": "9" * 100}) == {}
