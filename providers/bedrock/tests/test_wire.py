"""What stands in a body for a wish, and what comes out of an answer."""

import base64
import io

import pytest
from PIL import Image

from providers.base import OutcomeUnknown, Rejected
from providers.bedrock import wire
from providers.bedrock.services import SERVICES
from providers.bedrock.tests.wishes import (
    CANARY,
    CUTOUT,
    ERASE,
    FAST,
    INPAINT,
    LARGE,
    OUTPAINT,
    REPLACE,
    TRANSFER,
    ULTRA,
    coded,
    drawn,
    entry,
    picture,
    wish,
)


def body(request):
    return wire.to_body(request, entry(request.model), SERVICES[request.model])


def test_only_what_was_wished_is_sent():
    assert body(wish()) == {"prompt": "A red fox in snow"}


def test_every_common_field_has_its_name_and_numbers_stay_numbers():
    request = wish(REPLACE, input_images=(picture(),), seed=42, negative_prompt="rain", style="anime",
                   output_format="webp", options={"search_prompt": "cat", "grow_mask": 0})  # fmt: skip
    assert body(request) == {
        "prompt": "A red fox in snow", "negative_prompt": "rain", "style_preset": "anime", "seed": 42,
        "output_format": "webp", "search_prompt": "cat", "grow_mask": 0, "image": coded(picture().data),
    }  # fmt: skip


def test_sd3_5_names_its_mode_beside_a_picture_alone():
    assert body(wish(LARGE, aspect_ratio="16:9")) == {"prompt": "A red fox in snow", "aspect_ratio": "16:9"}
    sent = body(wish(LARGE, input_images=(picture(),), strength=0))
    assert sent == {"prompt": "A red fox in snow", "mode": "image-to-image", "strength": 0,
                    "image": coded(picture().data)}  # fmt: skip


def test_ultra_starts_from_a_picture_without_a_mode_and_with_its_own_strength():
    sent = body(wish(ULTRA, input_images=(picture(),)))
    assert sorted(sent) == ["image", "prompt"]


def test_a_service_without_a_prompt_gets_none():
    assert sorted(body(wish(CUTOUT, input_images=(picture(),)))) == ["image"]
    assert sorted(body(wish(ERASE, input_images=(picture(see_through=True),)))) == ["image"]


def test_the_fast_upscaler_is_always_told_a_format():
    assert body(wish(FAST, input_images=(picture(),)))["output_format"] == "png"
    assert body(wish(FAST, input_images=(picture(),), output_format="jpeg"))["output_format"] == "jpeg"


def test_options_travel_by_their_own_names():
    request = wish(OUTPAINT, prompt="", input_images=(picture(),), options={"left": 100, "down": 0, "creativity": 0.75})
    sent = body(request)
    del sent["image"]
    assert sent == {"left": 100, "down": 0, "creativity": 0.75}


def test_pictures_go_to_the_fields_that_the_service_names_in_their_order():
    first, second = picture((100, 100)), picture((120, 100))
    sent = body(wish(TRANSFER, input_images=(first, second)))
    assert (sent["init_image"], sent["style_image"]) == (coded(first.data), coded(second.data))


@pytest.mark.parametrize("see_through", [False, True])
def test_white_of_the_mask_is_what_shall_change_at_the_pictures_size(see_through):
    drawing = Image.new("LA" if see_through else "L", (160, 128), (0, 255) if see_through else 0)
    drawing.paste((0, 0) if see_through else 255, (0, 0, 80, 128))
    file = io.BytesIO()
    drawing.save(file, "PNG")
    mask = picture((160, 128))
    object.__setattr__(mask, "data", file.getvalue())
    sent = body(wish(INPAINT, input_images=(picture(),), mask=mask))
    with Image.open(io.BytesIO(base64.b64decode(sent["mask"]))) as painted:
        assert (painted.mode, painted.size) == ("L", (320, 256))
        assert (painted.getpixel((20, 100)), painted.getpixel((300, 100))) == (255, 0)


def test_a_picture_comes_with_its_real_size_and_seed():
    response = wire.from_answer(drawn(), str, "req-1")
    (found,) = response.pictures
    assert (found.width, found.height, found.mime_type, found.seed) == (64, 48, "image/png", 2130420379)
    assert response.images == [picture((64, 48)).data]
    assert response.request_id == "req-1"


def test_what_is_kept_of_an_answer_holds_no_picture_and_no_key():
    answer = drawn(more=f"by {CANARY}")
    kept = wire.from_answer(answer, lambda words: words.replace(CANARY, "[key]"), "").provider_response
    assert kept["images"] == [f"[{len(picture((64, 48)).data)} bytes]"]
    assert kept["more"] == "by [key]"


@pytest.mark.parametrize("seeds", [None, [], ["7"], [7, 8], "7", [True], [-1], [2**70]])
def test_odd_seeds_do_not_cost_the_picture(seeds):
    (found,) = wire.from_answer(drawn(seeds=seeds), str, "").pictures
    assert found.seed == (7 if seeds in (["7"], [7, 8]) else None)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("Filter reason: prompt", "refused_prompt"),
        ("Filter reason: input image", "refused_prompt"),
        ("Filter reason: output image", "refused_output"),
        ("Filter reason: something new", "refused_output"),
        ("Inference error", "invalid_output"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"seeds": [7], "images": [""]}, {"images": [coded(picture().data)]}])
def test_a_reason_is_no_picture_and_is_taken_as_billed(reason, code, more):
    with pytest.raises(Rejected) as refused:
        wire.from_answer({"finish_reasons": [reason], **more}, str, "req-1")
    assert (refused.value.code, refused.value.billed, refused.value.request_id) == (code, {"image": 1}, "req-1")
    assert reason in refused.value.message
    assert "taken as billed" in refused.value.message


@pytest.mark.parametrize("reasons", [[None], [], None, [""], ["SUCCESS"]])
def test_no_reason_is_a_picture(reasons):
    assert len(wire.from_answer(drawn(finish_reasons=reasons), str, "").images) == 1


@pytest.mark.parametrize("document", [{}, [], "x", None, {"images": []}, {"images": [None]}, {"images": "x"}])
def test_an_answer_without_picture_and_reason_is_unknown(document):
    with pytest.raises(OutcomeUnknown, match="may have been made and billed"):
        wire.from_answer(document, str, "")


@pytest.mark.parametrize("picture_text", ["bm8gcGljdHVyZQ==", "äöü", "====", "not base64!"])
def test_bytes_that_are_no_picture_are_taken_as_billed(picture_text):
    with pytest.raises(Rejected) as refused:
        wire.from_answer(drawn(images=[picture_text]), str, "")
    assert (refused.value.code, refused.value.billed) == ("invalid_output", {"image": 1})
