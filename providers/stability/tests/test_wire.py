"""What stands in a form for a wish, and what comes out of an answer."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from providers.reading import kept
from providers.stability import wire
from providers.stability.services import SERVICES
from providers.stability.tests.wishes import (
    CANARY,
    ERASE,
    INPAINT,
    LARGE,
    OUTPAINT,
    ULTRA,
    drawn,
    entry,
    picture,
    usual_wish,
    wish,
)

RELIGHT, TRANSFER = "stable-image-replace-background", "stable-image-style-transfer"


def form(request):
    """A wish's form by name: texts as text, files as (file name, bytes, type)."""
    parts = wire.to_form(request, entry(request.model), SERVICES[request.model])
    assert len({name for name, _ in parts}) == len(parts)
    return {name: part[1] if part[0] is None else part for name, part in parts}


def test_only_what_was_wished_is_sent():
    assert form(wish()) == {"prompt": "A red fox in snow"}


def test_every_common_field_has_its_name():
    request = wish(aspect_ratio="16:9", seed=42, negative_prompt="rain", style="anime", output_format="webp")
    assert form(request) == {
        "prompt": "A red fox in snow", "aspect_ratio": "16:9", "seed": "42", "negative_prompt": "rain",
        "style_preset": "anime", "output_format": "webp",
    }  # fmt: skip


def test_sd3_names_its_model_and_its_mode():
    assert form(wish(LARGE, guidance_scale=4)) == {
        "prompt": "A red fox in snow", "model": "sd3.5-large", "cfg_scale": "4",
    }  # fmt: skip
    request = wish(LARGE, input_images=(picture(),), strength=0.25)
    sent = form(request)
    assert sent.pop("image") == ("image.png", picture().data, "image/png")
    assert sent == {
        "prompt": "A red fox in snow", "model": "sd3.5-large", "mode": "image-to-image", "strength": "0.25",
    }  # fmt: skip


def test_ultra_starts_from_a_picture_with_a_strength_and_no_mode():
    sent = form(wish(ULTRA, input_images=(picture(kind="JPEG"),), strength=1))
    assert (sent["image"][0], sent["image"][2], sent["strength"]) == ("image.jpeg", "image/jpeg", "1")
    assert "mode" not in sent


def test_a_service_without_a_prompt_gets_none():
    request = wish(ERASE, input_images=(picture(see_through=True),), options={"grow_mask": 3})
    assert sorted(form(request)) == ["grow_mask", "image"]


def test_options_travel_by_their_own_names():
    request = wish(OUTPAINT, prompt="", input_images=(picture(),), options={"left": 100, "down": 0, "creativity": 0.75})
    sent = form(request)
    del sent["image"]
    assert sent == {"left": "100", "down": "0", "creativity": "0.75"}


def test_numbers_and_booleans_are_written_plainly():
    options = {"preserve_original_subject": 0.00001, "keep_original_background": True}
    sent = form(wish(RELIGHT, input_images=(picture(),), options=options))
    assert sent["preserve_original_subject"] == "0.00001"
    assert sent["keep_original_background"] == "true"


def test_pictures_go_to_the_parts_that_the_service_names_in_their_order():
    first, second = picture((100, 100)), picture((120, 100))
    relit, styled = (form(wish(model, input_images=(first, second))) for model in (RELIGHT, TRANSFER))
    assert (relit["subject_image"][1], relit["background_reference"][1]) == (first.data, second.data)
    assert relit["background_prompt"] == "A red fox in snow"
    assert (styled["init_image"][1], styled["style_image"][1]) == (first.data, second.data)


@pytest.mark.parametrize("see_through", [False, True])
def test_white_of_the_mask_is_what_shall_change(see_through):
    painted = Image.new("L", (160, 128), 0)
    painted.paste(255, (0, 0, 80, 128))
    file = io.BytesIO()
    painted.save(file, "PNG")
    mask = picture((160, 128), see_through=True)
    if not see_through:
        mask = replace(mask, data=file.getvalue())
    name, data, kind = form(wish(INPAINT, input_images=(picture(),), mask=mask))["mask"]
    assert (name, kind) == ("mask.png", "image/png")
    sent = Image.open(io.BytesIO(data))
    assert (sent.mode, sent.size) == ("L", (320, 256))
    assert (sent.getpixel((10, 100)), sent.getpixel((300, 100))) == (255, 0)


@pytest.mark.parametrize("model_id", list(SERVICES))
def test_every_service_sends_exactly_the_pictures_it_needs(model_id):
    sent = form(usual_wish(model_id))
    files = [name for name, part in sent.items() if isinstance(part, tuple) and name != "mask"]
    needed = SERVICES[model_id].least_pictures
    assert files[:needed] == list(SERVICES[model_id].pictures[:needed])


def test_a_picture_comes_back_with_its_real_size_and_the_seed_that_was_used():
    response = wire.from_answer(drawn(), str, "req-1")
    (found,) = response.pictures
    assert (found.width, found.height, found.mime_type, found.seed) == (64, 48, "image/png", 343940597)
    assert response.images == [picture((64, 48)).data]
    assert response.request_id == "req-1"
    assert response.metadata == {"finish_reason": "SUCCESS"}


@pytest.mark.parametrize(("seed", "read"), [("12", 12), (0, 0), (None, None), (-1, None), (True, None), ("x", None)])
def test_an_odd_seed_does_not_cost_the_picture(seed, read):
    assert wire.from_answer(drawn(seed=seed), str, "").pictures[0].seed == read


def test_a_jobs_picture_may_be_called_result():
    answer = drawn()
    answer["result"] = answer.pop("image")
    assert wire.from_answer(answer, str, "").images == [picture((64, 48)).data]
    assert wire.job_id({**answer, "id": "x"}) == ""
    assert wire.job_id({"id": "x"}) == "x"


def test_the_stored_answer_has_no_picture_and_no_key():
    answer = drawn(note=f"by {CANARY}", nested={"image": "aGVsbG8=", CANARY: [CANARY]})
    stored = wire.from_answer(answer, lambda words: words.replace(CANARY, "[key]"), "").provider_response
    assert stored["image"] == f"[{len(picture((64, 48)).data)} bytes]"
    assert stored["nested"] == {"image": "[5 bytes]", "[key]": ["[key]"]}
    assert CANARY not in str(stored)
    deep: dict = {}
    for _ in range(100):
        deep = {"a": deep}
    assert "[…]" in str(kept(deep, str))


def test_a_form_is_measured_with_its_pictures_and_its_mask():
    request = wish(INPAINT, input_images=(picture(),), mask=picture())
    parts = wire.to_form(request, entry(INPAINT), SERVICES[INPAINT])
    mask = dict(parts)["mask"][1]
    assert 0 <= wire.form_bytes(parts) - len(picture().data) - len(mask) - len(request.prompt) < 2000
