"""What is asked of OpenAI for a wish, and what its answers become."""

import base64
import io
import json
import random

import pytest
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, InvalidField, OutcomeUnknown, Rejected
from providers.openai import wire
from providers.openai.tests.answers import (
    CANARY,
    DALL_E,
    FIRST,
    FLARE,
    FLARE_2_5,
    FREE,
    KEY,
    LATE,
    SECOND,
    USAGE,
    VENDOR,
    answer,
    encoded,
    entry,
    mask,
    picture,
    reference,
    wish,
)
from providers.openai.usage import most_units
from providers.openai_form import decode, form_fields, kept, read_items, redactor


def body(model_id=FLARE, **changes):
    return wire.to_body(wish(model_id, **changes), entry(model_id))


def response(document, model_id=FIRST, **changes):
    request = wish(model_id, **changes)
    most = most_units(request, entry(model_id))
    return wire.from_answer(document, read_items(document), entry(model_id), most, redactor(KEY), "req_1")


def test_size_and_quality_are_always_asked():
    assert body() == {"model": FLARE, "prompt": "A red fox in snow", "n": 1, "size": "1024x1024", "quality": "medium"}
    assert body(DALL_E) == {"model": DALL_E, "prompt": "A red fox in snow", "n": 1, "size": "1024x1024",
                            "quality": "standard", "response_format": "b64_json"}  # fmt: skip


def test_everything_that_is_wished_is_sent():
    options = {"complexity": "low", "output_compression": 80, "moderation": "low", "safety_identifier": "a1b2",
               "partial_images": 2}  # fmt: skip
    sent = body(quality="max", background="transparent", output_format="webp", width=1536, height=864, options=options)
    assert sent == {
        "model": FLARE, "prompt": "A red fox in snow", "n": 1, "size": "1536x864", "quality": "max",
        "background": "transparent", "output_format": "webp", **options, "stream": True,
    }  # fmt: skip


def test_dall_e_3_is_asked_with_its_style_quality_and_kind_of_answer():
    sent = body(DALL_E, quality="hd", style="natural", aspect_ratio="16:9", options={"response_format": "url"})
    assert (sent["quality"], sent["style"], sent["size"]) == ("hd", "natural", "1792x1024")
    assert sent["response_format"] == "url"


@pytest.mark.parametrize("model_id", [FLARE, LATE])
def test_gpt_image_models_are_never_sent_what_they_refuse(model_id):
    assert not {"response_format", "style", "seed", "negative_prompt", "user"} & set(body(model_id, seed=7))


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [
        ((1920, 1080), "1920x1088"), ((1024, 1024), "1024x1024"), ((1000, 1000), "992x992"), ((512, 512), "816x816"),
        ((4096, 4096), "2880x2880"), ((3840, 2160), "3840x2160"), ((2000, 400), "1552x528"),
    ],
)  # fmt: skip
def test_any_size_is_fitted_to_the_rules_with_a_note(asked, drawn):
    request = CloudGenerationRequest(prompt="a fox", width=asked[0], height=asked[1], quality="low")
    fitted, notes = VENDOR.normalise(request, entry(SECOND))
    assert wire.to_body(fitted, entry(SECOND))["size"] == drawn
    width, height = (int(side) for side in drawn.split("x"))
    assert width % 16 == height % 16 == 0
    assert 655_360 <= width * height <= 8_294_400
    assert bool(notes) == (asked != (width, height))


def test_without_a_size_an_edit_takes_the_shape_of_its_first_picture():
    request = CloudGenerationRequest(prompt="a fox", quality="low", input_images=(reference(900, 1600), reference()))
    fitted, notes = VENDOR.normalise(request, entry(FLARE))
    assert wire.to_body(fitted, entry(FLARE))["size"] == "864x1536"
    assert notes == ["No size is asked: the shape of the first picture, 9:16, is taken."]
    assert body(LATE, input_images=(reference(900, 1600),))["size"] == "1024x1536"


def test_a_resolution_alone_is_square():
    assert body(resolution="4K")["size"] == "2880x2880"
    assert body(resolution="2K", aspect_ratio="16:9")["size"] == "2560x1440"


def test_a_quality_that_is_left_open_is_told():
    _, notes = VENDOR.normalise(CloudGenerationRequest(prompt="a fox"), entry(FLARE))
    assert notes == [
        "No quality is asked: it is sent as medium. Left open, GPT Image 2.6 Flare may take its dearest."
    ]  # fmt: skip
    assert body(quality="auto")["quality"] == "auto"


