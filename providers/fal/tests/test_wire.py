"""A wish as an endpoint's input, and a result as pictures."""

import base64
import io

import pytest
from PIL import Image

from providers.base import InvalidField, Rejected
from providers.fal import wire
from providers.fal.job import Job
from providers.fal.tests.stage import (
    DEV,
    FLUX_3,
    ID,
    IDEOGRAM,
    INPAINT,
    NANO,
    NANO_EDIT,
    RECRAFT,
    REDRAW,
    SCHNELL,
    ULTRA,
    VENDOR,
    entry,
    png,
    reference,
    result,
    wish,
)

JOB = Job(ID, SCHNELL, units={"image": 2, "megapixel": 4}, count=2)


def sent(model_id, **fields):
    fitted, _ = VENDOR.normalise(wish(model_id, **fields), entry(model_id))
    return wire.to_input(fitted, entry(model_id))


def problems(model_id, **fields):
    with pytest.raises(InvalidField) as raised:
        VENDOR.normalise(wish(model_id, **fields), entry(model_id))
    return raised.value.fields


def test_a_plain_wish_names_the_prompt_and_the_number_of_pictures():
    assert sent(SCHNELL) == {"prompt": "A red fox in snow", "num_images": 1}


def test_an_endpoint_without_a_number_of_pictures_is_not_told_one():
    assert sent(FLUX_3) == {"prompt": "A red fox in snow", "resolution": "1k"}


@pytest.mark.parametrize(
    ("size", "sent_as"),
    [
        ({"aspect_ratio": "16:9"}, "landscape_16_9"),
        ({"aspect_ratio": "1:1"}, "square_hd"),
        ({"width": 1024, "height": 600}, {"width": 1024, "height": 608}),
    ],
)
def test_a_ratio_is_a_named_size_and_pixels_are_an_object(size, sent_as):
    assert sent(DEV, **size)["image_size"] == sent_as


def test_every_common_field_goes_into_the_endpoints_own_input():
    fields = {
        "seed": 7, "num_images": 3, "output_format": "png", "guidance_scale": 4, "strength": 0.6,
        "input_images": (reference(),), "options": {"num_inference_steps": 30, "acceleration": "high"},
    }  # fmt: skip
    assert sent(REDRAW, **fields) == {
        "prompt": "A red fox in snow", "seed": 7, "num_images": 3, "output_format": "png", "guidance_scale": 4,
        "strength": 0.6, "num_inference_steps": 30, "acceleration": "high",
        "image_url": "data:image/png;base64," + base64.b64encode(png()).decode(),
    }  # fmt: skip


def test_ideogram_is_spoken_to_in_capitals():
    body = sent(IDEOGRAM, quality="turbo", style="design", enhance_prompt=False, negative_prompt="rain")
    assert (body["rendering_speed"], body["style"], body["expand_prompt"], body["negative_prompt"]) == (
        "TURBO",
        "DESIGN",
        False,
        "rain",
    )


def test_levels_resolutions_and_styles_go_as_they_are():
    assert sent(NANO, safety_level="6", resolution="4K")["safety_tolerance"] == "6"
    assert sent(NANO, resolution="0.5K")["resolution"] == "0.5K"
    assert sent(RECRAFT, style="digital_illustration/pixel_art")["style"] == "digital_illustration/pixel_art"


