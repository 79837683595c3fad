"""What a wish becomes on the wire, model by model."""

import base64

import pytest

from providers.base import CloudGenerationRequest, InvalidField
from providers.gemini.tests.answers import ALL, FLASH, FLAT, LITE, NEWEST, PRO, VENDOR, entry, reference, wish
from providers.gemini.wire import HARM_CATEGORIES, to_body


def body(model_id, **changes):
    return to_body(wish(model_id, **changes), entry(model_id))


def config(model_id, **changes):
    return body(model_id, **changes)["generationConfig"]


def test_the_smallest_wish_is_the_smallest_body():
    assert body(FLAT) == {
        "contents": [{"role": "user", "parts": [{"text": "A red fox in snow"}]}],
        "generationConfig": {"responseModalities": ["IMAGE"]},
    }


def test_a_full_wish_to_nano_banana_holds_exactly_what_the_model_takes():
    wished = config(NEWEST, aspect_ratio="16:9", resolution="2K", seed=42, options={"thinking_level": "HIGH"})
    assert wished == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
        "thinkingConfig": {"thinkingLevel": "HIGH"},
        "maxOutputTokens": 1680 + 8192,
    }


@pytest.mark.parametrize("model_id", [LITE, FLAT])
def test_a_model_with_one_resolution_is_sent_no_image_size(model_id):
    assert config(model_id, aspect_ratio="3:2")["imageConfig"] == {"aspectRatio": "3:2"}


@pytest.mark.parametrize("model_id", [NEWEST, PRO, FLASH])
def test_a_model_with_resolutions_is_sent_the_one_that_was_priced(model_id):
    assert config(model_id)["imageConfig"] == {"imageSize": "1K"}


@pytest.mark.parametrize("model_id", [NEWEST, PRO, LITE])
def test_the_small_size_is_refused_by_name_where_google_refuses_it(model_id):
    with pytest.raises(InvalidField) as refused:
        wish(model_id, resolution="512")
    assert list(refused.value.fields) == ["resolution"]


@pytest.mark.parametrize("model_id", [PRO, LITE, FLASH, FLAT])
def test_a_seed_is_sent_where_it_is_accepted(model_id):
    assert config(model_id, seed=42)["seed"] == 42


def test_a_seed_is_not_sent_to_nano_banana_and_the_note_says_so():
    fitted, notes = VENDOR.normalise(CloudGenerationRequest(prompt="a fox", seed=42, model=NEWEST), entry(NEWEST))
    assert "seed" not in to_body(fitted, entry(NEWEST))["generationConfig"]
    assert notes == ["Nano Banana 2.1 takes no seed: seed 42 is not sent."]


@pytest.mark.parametrize("model_id", [PRO, FLAT])
def test_a_model_without_a_thinking_setting_refuses_it(model_id):
    with pytest.raises(InvalidField, match="thinking_level"):
        wish(model_id, options={"thinking_level": "HIGH"})


@pytest.mark.parametrize("model_id", [LITE, FLASH])
def test_medium_thinking_is_for_nano_banana_alone(model_id):
    with pytest.raises(InvalidField, match="MINIMAL, HIGH"):
        wish(model_id, options={"thinking_level": "MEDIUM"})


@pytest.mark.parametrize(
    ("model_id", "changes", "most"),
    [
        (NEWEST, {}, 1120 + 4096),
        (NEWEST, {"resolution": "4K"}, 3780 + 4096),
        (PRO, {"resolution": "4K"}, 2000 + 8192),
        (LITE, {"options": {"thinking_level": "HIGH"}}, 1120 + 8192),
        (FLASH, {"resolution": "512", "options": {"thinking_level": "MINIMAL"}}, 747 + 4096),
    ],
)
def test_output_tokens_are_bounded_at_the_vendor(model_id, changes, most):
    assert config(model_id, **changes)["maxOutputTokens"] == most


def test_the_flat_model_is_sent_no_token_bound():
    assert "maxOutputTokens" not in config(FLAT, aspect_ratio="1:1", seed=1)


def test_a_safety_level_sets_all_four_categories():
    settings = body(FLAT, safety_level="BLOCK_ONLY_HIGH")["safetySettings"]
    assert settings == [{"category": name, "threshold": "BLOCK_ONLY_HIGH"} for name in HARM_CATEGORIES]
    assert len(settings) == 4


def test_reference_pictures_follow_the_prompt_as_inline_data():
    parts = body(PRO, input_images=(reference(), reference(7)))["contents"][0]["parts"]
    assert parts[0] == {"text": "A red fox in snow"}
    assert [part["inlineData"]["mimeType"] for part in parts[1:]] == ["image/png", "image/png"]
    assert base64.b64decode(parts[2]["inlineData"]["data"]) == reference(7).data


@pytest.mark.parametrize(("model_id", "most"), [(FLAT, 3), (NEWEST, 14), (PRO, 14), (LITE, 14), (FLASH, 14)])
def test_one_reference_picture_too_many_is_refused(model_id, most):
    assert len(wish(model_id, input_images=(reference(),) * most).input_images) == most
    with pytest.raises(InvalidField, match=f"at most {most} reference pictures"):
        wish(model_id, input_images=(reference(),) * (most + 1))


def test_reference_pictures_beyond_our_limit_of_bytes_are_refused():
    assert wish(NEWEST, input_images=(reference(10_000_000),) * 2)
    with pytest.raises(InvalidField, match="20,000,001 bytes together"):
        wish(NEWEST, input_images=(reference(10_000_000), reference(10_000_001)))


def test_a_mask_is_refused_since_no_model_has_one():
    with pytest.raises(InvalidField) as refused:
        wish(NEWEST, input_images=(reference(),), mask=reference())
    assert list(refused.value.fields) == ["mask"]


def test_even_a_wish_that_was_not_normalised_puts_no_seed_or_size_where_google_refuses_them():
    raw = CloudGenerationRequest(prompt="a fox", seed=1, resolution="1K")
    assert "seed" not in to_body(raw, entry(NEWEST))["generationConfig"]
    assert "imageConfig" not in to_body(raw, entry(LITE))["generationConfig"]


@pytest.mark.parametrize("model_id", ALL)
def test_nothing_that_google_answers_with_400_is_ever_sent(model_id):
    sent = config(model_id, aspect_ratio="1:1", seed=1)
    assert not set(sent) & {"temperature", "topP", "topK", "candidateCount", "logprobs"}
