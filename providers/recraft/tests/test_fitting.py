"""What Recraft's calls take beside a picture or a mask, refused by name or told."""

import pytest

from providers.base import CloudGenerationRequest, InvalidField
from providers.recraft.tests.wishes import ERASE, NEWEST, OLD, REPLACE, VENDOR, entry, mask, picture


def notes(model_id=NEWEST, **changes):
    request = CloudGenerationRequest(prompt="A red fox", model=model_id, **changes)
    return VENDOR.normalise(request, entry(model_id))


def test_a_picture_without_a_strength_gets_half_of_it_and_a_note():
    request, told = notes(input_images=(picture(),))
    assert request.strength == 0.5
    assert [note for note in told if "0.5 is sent" in note]


def test_a_ratio_beside_a_picture_is_not_sent_and_told():
    request, told = notes(input_images=(picture(),), aspect_ratio="16:9", strength=0.1)
    assert (request.aspect_ratio, request.strength) == (None, 0.1)
    assert told == ["Recraft V4.1 keeps the shape of the picture: the ratio 16:9 is not sent."]


def test_a_strength_beside_a_mask_is_not_sent_and_told():
    request, told = notes(OLD, input_images=(picture(),), mask=mask(), strength=0.25)
    assert request.strength is None
    assert told == ["Recraft V3 takes no strength beside a mask: 0.25 is not sent."]


def test_a_strength_without_a_picture_is_refused():
    with pytest.raises(InvalidField) as refusal:
        notes(strength=0.5)
    assert list(refusal.value.fields) == ["strength"]


def test_a_background_needs_no_strength():
    request, told = notes(REPLACE, input_images=(picture(),))
    assert (request.strength, told) == (None, [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"input_images": (picture(),)}, "mask"),
        ({}, "input_images"),
        ({"input_images": (picture((255, 400)),), "mask": mask((255, 400))}, "input_images[0]"),
        ({"input_images": (picture((4097, 300)),), "mask": mask((4097, 300))}, "input_images[0]"),
    ],
)
def test_what_erasing_needs_is_said_before_anything_is_sent(changes, field):
    with pytest.raises(InvalidField) as refusal:
        notes(ERASE, **changes)
    assert field in refusal.value.fields
