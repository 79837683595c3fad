"""OpenAI's fields as the hub's own wish, and complaints in the words that the caller used."""

from typing import Any

import pytest

from cloudhub.api.openai.wish import in_openai_words, read_image_wish
from cloudhub.core.errors import Invalid
from cloudhub.generations.models import Generation
from tests.api.caller import Caller

pytestmark = pytest.mark.sqlite_only

PATH = "/v1/images/generations"
WISH = {"model": "practice-1", "prompt": "a red fox"}


def test_openais_fields_become_the_hubs() -> None:
    wish = read_image_wish({**WISH, "n": 2, "size": "1024x1536", "quality": "fine", "response_format": "url"})
    assert wish.model == "practice-1"
    assert wish.fields == {"prompt": "a red fox", "num_images": 2, "width": 1024, "height": 1536, "quality": "fine"}
    assert wish.response_format == "url"


@pytest.mark.parametrize(
    "unsaid",
    [{"size": "auto"}, {"quality": "auto"}, {"background": "auto"}, {"moderation": "auto"}, {"output_compression": 100},
     {"stream": False}, {"partial_images": 0}, {"n": None, "style": None}, {"stream": None}],
)  # fmt: skip
def test_openais_defaults_say_nothing(unsaid: dict[str, Any]) -> None:
    assert read_image_wish({**WISH, **unsaid}).fields == {"prompt": "a red fox"}


def test_the_hubs_own_fields_may_stand_beside() -> None:
    extra = {
        "seed": 7,
        "negative_prompt": "rain",
        "aspect_ratio": "16:9",
        "resolution": "2K",
        "options": {"palette": "sea"},
    }
    assert read_image_wish({**WISH, **extra}).fields == {"prompt": "a red fox", **extra}


def test_settings_of_some_models_travel_as_options() -> None:
    wish = read_image_wish({**WISH, "output_compression": 80, "moderation": "low", "options": {"palette": "sea"}})
    assert wish.fields["options"] == {"palette": "sea", "output_compression": 80, "moderation": "low"}


def test_the_callers_user_becomes_a_tag() -> None:
    assert read_image_wish({**WISH, "user": "u-7", "tags": ["zoo"]}).tags == ["zoo", "user:u-7"]


def test_field_names_are_translated_back() -> None:
    error = in_openai_words(Invalid.of({"num_images": "No.", "options.moderation": "No.", "options.palette": "No."}))
    assert list(error.fields) == ["n", "moderation", "options.palette"]
    assert error.message.startswith("n: No.")


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"model": None}, "model", "invalid"), ({"model": 5}, "model", "invalid"),
        ({"prompt": None}, "prompt", "invalid"),
        ({"prompt": ""}, "prompt", "invalid"), ({"prompt": 5}, "prompt", "invalid"),
        ({"prompt": "a\x00"}, "prompt", "invalid"),
        ({"n": 0}, "n", "invalid"), ({"n": 11}, "n", "invalid"), ({"n": "2"}, "n", "invalid"),
        ({"n": True}, "n", "invalid"),
        ({"size": "big"}, "size", "invalid"), ({"size": "10x10"}, "size", "invalid"),
        ({"size": 1024}, "size", "invalid"),
        ({"size": "1024x99999"}, "size", "invalid"), ({"size": "1024X1024"}, "size", "invalid"),
        ({"quality": "hd"}, "quality", "capability"), ({"style": "vivid"}, "style", "capability"),
        ({"background": "pink"}, "background", "invalid"), ({"output_format": "gif"}, "output_format", "capability"),
        ({"output_compression": 80}, "output_compression", "capability"),
        ({"moderation": "low"}, "moderation", "capability"),
        ({"output_compression": "100"}, "output_compression", "capability"),
        ({"response_format": "png"}, "response_format", "invalid"),
        ({"response_format": []}, "response_format", "invalid"),
        ({"user": 5}, "user", "invalid"), ({"user": "a|b"}, "user", "invalid"), ({"user": "u" * 91}, "user", "invalid"),
        ({"stream": "yes"}, "stream", "invalid"), ({"stream": 1}, "stream", "invalid"),
        ({"partial_images": 2}, "partial_images", "invalid"), ({"partial_images": "x"}, "partial_images", "invalid"),
        ({"stream": True, "partial_images": 4}, "partial_images", "invalid"),
        ({"stream": True, "partial_images": True}, "partial_images", "invalid"),
        ({"seed": -1}, "seed", "invalid"), ({"tags": "zoo"}, "tags", "invalid"),
        ({"tags": "zoo", "user": "u"}, "tags", "invalid"),
        ({"cache": "on"}, "cache", "invalid"), ({"options": 5}, "options", "invalid"),
        ({"options": 5, "moderation": "low"}, "options", "invalid"), ({"num_images": 2}, "num_images", "invalid"),
        ({"width": 512, "height": 512}, "height", "invalid"), ({"steps": 20}, "steps", "invalid"),
        ({"input_images": ["x"]}, "input_images[0]", "invalid"),
        ({"aspect_ratio": "7:5"}, "aspect_ratio", "capability"),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_a_bad_field_is_named_in_openais_envelope(
    alices: Caller, change: dict[str, Any], param: str, code: str
) -> None:
    # What is let through by mistake meets an empty budget instead of a vendor.
    alices.post("/api/v1/budgets", {"name": "none", "scope": "hub", "window": "day", "limit": "0", "currency": "XTS"})
    answer = alices.post(PATH, {**WISH, **change})
    error = answer.json()["error"]
    assert answer.status_code == 400, answer.content
    assert (error["param"], error["code"], error["type"]) == (param, code, "invalid_request_error")
    assert set(error) == {"message", "type", "param", "code"}
    assert answer["x-should-retry"] == "false"
    assert not Generation.objects.exists()


@pytest.mark.parametrize("body", ["[]", "{", "null", "5", ""])
def test_a_body_that_is_no_json_object_is_400(alices: Caller, body: str) -> None:
    assert alices.post(PATH, body).status_code == 400


def test_a_model_that_nobody_has_is_404_and_names_the_field(alices: Caller) -> None:
    answer = alices.post(PATH, {**WISH, "model": "gpt-image-9"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (404, "model_not_found", "model")
