"""A wish as Imagen's JSON, Imagen's JSON as pictures; the rules of seeds, and what the Gemini API lacks."""

import base64

import pytest

from providers.base import FAILURES, CloudGenerationRequest, InvalidField, OutcomeUnknown, Rejected
from providers.google.reading import redactor
from providers.imagen.tests.answers import (
    ALL_FILTERED,
    CANARY,
    FAST,
    KEY,
    SOME_FILTERED,
    STANDARD,
    ULTRA,
    VENDOR,
    WATERMARK_OFF,
    answer,
    drawn,
    entry,
    picture,
    wish,
)
from providers.imagen.wire import from_answer, only_on_vertex, to_body


def parameters(**changes):
    model_id = changes.pop("model_id", STANDARD)
    return to_body(wish(model_id, **changes), entry(model_id))["parameters"]


def read(document, **changes):
    return from_answer(document, wish(**{"num_images": 4, **changes}), redactor(KEY))


def normalised(**changes):
    raw = CloudGenerationRequest(**{"prompt": "A red fox", "model": STANDARD, **changes})
    return VENDOR.normalise(raw, entry())


# THE BODY


def test_the_smallest_wish_sends_only_what_is_needed():
    body = to_body(wish(FAST), entry(FAST))
    assert body == {
        "instances": [{"prompt": "A red fox in snow"}],
        "parameters": {"sampleCount": 1, "includeRaiReason": True},
    }


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({"num_images": 4}, {"sampleCount": 4}),
        ({"aspect_ratio": "9:16"}, {"aspectRatio": "9:16"}),
        ({"width": 1408, "height": 768}, {"aspectRatio": "16:9"}),
        ({"resolution": "2K"}, {"sampleImageSize": "2K"}),
        ({}, {"sampleImageSize": "1K"}),
        ({"safety_level": "BLOCK_ONLY_HIGH"}, {"safetySetting": "BLOCK_ONLY_HIGH"}),
        ({"options": {"person_generation": "dont_allow"}}, {"personGeneration": "dont_allow"}),
        ({"enhance_prompt": False}, {"enhancePrompt": False}),
        ({"enhance_prompt": True}, {"enhancePrompt": True}),
        ({"options": WATERMARK_OFF}, {"addWatermark": False}),
        ({"seed": 7, "options": WATERMARK_OFF}, {"seed": 7, "addWatermark": False, "enhancePrompt": False}),
        ({"output_format": "png"}, {"outputOptions": {"mimeType": "image/png"}}),
        (
            {"output_format": "jpeg", "options": {"compression_quality": 60}},
            {"outputOptions": {"mimeType": "image/jpeg", "compressionQuality": 60}},
        ),
    ],
)
def test_each_field_of_a_wish_has_its_parameter(changes, sent):
    assert sent.items() <= parameters(**changes).items()


def test_a_watermark_that_is_on_anyway_is_not_sent_since_the_gemini_api_has_no_such_field():
    assert "addWatermark" not in parameters(options={"add_watermark": True})


def test_the_fast_model_is_never_told_a_size():
    assert "sampleImageSize" not in parameters(model_id=FAST)


# SEEDS


def test_a_seed_is_told_as_not_sent_while_the_watermark_is_on():
    for options in ({}, {"add_watermark": True}):
        fitted, notes = normalised(seed=7, options=options)
        assert fitted.seed is None
        assert notes == [
            "Imagen 4 takes a seed only without its watermark (options.add_watermark = false): seed 7 is not sent."
        ]


def test_a_seed_without_watermark_is_sent_and_switches_the_silent_enhancement_off():
    fitted, notes = normalised(seed=7, options=WATERMARK_OFF)
    assert (fitted.seed, fitted.enhance_prompt) == (7, False)
    assert any("not enhanced: else the seed would have no effect" in note for note in notes)


def test_a_seed_beside_a_wished_enhancement_is_told_to_be_without_effect():
    fitted, notes = normalised(seed=7, enhance_prompt=True, options=WATERMARK_OFF)
    assert (fitted.seed, fitted.enhance_prompt) == (7, True)
    assert any("the seed has no effect" in note for note in notes)


def test_normalising_twice_says_and_changes_nothing_more():
    once, _ = normalised(seed=7, options=WATERMARK_OFF)
    again, notes = VENDOR.normalise(once, entry())
    assert again == once
    assert not any("enhanced" in note for note in notes)


@pytest.mark.parametrize("output_format", [None, "png"])
def test_a_compression_without_a_jpeg_is_refused_by_name(output_format):
    with pytest.raises(InvalidField, match=r"options\.compression_quality: Only a JPEG has it"):
        normalised(output_format=output_format, options={"compression_quality": 60})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"aspect_ratio": "3:2"}, "aspect_ratio"), ({"resolution": "4K"}, "resolution"),
        ({"safety_level": "OFF"}, "safety_level"), ({"negative_prompt": "rain"}, "negative_prompt"),
        ({"guidance_scale": 7.5}, "guidance_scale"), ({"output_format": "webp"}, "output_format"),
        ({"options": {"person_generation": "ALLOW_ALL"}}, "options.person_generation"),
        ({"options": {"add_watermark": "no"}}, "options.add_watermark"),
        ({"output_format": "jpeg", "options": {"compression_quality": 101}}, "options.compression_quality"),
    ],
)  # fmt: skip
def test_what_imagen_lacks_is_refused_by_name(changes, field):
    with pytest.raises(InvalidField) as refused:
        normalised(**changes)
    assert list(refused.value.fields) == [field]


