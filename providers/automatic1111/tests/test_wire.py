"""Bodies as the web UI has them, and its answers with their traps."""

import base64
import io
import json

import httpx
import pytest
from PIL import Image

from providers.automatic1111 import wire
from providers.automatic1111.tests.server import MODELS, WebUI, drawn, png, reference
from providers.base import InvalidField, OutcomeUnknown, Rejected


def answered(document):
    return httpx.Response(200, json=document)


def test_the_smallest_wish_names_everything_that_the_server_would_guess():
    webui = WebUI()
    webui.draw()
    assert webui.sent.url.path == "/sdapi/v1/txt2img"
    assert webui.body == {
        "prompt": "a fox",
        "negative_prompt": "",
        "width": 512,
        "height": 512,
        "seed": -1,
        "steps": 20,
        "batch_size": 1,
        "n_iter": 1,
        "override_settings": {"sd_model_checkpoint": "v1-5"},
        "send_images": True,
        "save_images": False,
    }


def test_every_field_has_its_place():
    webui = WebUI()
    webui.draw(
        width=640, height=704, seed=9, num_images=3, negative_prompt="snow", guidance_scale=6.5,
        options={"steps": 30, "sampler": "DDIM", "scheduler": "karras"},
    )  # fmt: skip
    sent = webui.body
    assert (sent["width"], sent["height"], sent["seed"], sent["batch_size"]) == (640, 704, 9, 3)
    assert (sent["negative_prompt"], sent["cfg_scale"], sent["steps"]) == ("snow", 6.5, 30)
    assert (sent["sampler_name"], sent["scheduler"]) == ("DDIM", "karras")


@pytest.mark.parametrize(
    ("model", "fields", "size"),
    [
        ("v1-5", {"aspect_ratio": "16:9"}, (912, 512)),
        ("v1-5", {"resolution": "1024", "aspect_ratio": "3:2"}, (1216, 832)),
        ("v1-5", {"resolution": "1024"}, (1024, 1024)),
        ("sd_xl_base_1.0", {}, (1024, 1024)),
        ("v1-5", {"width": 601, "height": 500}, (600, 496)),
        ("v1-5", {"width": 4096, "height": 2048}, (2048, 1024)),
        ("v1-5", {"input_images": (reference((640, 480)),)}, (640, 480)),
        ("v1-5", {"input_images": (reference((1600, 900)),)}, (680, 384)),
        ("v1-5", {"input_images": (reference((60, 30)),)}, (728, 360)),
        ("v1-5", {"input_images": (reference((1600, 900)),), "aspect_ratio": "1:1"}, (512, 512)),
        ("v1-5", {"input_images": (reference((1600, 900)),), "width": 256, "height": 256}, (256, 256)),
    ],
)
def test_the_size_is_the_wished_one_or_the_pictures_shape(model, fields, size):
    webui = WebUI()
    webui.draw(webui.entry(model), **fields)
    assert (webui.body["width"], webui.body["height"]) == size


def test_a_reference_is_drawn_over_by_its_strength_and_never_squeezed():
    webui = WebUI()
    webui.draw(input_images=(reference(),), strength=0.4)
    assert webui.sent.url.path == "/sdapi/v1/img2img"
    assert base64.b64decode(webui.body["init_images"][0]) == png((640, 480))
    assert (webui.body["denoising_strength"], webui.body["resize_mode"]) == (0.4, 1)
    assert "mask" not in webui.body


def test_white_in_a_mask_is_repainted_and_the_mask_has_its_pictures_size():
    webui = WebUI()
    webui.draw(input_images=(reference(),), mask=reference((320, 240), "white"))
    mask = Image.open(io.BytesIO(base64.b64decode(webui.body["mask"])))
    assert (mask.mode, mask.size, mask.getpixel((5, 5))) == ("L", (640, 480), 255)
    assert (webui.body["inpainting_mask_invert"], webui.body["inpainting_fill"]) == (0, 1)
    assert webui.body["inpaint_full_res"] is False
    assert webui.body["denoising_strength"] == 0.75


