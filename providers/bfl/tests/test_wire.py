"""What stands in a body for a wish, and what comes out of a result."""

import base64
import io

import pytest
from PIL import Image

from providers.base import InputImage, InvalidField
from providers.bfl import wire
from providers.bfl.jobs import Job, from_text
from providers.bfl.models import ENDPOINTS
from providers.bfl.tests.wishes import (
    ALL,
    CANARY,
    FILL,
    FLEX,
    FLUX_3,
    MAX,
    POLLING,
    PRO,
    SAMPLE,
    TASK,
    VENDOR,
    entry,
    picture,
    ready,
    submitted,
    wish,
)
from providers.reading import decoded

PROMPT = "A red fox in snow"


def body(request):
    return wire.to_body(request, entry(request.model), ENDPOINTS[request.model])


def encoded(image):
    return base64.b64encode(image.data).decode()


def test_the_catalogue_and_the_table_of_endpoints_name_the_same_models():
    assert [model.id for model in VENDOR.models] == list(ENDPOINTS) == [*ALL, FILL]


def test_flux_2_gets_a_definite_size_and_format():
    assert body(wish()) == {"prompt": PROMPT, "width": 1024, "height": 1024, "output_format": "png"}
    sized = body(wish(width=1504, height=896, output_format="jpeg", seed=0, safety_level="0"))
    assert sized == {
        "prompt": PROMPT, "width": 1504, "height": 896, "output_format": "jpeg", "seed": 0, "safety_tolerance": 0,
    }  # fmt: skip


def test_a_fill_paints_what_is_white_in_a_mask_of_the_pictures_size():
    image, mask = picture((320, 256)), Image.new("RGBA", (320, 256), (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, 160, 256))
    file = io.BytesIO()
    mask.save(file, "PNG")
    sees_through = InputImage(data=file.getvalue(), mime_type="image/png", width=320, height=256)
    options = {"seed": 7, "guidance_scale": 60, "enhance_prompt": True, "safety_level": "6", "options": {"steps": 15}}
    sent = body(wish(FILL, input_images=(image,), mask=sees_through, **options))
    with Image.open(io.BytesIO(base64.b64decode(sent.pop("mask")))) as drawn:
        assert (drawn.size, drawn.getpixel((10, 128)), drawn.getpixel((300, 128))) == ((320, 256), 255, 0)
    assert sent == {
        "prompt": PROMPT, "image": encoded(image), "safety_tolerance": 6, "seed": 7, "guidance": 60, "steps": 15,
        "prompt_upsampling": True, "output_format": "png",
    }  # fmt: skip


def test_a_fill_takes_the_pictures_see_through_part_for_a_mask():
    file = io.BytesIO()
    Image.new("RGBA", (64, 64), (9, 9, 9, 0)).save(file, "PNG")
    image = InputImage(data=file.getvalue(), mime_type="image/png", width=64, height=64)
    assert body(wish(FILL, prompt="", input_images=(image,))) == {
        "prompt": "", "image": encoded(image), "output_format": "png",
    }  # fmt: skip
    assert VENDOR.quantities(wish(FILL, input_images=(image,)), entry(FILL)) == {"image": 1}
    for refused in ({"input_images": (picture(),)}, {"input_images": (image,), "guidance_scale": 101}):
        with pytest.raises(InvalidField):
            wish(FILL, **refused)


def test_a_ratio_and_a_resolution_become_pixels():
    assert (body(wish(aspect_ratio="16:9"))["width"], body(wish(aspect_ratio="16:9"))["height"]) == (1360, 768)
    large = body(wish(aspect_ratio="1:1", resolution="4MP"))
    assert (large["width"], large["height"]) == (2048, 2048)


def test_reference_pictures_are_numbered_from_the_second_on_and_give_the_size():
    pictures = tuple(picture((300 + number, 300)) for number in range(8))
    sent = body(wish(MAX, input_images=pictures))
    assert sent.pop("input_image") == encoded(pictures[0])
    for number in range(2, 9):
        assert sent.pop(f"input_image_{number}") == encoded(pictures[number - 1])
    assert sent == {"prompt": PROMPT, "output_format": "png"}


