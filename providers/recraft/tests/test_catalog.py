"""The catalogue beside the prices of Recraft's page, in API units of a tenth of a cent."""

import pytest

from providers.recraft.tests.wishes import VENDOR, entry
from providers.recraft.tools import TOOLS

UNITS = {
    "recraftv4_1": 35, "recraftv4_1_flash": 7, "recraftv4_1_utility": 35, "recraftv4_1_pro": 210,
    "recraftv4_1_utility_pro": 210, "recraftv4": 40, "recraftv4_pro": 250, "recraftv3": 40, "recraftv2": 22,
    "recraft-erase-region": 2, "recraft-remove-background": 10, "recraft-replace-background": 40,
    "recraft-crisp-upscale": 4, "recraft-creative-upscale": 250,
}  # fmt: skip


def test_every_model_and_tool_stands_there_with_its_price():
    found = {model.id: round(float(model.prices[0].lines[0].amount) * 1000, 6) for model in VENDOR.models}
    assert found == UNITS
    assert set(TOOLS) < set(UNITS)


def test_no_model_draws_vectors():
    assert [model.id for model in VENDOR.models if "vector" in model.id] == []


@pytest.mark.parametrize(
    ("model_id", "modes"),
    [
        ("recraftv4_1", ("text-to-image", "image-to-image")), ("recraftv4_1_flash", ("text-to-image",)),
        ("recraftv3", ("text-to-image", "image-to-image", "inpaint")), ("recraftv2", ("text-to-image",)),
        ("recraft-erase-region", ("inpaint",)), ("recraft-crisp-upscale", ("image-to-image",)),
    ],
)  # fmt: skip
def test_a_model_does_what_recrafts_page_names_it_for(model_id, modes):
    assert entry(model_id).capabilities.modes == modes


def test_styles_and_negative_prompts_are_of_v2_and_v3_alone():
    styled = {model.id for model in VENDOR.models if model.capabilities.styles}
    assert styled == {model.id for model in VENDOR.models if model.capabilities.negative_prompt}
    assert styled == {"recraftv3", "recraftv2", "recraft-replace-background"}


def test_the_limits_are_five_requests_a_second_and_a_hundred_pictures_a_minute():
    assert [(limit.kind, limit.count, limit.seconds) for limit in VENDOR.limits] == [
        ("requests", 5, 1), ("images", 100, 60),
    ]  # fmt: skip
