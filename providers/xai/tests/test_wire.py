"""A wish into JSON, an answer into pictures."""

import pytest

from providers.base import CloudGenerationRequest, InvalidField, OutcomeUnknown, Rejected, ReportedCost
from providers.xai import wire
from providers.xai.tests.answers import (
    CHEAP,
    NEWEST,
    VENDOR,
    WITHHELD,
    answer,
    encoded,
    entry,
    item,
    picture,
    reference,
    wish,
)

pytestmark = pytest.mark.sqlite_only

MOST = {"image": 2, "image:low:1K": 2}


def call(model_id=NEWEST, **changes):
    return wire.to_call(wish(model_id, **changes), entry(model_id))


def read(document, most=MOST):
    return wire.from_answer(document, wire.delivered(document), most, lambda words: words, "r-1")


def notes(model_id=NEWEST, **changes):
    return VENDOR.normalise(CloudGenerationRequest(prompt="A fox", **changes), entry(model_id))[1]


def test_the_newest_model_is_always_told_resolution_and_quality_and_never_a_size():
    assert call() == (
        "/images/generations",
        {"model": NEWEST, "prompt": "A red fox in snow", "n": 1, "response_format": "b64_json", "resolution": "1k",
         "quality": "low"},
    )  # fmt: skip


def test_the_cheap_model_has_no_quality():
    assert "quality" not in call(CHEAP)[1]
    with pytest.raises(InvalidField, match="no quality setting"):
        wish(CHEAP, quality="low")


def test_everything_that_can_be_asked_for():
    _, body = call(num_images=3, aspect_ratio="21:9", resolution="2K", quality="medium", options={"user": "u-1"})
    assert body["n"] == 3
    assert (body["aspect_ratio"], body["resolution"], body["quality"]) == ("21:9", "2k", "medium")
    assert body["user"] == "u-1"


def test_pixels_become_a_ratio():
    assert call(width=1920, height=1080)[1]["aspect_ratio"] == "16:9"


def test_one_picture_goes_as_image_and_several_as_images():
    path, body = call(input_images=(reference(),))
    png = {"url": f"data:image/png;base64,{encoded(reference().data)}", "type": "image_url"}
    assert (path, body["image"], body["quality"]) == ("/images/edits", png, "medium")
    assert "images" not in body
    webp = reference("WEBP")
    path, body = call(input_images=(reference(), webp))
    assert path == "/images/edits"
    assert body["images"] == [png, {"url": f"data:image/webp;base64,{encoded(webp.data)}", "type": "image_url"}]
    assert "image" not in body


def test_a_single_picture_keeps_its_shape_and_that_is_told():
    for asked in ({"aspect_ratio": "16:9"}, {"width": 1280, "height": 720}):
        assert "aspect_ratio" not in call(input_images=(reference(),), **asked)[1]
        assert any(
            "keeps the shape of a single picture" in note for note in notes(input_images=(reference(),), **asked)
        )
    both = call(input_images=(reference(), reference("WEBP")), aspect_ratio="16:9")[1]
    assert both["aspect_ratio"] == "16:9"


def test_a_quality_that_nobody_asked_for_is_told():
    assert any("sent as low" in note for note in notes())
    assert any("sent as medium" in note for note in notes(input_images=(reference(),)))
    assert notes(quality="low") == []
    assert notes(CHEAP) == []


@pytest.mark.parametrize(("model_id", "most"), [(NEWEST, 5), (CHEAP, 3)])
def test_more_pictures_than_the_model_takes_are_refused(model_id, most):
    pictures = tuple(reference(shade=shade) for shade in range(most + 1))
    assert wish(model_id, input_images=pictures[:most])
    with pytest.raises(InvalidField, match=f"at most {most} reference pictures"):
        wish(model_id, input_images=pictures)


def test_an_answer_becomes_pictures_with_size_and_words():
    response = read(answer(item(revised_prompt="A fox at dawn"), item(picture("PNG", 8, 8))))
    assert response.images == [picture(), picture("PNG", 8, 8)]
    first, second = response.pictures
    assert (first.mime_type, first.width, first.height) == ("image/jpeg", 64, 48)
    assert (first.revised_prompt, second.mime_type) == ("A fox at dawn", "image/png")
    assert response.metadata == {"most_units": MOST, "served_by": NEWEST}
    assert response.usage == {"cost_in_usd_ticks": 400_000_000}
    assert encoded() not in str(response.provider_response)
    assert response.request_id == "r-1"


def test_of_a_mixed_answer_the_good_pictures_stay():
    response = read(answer(WITHHELD, item(), WITHHELD))
    assert response.images == [picture()]
    assert len(response.provider_response["data"]) == 3


def test_a_picture_that_was_withheld_is_never_shown_even_when_it_came():
    assert wire.delivered(answer(item(respect_moderation=False))) == []


def test_withheld_pictures_cost_what_the_answer_says():
    with pytest.raises(Rejected, match=r"withheld by moderation\. xAI charges 0\.040000 USD") as refused:
        read(answer(WITHHELD))
    assert (refused.value.code, refused.value.billed) == ("refused_output", ReportedCost("0.040000", "USD"))
    with pytest.raises(OutcomeUnknown, match="does not say whether it charges") as unknown:
        read(answer(WITHHELD, ticks=None))
    assert unknown.value.code == "refused_output"


def test_a_blocked_prompt_is_refused_in_xais_words():
    blocked = {"data": [], "block_reason": "Violence"}
    with pytest.raises(Rejected, match="“Violence”. It was not billed") as refused:
        read({**blocked, "usage": {"cost_in_usd_ticks": 0}})
    assert (refused.value.code, refused.value.billed) == ("refused_prompt", {})
    with pytest.raises(OutcomeUnknown):
        read(blocked)


def test_an_empty_answer_is_no_success():
    """A blocked picture must not look like an empty success: https://github.com/vercel/ai/issues/19168."""
    with pytest.raises(OutcomeUnknown, match="neither a picture nor a reason"):
        read({"data": []})
    with pytest.raises(Rejected, match="without a picture and without a reason") as refused:
        read({"data": [], "usage": {"cost_in_usd_ticks": 200_000_000}})
    assert refused.value.billed == ReportedCost("0.020000", "USD")


def test_bytes_that_are_no_picture_are_charged():
    with pytest.raises(Rejected) as refused:
        read(answer(item(b"no picture")))
    assert (refused.value.code, refused.value.billed) == ("invalid_output", ReportedCost("0.040000", "USD"))
    with pytest.raises(Rejected) as refused:
        read(answer(item(b"no picture"), ticks=None))
    assert refused.value.billed == MOST
