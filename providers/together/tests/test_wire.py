"""What is sent for a wish, and what is made of an answer."""

import base64
import json

import httpx
import pytest

from providers.base import Busy, InvalidField, OutcomeUnknown, Rejected
from providers.together import wire
from providers.together.tests.stage import (
    CANARY,
    FLEX,
    KEY,
    KONTEXT,
    MAX,
    PRO,
    PROMPT,
    SCHNELL,
    VENDOR,
    answer,
    answering,
    entry,
    picture,
    recording,
    reference,
    wish,
)

USUAL = {"model": MAX, "prompt": PROMPT, "n": 1, "response_format": "base64", "width": 1024, "height": 1024}


def body(model_id=MAX, **fields):
    return wire.to_body(wish(model_id, **fields), entry(model_id))


def test_the_plainest_wish_says_its_size_and_asks_for_bytes():
    assert body() == USUAL


def test_sizes_are_whole_numbers_on_the_models_grid():
    assert body(width=1000, height=601) == {**USUAL, "width": 992, "height": 608}
    assert body(aspect_ratio="16:9") == {**USUAL, "width": 1344, "height": 768}


def test_kontext_is_told_a_ratio_and_its_one_picture():
    sent = body(KONTEXT, aspect_ratio="3:2", input_images=(reference(),), options={"steps": 30})
    uri = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    assert sent == {"model": KONTEXT, "prompt": PROMPT, "n": 1, "response_format": "base64", "aspect_ratio": "3:2",
                    "image_url": uri, "steps": 30}  # fmt: skip
    with pytest.raises(InvalidField, match="at most 1 reference"):
        body(KONTEXT, input_images=(reference(), reference()))


def test_reference_pictures_travel_as_data_uris_in_order():
    first, second = picture((64, 48)), picture((48, 64))
    sent = body(input_images=(reference(first), reference(second)), output_format="png", seed=7, num_images=2)
    decoded = [base64.b64decode(uri.removeprefix("data:image/png;base64,")) for uri in sent.pop("reference_images")]
    assert decoded == [first, second]
    assert sent == {**USUAL, "output_format": "png", "seed": 7, "n": 2}


def test_each_models_own_fields_go_under_togethers_names():
    assert body(FLEX, guidance_scale=4.5, options={"steps": 40})["guidance_scale"] == 4.5
    assert body(PRO, enhance_prompt=False)["prompt_upsampling"] is False
    assert body(SCHNELL, negative_prompt="rain")["negative_prompt"] == "rain"
    for changes in ({"guidance_scale": 4}, {"negative_prompt": "rain"}, {"enhance_prompt": True}):
        with pytest.raises(InvalidField):
            wish(MAX, **changes)


def test_schnell_takes_four_steps_at_most():
    assert body(SCHNELL, options={"steps": 4})["steps"] == 4
    with pytest.raises(InvalidField, match=r"options\.steps"):
        wish(SCHNELL, options={"steps": 5})


def test_an_answer_becomes_pictures_by_their_bytes():
    got = answering(200, answer(picture(kind="JPEG"))).start(wish(seed=7), KEY)
    (seen,) = got.pictures
    assert (seen.mime_type, seen.width, seen.height, seen.seed) == ("image/jpeg", 64, 48, 7)
    assert (got.request_id, got.metadata["model"]) == ("oAbc123", MAX)
    assert got.provider_response["data"][0]["b64_json"] == f"[{len(got.images[0])} bytes]"


def test_of_several_pictures_nobody_says_whose_the_seed_is():
    got = answering(200, answer(picture(), picture((48, 64)))).start(wish(seed=7, num_images=2), KEY)
    assert [seen.seed for seen in got.pictures] == [None, None]


def test_another_models_picture_is_kept_and_its_price_is_not_guessed():
    got = answering(200, answer(picture(), model="black-forest-labs/FLUX.2-pro")).start(wish(), KEY)
    assert got.metadata["asked_model"] == MAX
    assert VENDOR.billed(got, entry())["other_model"] == 1
    same = answering(200, answer(picture(), model=MAX.lower())).start(wish(), KEY)
    assert "asked_model" not in same.metadata
    assert VENDOR.billed(same, entry()) == {"image": 1, "pixel": 1024 * 1024}


def test_a_picture_that_comes_as_an_address_is_fetched_without_the_key():
    seen: list[httpx.Request] = []
    data = [{"index": 0, "type": "url", "url": "https://api.together.ai/imgproxy/abc"}]
    fetched = []

    def fetch(address):
        fetched.append(address)
        return picture()

    got = recording(seen, answer(data=data), fetch=fetch).start(wish(), KEY)
    assert (fetched, got.images) == ([data[0]["url"]], [picture()])

    def busy(address):
        raise Busy("connect_failed_not_sent", "It could not be reached.")

    with pytest.raises(OutcomeUnknown, match="was made and cannot be fetched"):
        recording(seen, answer(data=data), fetch=busy).start(wish(), KEY)


def test_bytes_that_are_no_picture_are_booked_as_asked():
    with pytest.raises(Rejected) as refusal:
        answering(200, answer(b"no picture")).start(wish(), KEY)
    assert (refusal.value.code, refusal.value.billed) == ("invalid_output", {"image": 1, "pixel": 1024 * 1024})


def test_a_picture_beside_bytes_that_are_none_is_kept_and_both_are_booked():
    got = answering(200, answer(b"no picture", picture())).start(wish(num_images=2), KEY)
    assert (len(got.images), VENDOR.billed(got, entry())["image"]) == (1, 2)


def test_the_key_travels_in_one_header_to_the_address_without_a_version(monkeypatch):
    seen: list[httpx.Request] = []
    for base in ("http://gateway.test/prefix", "http://gateway.test/prefix/v1/", ""):
        monkeypatch.setenv("TOGETHER_BASE_URL", base)
        recording(seen, answer(picture())).start(wish(), KEY)
    assert [str(request.url) for request in seen] == [
        "http://gateway.test/prefix/v1/images/generations", "http://gateway.test/prefix/v1/images/generations",
        "https://api.together.ai/v1/images/generations",
    ]  # fmt: skip
    for request in seen:
        assert request.headers["authorization"] == f"Bearer {CANARY}"
        assert CANARY not in f"{request.url} {request.content!r}"
    assert json.loads(seen[0].content) == USUAL