@pytest.mark.parametrize(
    ("model_id", "changes", "field"),
    [
        (FLARE, {"background": "transparent", "output_format": "jpeg"}, "output_format"),
        (FLARE, {"options": {"output_compression": 80}}, "options.output_compression"),
        (FLARE, {"output_format": "png", "options": {"output_compression": 80}}, "options.output_compression"),
        (FLARE, {"options": {"partial_images": 4}}, "options.partial_images"),
        (FLARE, {"options": {"output_compression": 101}, "output_format": "webp"}, "options.output_compression"),
        (FLARE, {"quality": "hd"}, "quality"),
        (SECOND, {"quality": "xhigh"}, "quality"),
        (SECOND, {"options": {"complexity": "low"}}, "options.complexity"),
        (FLARE, {"style": "vivid"}, "style"),
        (FLARE, {"output_format": "gif"}, "output_format"),
        (DALL_E, {"background": "transparent"}, "background"),
        (DALL_E, {"output_format": "png"}, "output_format"),
        (DALL_E, {"input_images": (reference(),)}, "input_images"),
        (DALL_E, {"options": {"partial_images": 1}}, "options.partial_images"),
        (DALL_E, {"prompt": "x" * 4001}, "prompt"),
        (FLARE, {"prompt": "x" * 32_001}, "prompt"),
        (FLARE, {"input_images": (reference(),) * 17}, "input_images"),
        (FLARE, {"negative_prompt": "blur"}, "negative_prompt"),
    ],
)
def test_what_a_model_lacks_is_refused_by_name(model_id, changes, field):
    request = CloudGenerationRequest(**{"prompt": "a fox", "model": model_id, **changes})
    with pytest.raises(InvalidField) as refused:
        VENDOR.normalise(request, entry(model_id))
    assert list(refused.value.fields) == [field]


def test_moderation_is_told_not_to_be_sent_with_reference_pictures():
    request = CloudGenerationRequest(
        prompt="a fox", quality="low", aspect_ratio="1:1", options={"moderation": "low"}, input_images=(reference(),)
    )
    fitted, notes = VENDOR.normalise(request, entry(FLARE))
    assert notes == ["moderation is not sent: OpenAI takes it only without reference pictures."]
    assert "moderation" not in wire.to_body(fitted, entry(FLARE))


def test_an_edit_is_a_form_with_its_pictures_in_order():
    request = wish(quality="low", aspect_ratio="1:1", options={"stream": True},
                   input_images=(reference(), reference(32, 32, "JPEG"), reference(16, 16, "WEBP")))  # fmt: skip
    fields, files = wire.to_form(request, entry(FLARE))
    assert fields == {"model": FLARE, "prompt": "A red fox in snow", "n": "1", "size": "1024x1024", "quality": "low",
                      "stream": "true"}  # fmt: skip
    assert [(name, file[0], file[2]) for name, file in files] == [
        ("image[]", "picture-1.png", "image/png"), ("image[]", "picture-2.jpg", "image/jpeg"),
        ("image[]", "picture-3.webp", "image/webp"),
    ]  # fmt: skip
    assert [file[1] for _, file in files] == [image.data for image in request.input_images]


def test_a_single_picture_is_sent_as_image():
    _, files = wire.to_form(wish(input_images=(reference(),)), entry(FLARE))
    assert [name for name, _ in files] == ["image"]


def test_the_mask_is_see_through_where_white_was_painted_and_has_the_pictures_size():
    request = wish(input_images=(reference(96, 64),), mask=mask(48, 32))
    _, files = wire.to_form(request, entry(FLARE))
    name, (_, data, kind) = files[-1]
    assert (name, kind) == ("mask", "image/png")
    sent = Image.open(io.BytesIO(data))
    assert (sent.mode, sent.size) == ("RGBA", (96, 64))
    alpha = sent.getchannel("A")
    assert (alpha.getpixel((5, 5)), alpha.getpixel((90, 60))) == (255, 0)


