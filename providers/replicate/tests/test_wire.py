"""A wish as a model's input, and a prediction as pictures."""

import base64
import io

import pytest
from PIL import Image

from providers.base import ModelEntry, Rejected
from providers.replicate import wire
from providers.replicate.abilities import read_abilities
from providers.replicate.job import Job
from providers.replicate.schema import read_fields
from providers.replicate.tests.stage import (
    DEV,
    FLUX_2,
    IDEOGRAM,
    PRO,
    SCHNELL,
    VENDOR,
    entry,
    png,
    prediction,
    reference,
    wish,
)


def sent(model_id, **fields):
    fitted, _ = VENDOR.normalise(wish(model_id, **fields), entry(model_id))
    return wire.to_input(fitted, entry(model_id))


def test_a_plain_wish_names_the_prompt_and_the_number_of_pictures():
    assert sent(SCHNELL) == {"prompt": "A red fox in snow", "num_outputs": 1}


def test_the_number_of_pictures_goes_where_the_model_looks_and_nowhere_else():
    whole = {"type": "integer", "default": 4, "minimum": 1, "maximum": 15}
    described = {"prompt": {"type": "string"}, "max_images": whole, "batch_count": whole}
    schema = {"components": {"schemas": {"Input": {"properties": described}}}}
    able = read_abilities(read_fields(schema), official=True, version="")
    model = ModelEntry(id="bytedance/seedream-4", name="Seedream 4", capabilities=able)
    request, _ = VENDOR.normalise(wish(model.id, num_images=3), model)
    assert VENDOR.quantities(request, model) == {"image": 3}
    assert wire.to_input(request, model) == {"prompt": "A red fox in snow", "max_images": 3, "batch_count": 1}


def test_every_common_field_goes_into_the_models_own_input():
    fields = {
        "seed": 7, "aspect_ratio": "3:2", "num_images": 4, "output_format": "jpeg", "guidance_scale": 3.5,
        "strength": 0.6, "input_images": (reference(),), "options": {"num_inference_steps": 30, "go_fast": False},
    }  # fmt: skip
    assert sent(DEV, **fields) == {
        "prompt": "A red fox in snow", "seed": 7, "aspect_ratio": "3:2", "num_outputs": 4, "output_format": "jpg",
        "guidance": 3.5, "prompt_strength": 0.6, "num_inference_steps": 30, "go_fast": False,
        "image": "data:image/png;base64," + base64.b64encode(png()).decode(),
    }  # fmt: skip


def test_a_free_size_makes_the_ratio_custom():
    expected = {"prompt": "A red fox in snow", "aspect_ratio": "custom", "width": 1024, "height": 608}
    assert sent(PRO, width=1024, height=600) == expected


def test_a_free_size_of_flux_2_leaves_the_resolution_out():
    body = sent(FLUX_2, width=1024, height=512)
    assert body == {"prompt": "A red fox in snow", "aspect_ratio": "custom", "width": 1024, "height": 512}


def test_flux_2_gets_its_resolution_and_a_list_of_pictures():
    body = sent(FLUX_2, resolution="2 MP", aspect_ratio="16:9", input_images=(reference(), reference(colour="blue")))
    assert (body["resolution"], body["aspect_ratio"]) == ("2 MP", "16:9")
    assert [address[:22] for address in body["input_images"]] == ["data:image/png;base64,"] * 2


def test_enhancing_the_prompt_is_prompt_upsampling():
    assert sent(PRO, enhance_prompt=True)["prompt_upsampling"] is True


def mask_of(body):
    return Image.open(io.BytesIO(wire.decode_data_uri(body["mask"])))


@pytest.mark.parametrize(("colour", "changes"), [("white", 0), ("black", 255)])
def test_ideograms_mask_is_black_where_the_picture_shall_change_and_has_its_size(colour, changes):
    body = sent(IDEOGRAM, input_images=(reference((64, 48)),), mask=reference((32, 24), colour))
    mask = mask_of(body)
    assert (mask.size, mask.getpixel((3, 3))) == ((64, 48), changes)
    assert body["image"].startswith("data:image/png;base64,")


