"""A wish as an endpoint's input, and a job's output as pictures."""

import io
from decimal import Decimal

import pytest
from PIL import Image

from providers.base import Rejected, ReportedCost
from providers.reading import kept
from providers.runpod import template, wire
from providers.runpod.job import Job
from providers.runpod.reading import decoded, redactor
from providers.runpod.tests.stage import (
    ADDRESS,
    CANARY,
    DEV,
    EDIT,
    KEY,
    KONTEXT,
    PRO_EDIT,
    QWEN,
    REDRAW,
    VENDOR,
    Z_IMAGE,
    encoded,
    entry,
    fitted,
    job,
    own,
    png,
    reference,
)


def sent(model, **fields):
    request = fitted(model, **fields)
    return wire.to_input(request, request.entry)


def test_flux_gets_width_height_and_only_what_was_asked():
    assert sent(DEV) == {"prompt": "A red fox", "width": 1024, "height": 1024}
    assert sent(DEV, width=700, height=1000, seed=7, negative_prompt="snow", guidance_scale=5, output_format="png",
                options={"num_inference_steps": 30}) == {
        "prompt": "A red fox", "width": 704, "height": 1024, "seed": 7, "negative_prompt": "snow", "guidance": 5,
        "image_format": "png", "num_inference_steps": 30,
    }  # fmt: skip


def test_sizes_are_written_with_a_star():
    assert sent(QWEN, aspect_ratio="4:3") == {"prompt": "A red fox", "size": "1024*768"}
    assert sent(QWEN) == {"prompt": "A red fox"}


def test_a_resolution_without_a_ratio_is_not_lost():
    assert sent(QWEN, resolution="native")["size"] == "1328*1328"
    assert sent("seedream-v4-t2i", resolution="4K")["size"] == "4096*4096"


def test_one_picture_or_a_list_of_them_travels_as_data_uris():
    uri = f"data:image/png;base64,{encoded(png())}"
    assert sent(KONTEXT, input_images=(reference(),)) == {"prompt": "A red fox", "image": uri}
    assert sent(EDIT, input_images=(reference(), reference()))["images"] == [uri, uri]
    assert sent(Z_IMAGE, input_images=(reference(),), strength=0.4)["strength"] == 0.4


def test_resolution_and_ratio_go_by_name_where_the_endpoint_has_them():
    body = sent(PRO_EDIT, input_images=(reference(),), resolution="4k", aspect_ratio="16:9")
    assert (body["resolution"], body["aspect_ratio"]) == ("4k", "16:9")
    assert sent(PRO_EDIT, input_images=(reference(),))["resolution"] == "2k"


def test_a_workflow_is_filled_in_with_the_owners_defaults():
    workflow = sent(own(), seed=7, num_images=2, width=640, height=384)["workflow"]
    assert workflow["3"]["inputs"] == {"seed": 7, "steps": 20, "cfg": 7, "model": ["4", 0]}
    assert workflow["5"]["inputs"] == {"width": 640, "height": 384, "batch_size": 2}
    assert (workflow["6"]["inputs"]["text"], workflow["7"]["inputs"]["text"]) == ("A red fox, masterpiece", "")


def test_words_of_the_wish_win_over_the_owners_defaults():
    body = sent(own(), negative_prompt="snow", guidance_scale=3, options={"steps": 8})["workflow"]
    assert (body["7"]["inputs"]["text"], body["3"]["inputs"]["cfg"], body["3"]["inputs"]["steps"]) == ("snow", 3, 8)


def test_pictures_of_a_workflow_go_along_as_files_under_their_names():
    model = own({"workflow": REDRAW}, modes=("inpaint",), most_input_images=1, free_size=None, images_per_call=1)
    body = sent(model, input_images=(reference(),), mask=reference((32, 24), "white"))
    assert body["workflow"]["1"]["inputs"]["image"] == "image_1.png"
    assert body["workflow"]["2"]["inputs"]["image"] == "mask.png"
    assert [file["name"] for file in body["images"]] == ["image_1.png", "mask.png"]
    mask = Image.open(io.BytesIO(wire.decode(body["images"][1]["image"])))
    assert (mask.size, mask.getpixel((3, 3))) == ((64, 48), 255)


def test_an_own_input_of_any_worker_is_filled_in_too():
    model = own({"input": {"task": "txt2img", "text": "{{prompt}}", "n": "{{num_images}}", "seed": "{{seed}}"}})
    assert sent(model) == {"task": "txt2img", "text": "A red fox", "n": 1}


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ({"image_url": ADDRESS, "cost": 0.02}, [ADDRESS]),
        ({"result": ADDRESS}, [ADDRESS]),
        ({"images": [{"type": "base64", "data": "AAAA"}, {"type": "s3_url", "data": ADDRESS}]}, ["AAAA", ADDRESS]),
        ({"status": "success", "message": "AAAA"}, ["AAAA"]),
        ([{"image": ADDRESS, "seed": 3}], [ADDRESS]),
        ({"images": ["AAAA", "BBBB"]}, ["AAAA", "BBBB"]),
        ({"image": "data:image/png;base64,AAAA"}, ["data:image/png;base64,AAAA"]),
        (ADDRESS, [ADDRESS]),
        ({"images": [], "status": "success_no_images"}, []),
        ({"cost": 0}, []),
        (None, []),
        ({"image_url": None, "images": None}, []),
        (7, []),
    ],
)  # fmt: skip
def test_pictures_are_found_in_the_outputs_of_many_workers(output, found):
    assert wire.found_pictures(output) == found


