"""A wish as Recraft's JSON, and Recraft's JSON as pictures."""

import base64
import io

import pytest
from PIL import Image

from providers.base import OutcomeUnknown, Rejected, ReportedCost
from providers.recraft import wire
from providers.recraft.tests.wishes import (
    CUT_OUT,
    ERASE,
    FLASH,
    IMAGE_ID,
    NEWEST,
    OLD,
    REPLACE,
    as_input,
    drawn,
    entry,
    mask,
    picture,
    wish,
)

PROMPT = "A red fox in snow"


def call(model_id=NEWEST, **changes):
    return wire.to_call(wish(model_id, **changes), entry(model_id))


def pixels(data_url):
    head, _, data = data_url.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def read(document, **changes):
    return wire.from_answer(document, lambda words: words.replace("secret", "[key]"), **changes)


def test_the_plainest_wish_names_model_prompt_number_and_how_the_bytes_come_back():
    assert call() == (
        "images/generations", {"response_format": "b64_json", "model": NEWEST, "prompt": PROMPT, "n": 1},
    )  # fmt: skip


def test_everything_that_an_old_model_takes_is_sent_under_recrafts_names():
    path, body = call(
        OLD, aspect_ratio="16:9", num_images=6, seed=7, style="Noir", negative_prompt="rain", output_format="webp"
    )
    assert path == "images/generations"
    assert body == {
        "response_format": "b64_json", "model": OLD, "prompt": PROMPT, "n": 6, "size": "1820x1024", "random_seed": 7,
        "style": "Noir", "negative_prompt": "rain", "image_format": "webp",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model_id", "ratio", "size"),
    [(FLASH, "6:10", "832x1344"), ("recraftv4_pro", "2:1", "3072x1536"), ("recraftv2", "10:14", "1024x1434")],
)
def test_a_ratio_is_sent_as_the_pixels_of_the_models_own_table(model_id, ratio, size):
    assert call(model_id, aspect_ratio=ratio)[1]["size"] == size


def test_a_picture_goes_as_a_data_url_with_the_strength_that_the_call_needs():
    given = picture(kind="JPEG")
    path, body = call(input_images=(given,), strength=0.2, seed=0)
    assert (path, body["strength"], body["random_seed"]) == ("images/imageToImage", 0.2, 0)
    assert body["image_url"] == f"data:image/jpeg;base64,{base64.b64encode(given.data).decode()}"
    assert "size" not in body


@pytest.mark.parametrize("see_through", [True, False])
def test_a_mask_becomes_a_grey_picture_of_the_same_size_with_black_and_white_alone(see_through):
    path, body = call(OLD, input_images=(picture(),), mask=mask((640, 512), see_through=see_through))
    assert path == "images/inpaint"
    sent = pixels(body["mask_url"])
    assert (sent.mode, sent.size) == ("L", (320, 256))
    assert {level for level, count in enumerate(sent.histogram()) if count} == {0, 255}
    assert (sent.getpixel((10, 10)), sent.getpixel((300, 10))) == (255, 0)
    assert "strength" not in body


def test_soft_edges_are_cut_where_they_are_half_white():
    soft = Image.new("L", (4, 1))
    soft.putdata([0, 127, 128, 255])
    hard = wire.black_and_white(as_input(soft), picture((4, 1)))
    assert list(Image.open(io.BytesIO(hard)).tobytes()) == [0, 0, 255, 255]


def test_a_tool_gets_its_picture_and_nothing_of_the_drawing():
    path, body = call(CUT_OUT, input_images=(picture(),), output_format="png")
    assert (path, sorted(body)) == ("images/removeBackground", ["image_format", "image_url", "response_format"])
    path, body = call(ERASE, input_images=(picture(),), mask=mask())
    assert (path, sorted(body)) == ("images/eraseRegion", ["image_url", "mask_url", "response_format"])


def test_a_background_is_drawn_from_words_with_the_model_that_recraft_names():
    path, body = call(REPLACE, input_images=(picture(),), num_images=2, style="Noir")
    assert path == "images/replaceBackground"
    assert (body["model"], body["prompt"], body["n"], body["style"]) == (OLD, PROMPT, 2, "Noir")


def test_pictures_come_with_what_they_are_and_the_answer_is_kept_without_their_bytes():
    document = drawn(picture((300, 260)).data, picture((256, 256), "WEBP").data, credits=70)
    document["data"][0]["revised_prompt"] = "a secret fox"
    response = read(document, request_id="req-7")
    assert [(one.mime_type, one.width, one.height) for one in response.pictures] == [
        ("image/png", 300, 260), ("image/webp", 256, 256),
    ]  # fmt: skip
    assert (response.request_id, response.usage) == ("req-7", {"credits": 70, "image": 2})
    assert response.provider_response["data"][0]["image_id"] == IMAGE_ID
    assert "bytes]" in response.provider_response["data"][0]["b64_json"]
    assert response.provider_response["data"][0]["revised_prompt"] == "a [key] fox"


def test_a_tools_single_picture_is_read_and_a_seed_is_remembered():
    response = read(drawn(name="image", credits=4), seed=7)
    assert (len(response.images), response.pictures[0].seed) == (1, 7)


@pytest.mark.parametrize(
    ("credits", "booked"),
    [
        (35, ReportedCost("0.035", "USD")), (1, ReportedCost("0.001", "USD")), (1250, ReportedCost("1.25", "USD")),
        (0, {"image": 2}), (None, {"image": 2}), ("35", {"image": 2}), (True, {"image": 2}), (-35, {"image": 2}),
        (35.5, {"image": 2}),
    ],
)  # fmt: skip
def test_the_answers_own_charge_is_booked_and_without_one_the_price_list(credits, booked):
    assert wire.charge({"credits": credits}, 2) == booked


def test_the_charge_holds_for_unreadable_pictures_beside_readable_ones():
    response = read(drawn(picture().data, b"<svg/>", credits=None))
    assert (len(response.images), response.usage) == (1, {"image": 2})


@pytest.mark.parametrize(("credits", "booked"), [(35, ReportedCost("0.035", "USD")), (None, {"image": 1})])
def test_an_answer_without_a_readable_picture_is_billed_and_said(credits, booked):
    with pytest.raises(Rejected) as rejected:
        read(drawn(b"<svg/>", credits=credits))
    assert (rejected.value.code, rejected.value.billed) == ("invalid_output", booked)


@pytest.mark.parametrize("document", [[], {}, None, "text", {"data": []}, {"data": "x"}, {"image": {}}, {"image": 1}])
def test_an_answer_that_says_nothing_is_an_unknown_outcome(document):
    with pytest.raises(OutcomeUnknown) as unknown:
        read(document)
    assert unknown.value.code == "unknown_outcome"