def test_several_pictures_travel_in_a_list_and_a_single_one_alone():
    body = sent(NANO_EDIT, input_images=(reference(), reference(colour="blue")))
    assert [address[:22] for address in body["image_urls"]] == ["data:image/png;base64,"] * 2
    assert sent(ULTRA, input_images=(reference(),))["image_url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(("colour", "changes"), [("white", 0), ("black", 255)])
def test_ideograms_mask_is_black_where_the_picture_shall_change_and_has_its_size(colour, changes):
    body = sent(INPAINT, input_images=(reference((64, 48)),), mask=reference((32, 24), colour))
    mask = Image.open(io.BytesIO(wire.decode_data_uri(body["mask_url"])))
    assert (mask.size, mask.getpixel((3, 3))) == ((64, 48), changes)


def test_a_guidance_or_strength_outside_of_the_range_is_named_with_it():
    assert problems(DEV, guidance_scale=0.5) == {"guidance_scale": "Must be a number from 1 to 20."}
    assert list(problems(REDRAW, strength=0.001, input_images=(reference(),))) == ["strength"]


def test_a_strength_needs_a_picture():
    assert list(problems(REDRAW, strength=0.5)) == ["input_images"]


def response(output, files):
    return wire.from_result(output, files, JOB, {"billable_units": "2"}, lambda words: words.replace("secret", "[key]"))


def test_type_and_size_come_from_the_bytes_and_the_seed_from_the_result():
    found = response(result(), [png((80, 60))])
    picture = found.pictures[0]
    assert (picture.mime_type, picture.width, picture.height, picture.seed) == ("image/png", 80, 60, 42)
    assert (found.request_id, found.usage) == (ID, {"billable_units": "2", "inference": 0.8})


@pytest.mark.parametrize("seed", [-1, 2**32, "42", None, True])
def test_a_seed_that_is_none_is_left_out(seed):
    assert response(result(seed=seed), [png()]).pictures[0].seed is None


def test_several_pictures_of_one_seed_have_none_of_their_own():
    found = response(result(2), [png(), png(colour="blue")])
    assert [picture.seed for picture in found.pictures] == [None, None]
    assert found.metadata["units"] == {"image": 2, "megapixel": 4}


def test_fewer_pictures_than_asked_are_billed_as_they_came():
    assert response(result(1), [png()]).metadata["units"] == {"image": 1, "megapixel": 2}


def test_a_withheld_picture_is_billed_and_counted():
    found = response(result(2, has_nsfw_concepts=[True, False]), [png()])
    assert (found.metadata["withheld_pictures"], found.metadata["units"]["image"]) == (1, 2)


@pytest.mark.parametrize(
    ("output", "files", "code"),
    [
        (result(2), [b"<svg/>", b"x"], "invalid_output"),
        (result(2, has_nsfw_concepts=[True, True]), [], "refused_output"),
        ({"images": []}, [], "invalid_output"),
        ({"images": [], "description": "I would rather not."}, [], "no_image_text_answer"),
    ],
)
def test_a_result_without_a_picture_is_refused_and_billed(output, files, code):
    with pytest.raises(Rejected) as raised:
        response(output, files)
    assert (raised.value.code, raised.value.billed) == (code, {"image": 2, "megapixel": 4})


def test_what_is_stored_holds_no_secret_and_no_picture_bytes():
    encoded = "data:image/png;base64," + base64.b64encode(png()).decode()
    output = result(images=[{"url": encoded}], prompt="secret", image={"url": encoded})
    stored = response(output, [png()]).provider_response
    assert (stored["images"], stored["prompt"]) == ([{"url": f"[{len(png())} bytes]"}], "[key]")
    assert stored["image"] == {"url": f"[{len(png())} bytes]"}


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ({"images": [{"url": "https://a/1"}, "https://a/2"]}, ["https://a/1", "https://a/2"]),
        ({"image": {"url": "https://a/1"}}, ["https://a/1"]), ({"images": None, "image": None}, []),
        ({"images": [{"url": "ftp://a"}, 3, None, {}]}, []), ({}, []),
    ],
)  # fmt: skip
def test_addresses_are_read_from_images_or_from_the_one(output, found):
    assert wire.addresses_in(output) == found


@pytest.mark.parametrize("told", [None, [], "x", [1, "yes"], [None, None]])
def test_only_a_true_flag_withholds_a_picture(told):
    assert wire.flags_of({"has_nsfw_concepts": told}, 2) == [False, False]


def test_a_broken_data_uri_is_no_picture():
    assert wire.decode_data_uri("data:image/png;base64,???") == b""