@pytest.mark.parametrize("text", [encoded(png()), f"data:image/png;base64,{encoded(png())}", f" {encoded(png())}\n"])
def test_base64_is_decoded_with_and_without_its_head(text):
    assert wire.decode(text) == png()


def test_what_is_no_base64_is_no_picture():
    assert wire.decode("I would rather describe it.") == b""


def response(document, files, public=True, seed=None, units=None):
    made = Job("e1", "j1", units or {"image": 1, "pixel": 1048576}, public, seed)
    return wire.from_output(decoded(document) if isinstance(document, bytes) else document, files, made, str)


def test_the_cost_is_read_exactly_from_the_answers_own_digits():
    found = response(b'{"status": "COMPLETED", "output": {"image_url": "x", "cost": 0.00251658}}', [png()])
    assert found.usage["cost"] == "0.00251658"


def test_an_own_endpoints_bill_is_what_was_asked_whatever_its_worker_says():
    output = {"images": [encoded(png())] * 3, "cost": 30}
    found = response(job(output=output), [png()] * 3, public=False, units={"image": 2})
    assert (len(found.images), VENDOR.billed(found, own())) == (3, {"image": 2})
    found = response(job(output=output), [png()], public=False, units={"image": 2})
    assert VENDOR.billed(found, own()) == {"image": 1}


def test_type_size_and_figures_come_from_the_answer():
    found = response(job(), [png((80, 60))])
    (picture,) = found.pictures
    assert (picture.mime_type, picture.width, picture.height, picture.seed) == ("image/png", 80, 60, None)
    assert (found.usage["executionTime"], found.request_id) == (856, "j1")


@pytest.mark.parametrize(
    ("output", "sent_seed", "files", "seed"),
    [
        ({"image_url": ADDRESS}, 7, 1, 7),
        ({"image_url": ADDRESS, "seed": 9}, 7, 1, 9),
        ([{"image": ADDRESS, "seed": 46578}], None, 1, 46578),
        ({"images": [ADDRESS, ADDRESS]}, 7, 2, None),
        ({"image_url": ADDRESS, "seed": -1}, None, 1, None),
    ],
)
def test_the_seed_is_the_answers_else_the_one_that_was_sent(output, sent_seed, files, seed):
    found = response(job(output=output), [png()] * files, seed=sent_seed)
    assert {picture.seed for picture in found.pictures} == {seed}


def test_warnings_of_a_workflow_are_kept():
    assert response(job(output={"images": [], "errors": ["no such node"]}), [png()]).metadata["warnings"] == [
        "no such node"
    ]


@pytest.mark.parametrize(
    ("public", "cost", "billed"),
    [
        (True, Decimal("0.02"), ReportedCost("0.02", "USD")),
        (True, 0, {}),
        (True, None, {}),
        (False, None, {"image": 1}),
    ],
)
def test_no_readable_picture_is_billed_unless_the_endpoint_says_that_it_is_free(public, cost, billed):
    with pytest.raises(Rejected) as raised:
        response(job(output={"image_url": ADDRESS, "cost": cost}), [b"<html>"], public=public, units={"image": 1})
    assert (raised.value.code, raised.value.billed) == ("invalid_output", billed)


def test_what_is_stored_holds_no_key_no_signature_and_no_picture_bytes():
    signed = "https://bucket.s3.amazonaws.com/a.png?X-Amz-Signature=0123456789abcdef&X-Amz-Expires=604800"
    picture = encoded(png((300, 300), "teal") + b"\0" * 1000)
    stored = kept({"a": picture, "b": signed, "c": CANARY, "d": Decimal("0.02"), "e": [None, 3]}, redactor(KEY))
    assert stored["a"] == f"[{len(png((300, 300), 'teal')) + 1000} bytes]"
    assert stored["b"] == "https://bucket.s3.amazonaws.com/a.png?[…]"
    assert (stored["c"], stored["d"], stored["e"]) == ("[key]", "0.02", [None, 3])


def test_every_public_endpoint_has_a_place_for_all_that_it_can_do():
    for model_id in (DEV, QWEN, Z_IMAGE, KONTEXT, EDIT, PRO_EDIT):
        able = entry(model_id).capabilities
        there = template.places(able.facts["input"])
        assert {option.name for option in able.options} <= there
        assert (able.seed != "not_sent") is ("seed" in there)
        assert able.negative_prompt is ("negative_prompt" in there)