@pytest.mark.parametrize(
    ("model", "wished", "field"),
    [
        (PRO, True, {"disable_pup": False}), (PRO, False, {"disable_pup": True}), (PRO, None, {}),
        (FLEX, True, {"prompt_upsampling": True}), (FLEX, False, {"prompt_upsampling": False}), (FLEX, None, {}),
    ],
)  # fmt: skip
def test_prompt_upsampling_is_said_in_each_models_own_word(model, wished, field):
    sent = body(wish(model, enhance_prompt=wished))
    assert {name: value for name, value in sent.items() if name in ("disable_pup", "prompt_upsampling")} == field


def test_flex_has_guidance_and_steps():
    sent = body(wish(FLEX, guidance_scale=2.5, options={"steps": 20}))
    assert (sent["guidance"], sent["steps"]) == (2.5, 20)


def test_flux_3_is_sent_nothing_that_its_strict_schema_does_not_know():
    assert body(wish(FLUX_3)) == {"prompt": PROMPT, "resolution": "1k"}
    pictures = (picture(), picture((256, 256)))
    sent = body(wish(FLUX_3, seed=7, aspect_ratio="7:5", resolution="4k", safety_level="4", input_images=pictures,
                     options={"grounding": False}))  # fmt: skip
    assert sent == {
        "prompt": PROMPT, "images": [encoded(image) for image in pictures], "aspect_ratio": "7:5", "resolution": "4k",
        "safety_tolerance": 4, "grounding": False,
    }  # fmt: skip


def test_a_job_holds_what_is_needed_to_ask_and_to_book_it():
    document = decoded(b'{"id": "%s", "polling_url": "%s", "cost": 4.50, "input_mp": 0, "output_mp": 1.05}'
                       % (TASK.encode(), POLLING.encode()))  # fmt: skip
    job = wire.to_job(document, wish(), {"image": 1})
    assert (job.id, job.address, job.quoted_cost, job.input_mp, job.output_mp) == (TASK, POLLING, "4.50", "0", "1.05")
    assert from_text(job.to_text()) == job


@pytest.mark.parametrize("cost", [None, "3", True, -1, [], 10**9])
def test_an_odd_cost_is_no_cost(cost):
    assert wire.to_job(submitted(cost=cost), wish(), {}).quoted_cost is None


def test_a_jobs_text_is_never_too_long():
    job = Job(id="x" * 200, address="https://api.bfl.ai/" + "y" * 3000, most={"image": 1})
    assert len(job.to_text()) < 2000
    assert from_text(job.to_text()).id == job.id


def response(document, **changes):
    job = Job(id=TASK, prompt_mark=wire.prompt_mark(PROMPT), quoted_cost="3.0", **changes)
    return wire.to_response(document, picture((64, 48)).data, job, lambda words: words.replace(CANARY, "[key]"))


def test_a_picture_comes_back_with_its_real_size_and_the_seed_that_was_used():
    found = response(ready()).pictures[0]
    assert (found.width, found.height, found.mime_type, found.seed) == (64, 48, "image/png", 1601288383)
    assert found.revised_prompt is None


@pytest.mark.parametrize("seed", [None, True, -1, "7", 2**63])
def test_an_odd_seed_does_not_cost_the_picture(seed):
    assert response(ready(seed=seed)).pictures[0].seed is None


def test_a_prompt_that_bfl_changed_is_kept():
    assert response(ready(prompt="A red fox, at dawn")).pictures[0].revised_prompt == "A red fox, at dawn"
    assert response(ready(expanded_prompt="Two foxes")).pictures[0].revised_prompt == "Two foxes"
    assert response(ready(prompt=f" {PROMPT} ")).pictures[0].revised_prompt is None


def test_the_stored_answer_has_no_signed_address_and_no_key():
    stored = response(ready(note=f"by {CANARY}", duration=1)).provider_response
    assert SAMPLE not in str(stored)
    assert CANARY not in str(stored)
    assert stored["result"]["note"] == "by [key]"