def test_a_mask_beyond_openais_limit_is_refused_before_anything_is_sent():
    noise = Image.frombytes("L", (2016, 2016), random.Random(0).randbytes(2016 * 2016))  # noqa: S311
    file = io.BytesIO()
    noise.save(file, "PNG")
    large = InputImage(data=file.getvalue(), mime_type="image/png", width=2016, height=2016)
    request = wish(input_images=(reference(2016, 2016),), mask=large)
    with pytest.raises(Rejected, match="Nothing was sent") as refused:
        wire.to_form(request, entry(FLARE))
    assert (refused.value.code, refused.value.billed) == ("capability", {})


def test_form_fields_are_text():
    assert form_fields({"stream": True, "n": 2, "size": "1x1"}) == {"stream": "true", "n": "2", "size": "1x1"}


def test_a_picture_has_the_type_and_size_of_its_bytes_and_the_effective_settings_are_kept():
    found = response(answer(picture("JPEG", 80, 40)))
    assert found.images == [picture("JPEG", 80, 40)]
    (known,) = found.pictures
    assert (known.mime_type, known.width, known.height, known.seed) == ("image/jpeg", 80, 40, None)
    assert found.metadata["quality"] == "high"
    assert found.metadata["size"] == "1024x1536"
    assert (found.usage, found.request_id) == (USAGE, "req_1")


def test_a_revised_prompt_is_kept_with_its_picture():
    document = {"created": 1, "data": [{"b64_json": encoded(), "revised_prompt": "A fox,\x00 told at length"}]}
    (known,) = response(document, DALL_E).pictures
    assert known.revised_prompt == "A fox, told at length"


def test_an_unreadable_picture_is_left_out_and_the_others_count():
    found = response(answer(b"broken", picture()))
    assert len(found.images) == len(found.pictures) == 1


def test_only_unreadable_pictures_are_billed_as_counted():
    with pytest.raises(Rejected) as refused:
        response(answer(b"<svg/>"))
    assert refused.value.code == "invalid_output"
    assert refused.value.billed == {"image": 1, "text_input_token": 11, "image_output_token": 6240}


def test_an_empty_list_with_figures_is_billed_as_counted():
    usage = {**USAGE, "output_tokens": 0, "output_tokens_details": {"image_tokens": 0, "text_tokens": 0}}
    with pytest.raises(Rejected) as refused:
        response({"created": 1, "data": [], "usage": usage})
    assert refused.value.billed == {"text_input_token": 11}


@pytest.mark.parametrize("document", [{"created": 1}, {"created": 1, "data": []}, {"created": 1, "data": "x"}])
def test_an_answer_without_pictures_and_figures_is_unknown(document):
    with pytest.raises(OutcomeUnknown, match="may have been made and billed"):
        response(document)


def test_what_is_stored_has_no_picture_bytes_no_key_and_no_address_that_opens():
    document = answer(usage={**USAGE, "note": f"made for {CANARY}"})
    document["data"].append({"url": "https://files.example/img.png?sig=secret&se=1", "revised_prompt": "x\x00y"})
    stored = response({**document, "data": [document["data"][0]]}).provider_response
    assert stored["data"][0]["b64_json"] == f"[{len(picture())} bytes]"
    assert CANARY not in json.dumps(stored)
    assert kept(document["data"][1], redactor(KEY)) == {
        "url": "https://files.example/img.png?[…]",
        "revised_prompt": "xy",
    }


def test_an_answer_nested_beyond_all_use_is_cut_and_not_fatal():
    deep = json.loads('{"b": ' * 900 + "7" + "}" * 900)
    stored = response(answer(odd=deep)).provider_response
    assert "[…]" in json.dumps(stored, ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"\xfb\xff picture!").decode(),
        base64.urlsafe_b64encode(b"\xfb\xff picture!").decode().rstrip("="),
        "data:image/png;base64," + base64.b64encode(b"\xfb\xff picture!").decode(),
        base64.encodebytes(b"\xfb\xff picture!").decode(),
    ],
)
def test_base64_of_any_kind_is_read(text):
    assert decode(text) == b"\xfb\xff picture!"


@pytest.mark.parametrize("text", ["", "%%%", "a", "data:image/png;base64,!"])
def test_what_is_no_base64_is_nothing(text):
    assert decode(text) == b""


@pytest.mark.parametrize("model_id", FREE)
def test_a_dated_snapshot_is_sent_as_its_model(model_id):
    for alias in entry(model_id).aliases:
        assert VENDOR.model(alias) is entry(model_id)
    assert body(FLARE_2_5)["model"] == FLARE_2_5