# THE GEMINI API


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"enhance_prompt": True}, ["enhance_prompt"]),
        ({"enhance_prompt": False}, ["enhance_prompt"]),
        ({"safety_level": "BLOCK_NONE"}, ["safety_level BLOCK_NONE"]),
        ({"options": {"person_generation": "allow_all"}}, ["options.person_generation = allow_all"]),
        ({"options": WATERMARK_OFF}, ["options.add_watermark = false"]),
        ({"seed": 7, "options": WATERMARK_OFF}, ["seed", "enhance_prompt", "options.add_watermark = false"]),
    ],
)
def test_what_only_vertex_has_is_named(changes, named):
    assert only_on_vertex(wish(**changes)) == named


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"seed": 7}, {"resolution": "2K"}, {"safety_level": "BLOCK_LOW_AND_ABOVE"}, {"output_format": "jpeg"},
        {"options": {"person_generation": "dont_allow", "add_watermark": True}},
    ],
)  # fmt: skip
def test_everything_else_goes_through_the_gemini_api_too(changes):
    assert only_on_vertex(wish(**changes)) == []


# THE ANSWER


def test_type_size_and_enhanced_prompt_come_from_the_answer():
    response = read(answer(drawn(picture(1, "JPEG", 70, 30), prompt="A red fox, finely detailed"), drawn()))
    assert [(shown.mime_type, shown.width, shown.height) for shown in response.pictures] == [
        ("image/jpeg", 70, 30), ("image/png", 64, 48),
    ]  # fmt: skip
    assert [shown.revised_prompt for shown in response.pictures] == ["A red fox, finely detailed", None]


def test_the_seed_is_recorded_where_it_was_sent_and_only_there():
    assert read(answer(drawn()), seed=7, options=WATERMARK_OFF).pictures[0].seed == 7
    assert read(answer(drawn()), seed=7).pictures[0].seed is None


def test_i17_fewer_pictures_are_billed_as_they_came_and_the_reason_is_kept():
    response = read(answer(drawn(picture(1)), drawn(picture(2)), {"raiFilteredReason": SOME_FILTERED}))
    assert response.images == [picture(1), picture(2)]
    assert response.metadata == {"asked": 4, "filtered": [SOME_FILTERED]}
    assert VENDOR.billed(response, entry()) == {"image": 2}


def test_i17_a_picture_that_cannot_be_read_is_billed_beside_those_that_can():
    response = read(answer(drawn(), drawn(b"no picture"), {"bytesBase64Encoded": "%%%"}))
    assert response.images == [picture()]
    assert VENDOR.billed(response, entry()) == {"image": 3}


def test_only_unreadable_pictures_are_paid_all_the_same():
    with pytest.raises(Rejected) as rejected:
        read(answer(drawn(b"no picture"), drawn(b"")))
    assert (rejected.value.code, rejected.value.billed) == ("invalid_output", {"image": 1})


@pytest.mark.parametrize(
    "document",
    [
        {}, {"predictions": []}, {"predictions": None, "metadata": {}}, answer({"raiFilteredReason": ALL_FILTERED}),
        answer({"raiFilteredReason": ALL_FILTERED}, {"safetyAttributes": {}}),
    ],
)  # fmt: skip
def test_i18_an_answer_that_the_filter_emptied_is_refused_and_costs_nothing(document):
    with pytest.raises(Rejected) as rejected:
        read(document)
    assert (rejected.value.code, rejected.value.billed) == ("refused_output", {})
    assert FAILURES["refused_output"].billed == "no"
    assert "Nothing is charged for blocked pictures." in rejected.value.message


def test_the_reason_of_a_refusal_is_googles_own_words():
    with pytest.raises(Rejected, match="“Unable to show generated images.") as rejected:
        read(answer({"raiFilteredReason": ALL_FILTERED}))
    assert "Support codes: 39322892" in rejected.value.message


@pytest.mark.parametrize(
    "document",
    [
        None, [], "text", 5, {"candidates": []}, {"ok": True}, {"predictions": [{}]}, {"predictions": ["x"]},
        {"predictions": {"0": {}}}, {"predictions": [{"bytesBase64Encoded": 5}]}, {"error": {"code": 500}},
    ],
)  # fmt: skip
def test_an_answer_that_nobody_understands_is_an_unknown_outcome(document):
    with pytest.raises(OutcomeUnknown, match="may have been made and billed"):
        read(document)


def test_the_stored_answer_holds_no_picture_and_no_key():
    document = answer(drawn(prompt=f"A fox {CANARY}"), {"raiFilteredReason": f"No {CANARY}"})
    response = read(document)
    stored = repr((response.provider_response, response.metadata, response.pictures))
    assert CANARY not in stored
    assert base64.b64encode(picture()).decode() not in stored
    assert response.provider_response["predictions"][0]["bytesBase64Encoded"] == f"[{len(picture())} bytes]"


# MONEY


@pytest.mark.parametrize("model_id", [ULTRA, STANDARD, FAST])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_i8_the_quote_is_an_upper_bound_of_the_bill(model_id, count):
    request, model = wish(model_id, num_images=count), entry(model_id)
    quote = VENDOR.quantities(request, model)["image"]
    for delivered in range(1, count + 1):
        response = from_answer(answer(*[drawn(picture(n)) for n in range(delivered)]), request, str)
        assert VENDOR.billed(response, model)["image"] == delivered <= quote == count
