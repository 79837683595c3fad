"""Reference pictures and masks: the reference is seen in what comes back, and nothing outside a mask is touched."""

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageChops, ImageStat

from providers.base import CloudGenerationRequest, InputImage, Rejected


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def mean_difference(first: Image.Image, second: Image.Image, box: tuple[int, int, int, int]) -> float:
    return max(ImageStat.Stat(ImageChops.difference(first.crop(box), second.crop(box))).mean)


UPPER = (0, 0, 512, 420)


def test_at_no_strength_the_reference_itself_comes_back(practice, no_key, wish, photo):
    reference = photo("#c02040")
    result = opened(practice.start(wish(input_images=(reference,), strength=0.0), no_key).images[0])
    assert mean_difference(result, opened(reference.data), UPPER) == 0


def test_more_strength_moves_farther_from_the_reference(practice, no_key, wish, photo):
    reference = photo("#c02040")
    distances = [
        mean_difference(
            opened(practice.start(wish(input_images=(reference,), strength=strength), no_key).images[0]),
            opened(reference.data),
            UPPER,
        )
        for strength in (0.2, 0.6, 1.0)
    ]
    assert distances == sorted(distances)
    assert distances[2] > distances[0] + 10


def test_the_forms_of_the_reference_are_seen_even_at_full_strength(practice, no_key, wish, photo):
    reference = photo("#101010", paint=lambda image: image.paste("#f0f0f0", (0, 0, 256, 512)))
    request = wish(input_images=(reference,), strength=1.0, style="geometry", options={"palette": "sunset"})
    result = opened(practice.start(request, no_key).images[0]).convert("L")
    left, right = (ImageStat.Stat(result.crop(box)).mean[0] for box in ((20, 20, 236, 400), (276, 20, 492, 400)))
    assert left > right + 60


def test_a_second_reference_stands_beside_the_first(practice, no_key, wish, photo):
    request = wish(input_images=(photo("#ff0000"), photo("#0000ff")), strength=0.0)
    result = opened(practice.start(request, no_key).images[0])
    assert (result.getpixel((100, 100)), result.getpixel((400, 100))) == ((255, 0, 0), (0, 0, 255))


def test_a_picture_without_a_ratio_takes_that_of_its_reference(practice, no_key, wish, photo):
    response = practice.start(wish(input_images=(photo(size=(800, 450)),)), no_key)
    assert opened(response.images[0]).size == (640, 360)


def test_the_ratio_taken_from_a_reference_is_noted(practice, model, photo):
    request = CloudGenerationRequest(prompt="x", input_images=(photo(size=(450, 800)),))
    fitted, notes = practice.normalise(request, model)
    assert fitted.aspect_ratio == "9:16"
    assert notes == ["The reference is 450×800; the picture is drawn as 9:16."]


def test_outside_the_mask_every_pixel_is_as_it_was(practice, no_key, wish, photo, mask):
    reference = photo(paint=lambda image: image.paste(Image.radial_gradient("L").resize((512, 512)).convert("RGB")))
    response = practice.start(wish(input_images=(reference,), mask=mask((100, 100, 400, 400))), no_key)
    changed = ImageChops.difference(opened(response.images[0]), opened(reference.data)).getbbox()
    assert changed is not None
    left, top, right, bottom = changed
    assert left >= 100
    assert top >= 100
    assert right <= 400
    assert bottom <= 400


def test_inside_the_mask_the_picture_is_new(practice, no_key, wish, photo, mask):
    box = (100, 100, 400, 400)
    reference = photo("#00ff00")
    response = practice.start(wish(input_images=(reference,), mask=mask(box)), no_key)
    assert mean_difference(opened(response.images[0]), opened(reference.data), box) > 40


def test_a_mask_of_another_size_follows_its_picture(practice, no_key, wish, photo, mask):
    reference = photo("#00ff00")
    small = mask((128, 128, 256, 256), size=(256, 256))
    result = opened(practice.start(wish(input_images=(reference,), mask=small), no_key).images[0])
    assert result.getpixel((100, 100)) == (0, 255, 0)
    assert result.getpixel((384, 384)) != (0, 255, 0)


def test_a_see_through_part_of_a_mask_is_what_changes(practice, no_key, wish, photo):
    reference, box = photo("#00ff00"), (100, 100, 400, 400)
    clear = photo((255, 255, 255, 255), mode="RGBA", paint=lambda image: image.paste((0, 0, 0, 0), box))
    response = practice.start(wish(input_images=(reference,), mask=clear), no_key)
    assert ImageChops.difference(opened(response.images[0]), opened(reference.data)).getbbox() == box


def test_a_broken_mask_is_refused_before_anything_is_sent(practice, no_key, wish, photo, mask):
    cut = replace(mask((0, 0, 9, 9)), data=mask((0, 0, 9, 9)).data[:60])
    with pytest.raises(Rejected, match="the mask cannot be read. Nothing was sent") as caught:
        practice.start(wish(input_images=(photo(),), mask=cut), no_key)
    assert caught.value.code == "capability"


def test_a_transparent_reference_keeps_its_clear_parts_when_asked_for(practice, no_key, wish, photo, mask):
    reference = photo((0, 255, 0, 0), mode="RGBA")
    request = wish(input_images=(reference,), mask=mask((0, 0, 256, 512)), background="transparent")
    alpha = Image.open(io.BytesIO(practice.start(request, no_key).images[0])).getchannel("A")
    assert (alpha.getpixel((128, 256)), alpha.getpixel((400, 256))) == (255, 0)


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP"])
def test_references_may_be_of_every_format(practice, no_key, wish, photo, file_format):
    reference = photo("#c02040", file_format=file_format)
    response = practice.start(wish(input_images=(reference,), strength=0.0), no_key)
    assert mean_difference(opened(response.images[0]), opened(reference.data), UPPER) == 0


def test_an_unreadable_reference_is_refused_and_not_billed(practice, no_key, wish):
    broken = InputImage(data=b"no picture", mime_type="image/png", width=512, height=512)
    with pytest.raises(Rejected, match="cannot be read. It was not billed") as caught:
        practice.start(wish(input_images=(broken,)), no_key)
    assert (caught.value.code, caught.value.billed) == ("capability", {})
