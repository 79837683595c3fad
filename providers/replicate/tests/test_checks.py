"""What a model asks of a wish beyond the common rules."""

from dataclasses import replace

import pytest

from providers.base import InvalidField
from providers.replicate.tests.stage import DEV, IDEOGRAM, SCHNELL, VENDOR, entry, reference, wish


def problems(request, model):
    with pytest.raises(InvalidField) as raised:
        VENDOR.normalise(request, model)
    return raised.value.fields


def test_a_strength_needs_a_picture():
    assert list(problems(wish(DEV, strength=0.5), entry(DEV))) == ["strength"]


def test_a_picture_that_is_only_changed_inside_a_mask_needs_one():
    assert list(problems(wish(IDEOGRAM, input_images=(reference(),)), entry(IDEOGRAM))) == ["mask"]


@pytest.mark.parametrize("value", [10.5, 90])
def test_a_guidance_outside_of_the_models_range_is_named_with_it(value):
    assert problems(wish(DEV, guidance_scale=value), entry(DEV)) == {"guidance_scale": "Must be a number from 0 to 10."}


def test_a_needed_option_is_named():
    model = entry(SCHNELL)
    facts = model.capabilities.facts | {"required_options": ["go_fast"]}
    model = replace(model, capabilities=replace(model.capabilities, facts=facts))
    assert list(problems(wish(), model)) == ["options.go_fast"]
    VENDOR.normalise(wish(options={"go_fast": True}), model)