def test_a_strength_without_a_picture_is_refused():
    with pytest.raises(InvalidField) as refusal:
        WebUI().draw(strength=0.5)
    assert list(refusal.value.fields) == ["strength"]


@pytest.mark.parametrize(
    "fields", [{"options": {"sampler": "unheard of"}}, {"options": {"steps": 0}}, {"style": "art"}]
)
def test_what_the_server_lacks_is_refused_by_name(fields):
    with pytest.raises(InvalidField):
        WebUI().draw(**fields)


def test_each_picture_has_its_own_seed_out_of_the_text_inside_the_json():
    pictures = [png(colour=colour) for colour in ("red", "green", "blue")]
    response = WebUI(answered(drawn(*pictures))).draw(num_images=3)
    assert response.images == pictures
    assert [picture.seed for picture in response.pictures] == [5, 6, 7]
    assert response.metadata["drawn_by"] == "v1-5"
    assert response.usage == {"image": 3}


@pytest.mark.parametrize("info", [{"index_of_first_image": 1}, {"index_of_first_image": None}])
def test_a_contact_sheet_before_the_pictures_is_not_one_of_them(info):
    sheet, one, two = png((128, 48)), png(colour="red"), png(colour="blue")
    response = WebUI(answered(drawn(sheet, one, two, **info))).draw(num_images=2)
    assert response.images == [one, two]
    assert [picture.seed for picture in response.pictures] == [5, 6]


def test_an_extensions_pictures_behind_the_wished_ones_are_left_out():
    one, preview = png(colour="red"), png(colour="blue")
    assert WebUI(answered(drawn(one, preview, index_of_first_image=0))).draw().images == [one]


@pytest.mark.parametrize("info", ["not json", "[]", "null", None, "", 7])
def test_pictures_are_kept_when_the_text_about_them_is_odd(info):
    response = WebUI(answered(drawn(png()) | {"info": info})).draw()
    assert response.images == [png()]
    assert response.pictures[0].seed is None


def test_pictures_as_data_uris_are_read_too():
    uri = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    assert WebUI(answered(drawn() | {"images": [uri]})).draw().images == [png()]


def test_fewer_pictures_than_wished_are_charged_as_they_came():
    webui = WebUI(answered(drawn(png())))
    response = webui.draw(num_images=3)
    assert webui.vendor.billed(response, webui.entry()) == {"image": 1}


@pytest.mark.parametrize("images", [[], ["not base64!"], [base64.b64encode(b"<html>").decode()], [7]])
def test_an_answer_without_a_readable_picture_costs_nothing(images):
    with pytest.raises(Rejected) as raised:
        WebUI(answered(drawn() | {"images": images})).draw()
    assert (raised.value.code, raised.value.billed) == ("invalid_output", {})


@pytest.mark.parametrize("document", [[], {}, {"images": "x"}, "text"])
def test_an_answer_of_something_else_is_an_unknown_outcome(document):
    with pytest.raises(OutcomeUnknown):
        WebUI(answered(document)).draw()


@pytest.mark.parametrize(
    "name", ["v1-5", "v1-5.safetensors", "v1-5.safetensors [6ce0161689]", "v1-5.safetensors [0000000000]", " v1-5 "]
)
def test_a_checkpoint_is_found_by_name_and_by_title_with_any_checksum(name):
    assert wire.find_checkpoint(MODELS, name) == MODELS[0]


@pytest.mark.parametrize("name", ["v1", "v1-5 x", "", "sd_xl"])
def test_another_checkpoint_is_never_taken_for_it(name):
    assert wire.find_checkpoint(MODELS, name) is None


def test_no_picture_bytes_are_kept_with_the_answer():
    document = drawn(png())
    document["parameters"] |= {"init_images": ["AAAA"], "mask": "AAAA"}
    response = WebUI(answered(document)).draw()
    assert "AAAA" not in json.dumps(response.provider_response)
    assert document["images"][0] not in json.dumps(response.provider_response)