def test_addresses_of_uploaded_files_stand_in_for_data_uris():
    request = wish(IDEOGRAM, input_images=(reference(),), mask=reference(colour="white"))
    body = wire.to_input(wire.with_files(request, ["https://a/picture", "https://a/mask"]), entry(IDEOGRAM))
    assert (body["image"], body["mask"]) == ("https://a/picture", "https://a/mask")


def test_numbered_inputs_take_one_picture_each():
    model = entry(SCHNELL)
    able = model.capabilities.facts | {"images": ["input_image_1", "input_image_2"]}
    images = wire._images(["a", "b"], type(model)(id="x", name="x", capabilities=_with_facts(model, able)))
    assert images == {"input_image_1": "a", "input_image_2": "b"}


def _with_facts(model, facts):
    stored = model.capabilities.as_json() | {"facts": facts}
    return type(model.capabilities).from_json(stored)


JOB = Job("p1", {"image": 2}, True, SCHNELL)
BY_THE_SECOND = Job("p1", {"image": 2}, False, "somebody/model")


def response(document, files, job=JOB):
    return wire.from_prediction(document, files, job, lambda words: words.replace("secret", "[key]"))


def test_type_and_size_come_from_the_bytes():
    found = response(prediction(), [png((80, 60))])
    assert [(picture.mime_type, picture.width, picture.height) for picture in found.pictures] == [("image/png", 80, 60)]
    assert (found.request_id, found.usage) == ("p1", {"predict_time": 3.1, "total_time": 3.4})


@pytest.mark.parametrize(
    ("changes", "seed"),
    [
        ({"input": {"seed": 42}}, 42),
        ({"input": {}, "logs": "Using seed: 4242\nrunning"}, 4242),
        ({"input": {"seed": 42}, "logs": "Using seed: 4242"}, 42),
        ({"input": {}, "logs": ""}, None),
        ({"input": {"seed": -1}}, None),
        ({"input": {"seed": "42"}, "logs": "no number"}, None),
    ],
)
def test_the_seed_is_the_one_that_the_answer_tells(changes, seed):
    assert response(prediction(**changes), [png()]).pictures[0].seed == seed


def test_several_pictures_of_one_seed_have_none_of_their_own():
    found = response(prediction(input={"seed": 42}), [png(), png(colour="blue")])
    assert [picture.seed for picture in found.pictures] == [None, None]


def test_what_is_no_picture_is_left_out_and_counted():
    found = response(prediction(), [b"<svg/>", png()])
    assert (len(found.images), found.metadata["unreadable_files"]) == (1, 1)
    assert found.metadata["units"] == {"image": 2}


def test_a_model_charged_by_the_second_is_billed_for_what_was_asked_at_most():
    pictures = [png(colour=colour) for colour in ("red", "green", "blue")]
    found = response(prediction(), pictures, BY_THE_SECOND)
    assert (len(found.images), found.metadata["units"]) == (3, {"image": 2})
    assert response(prediction(), pictures).metadata["units"] == {"image": 3}


def test_no_readable_picture_is_refused_and_billed():
    with pytest.raises(Rejected) as raised:
        response(prediction(), [b"<svg/>"])
    assert (raised.value.code, raised.value.billed, raised.value.request_id) == ("invalid_output", {"image": 1}, "p1")


def test_what_is_stored_holds_no_secret_and_no_picture_bytes():
    encoded = "data:image/png;base64," + base64.b64encode(png()).decode()
    stored = response(prediction(input={"image": encoded, "prompt": "secret"}), [png()]).provider_response
    assert stored["input"] == {"image": f"[{len(png())} bytes]", "prompt": "[key]"}


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("https://a/1", ["https://a/1"]), (["https://a/1", "data:;base64,AA"], ["https://a/1", "data:;base64,AA"]),
        (["I would ", "rather not"], []), (None, []), ({"image": "https://a/1"}, []), ([None, 3], []), ("ftp://a", []),
    ],
)  # fmt: skip
def test_an_output_is_one_address_or_a_list_of_them(output, found):
    assert wire.addresses_in({"output": output}) == found


def test_a_broken_data_uri_is_no_picture():
    assert wire.decode_data_uri("data:image/png;base64,???") == b""
