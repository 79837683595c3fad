"""What a wish may hold: every field at fault is named, and nothing odd gets through."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import CloudGenerationRequest, CloudGenerationResponse, InvalidField, Key, Picture

NOT_NUMBERS = ["1024", 10.5, True, [], {}, float("nan")]


def problems_of(**fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidField) as refused:
        CloudGenerationRequest(**{"prompt": "a fox", **fields})
    return refused.value.fields


def test_a_wish_needs_only_a_prompt() -> None:
    wish = CloudGenerationRequest(prompt="a fox")
    assert (wish.num_images, wish.seed, wish.width, wish.input_images) == (1, None, None, ())


def test_a_wish_is_frozen_and_keyword_only() -> None:
    with pytest.raises(TypeError):
        CloudGenerationRequest("a fox")  # type: ignore[misc]
    with pytest.raises(AttributeError):
        CloudGenerationRequest(prompt="a fox").prompt = "a cat"  # type: ignore[misc]


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", None, 5, ["a fox"], "a\x00fox"])
def test_a_prompt_is_text_that_says_something(prompt: object) -> None:
    assert set(problems_of(prompt=prompt)) == {"prompt"}


@pytest.mark.parametrize("value", [255, 4097, 0, -1, 10**30, *NOT_NUMBERS])
@pytest.mark.parametrize("side", ["width", "height"])
def test_a_side_has_256_to_4096_pixels(side: str, value: object) -> None:
    sides = {"width": 1024, "height": 1024, side: value}
    assert "256 to 4096" in problems_of(**sides)[side]


@pytest.mark.parametrize("value", [0, 11, -1, None, *NOT_NUMBERS])
def test_one_to_ten_pictures_can_be_asked_for(value: object) -> None:
    assert "1 to 10" in problems_of(num_images=value)["num_images"]


@pytest.mark.parametrize("value", [-1, 2**31, *NOT_NUMBERS])
def test_a_seed_is_a_number_that_every_vendor_can_hold(value: object) -> None:
    assert set(problems_of(seed=value)) == {"seed"}


@pytest.mark.parametrize(("low", "high"), [(256, 4096), (4096, 256)])
def test_the_limits_themselves_are_allowed(low: int, high: int) -> None:
    wish = CloudGenerationRequest(prompt="a fox", width=low, height=high, seed=2**31 - 1, num_images=10)
    assert (wish.width, wish.height) == (low, high)


@pytest.mark.parametrize(("given_side", "missing"), [("width", "height"), ("height", "width")])
def test_width_and_height_go_together(given_side: str, missing: str) -> None:
    assert "go together" in problems_of(**{given_side: 1024})[missing]


@pytest.mark.parametrize(
    "ratio", ["16-9", "16:9:1", "0:1", "a:b", "1:", ":", "101:1", "1.5:1", "١:١", 16, "1:1\x00", "1:" + "9" * 5000]
)
def test_an_aspect_ratio_looks_like_16_9(ratio: object) -> None:
    assert set(problems_of(aspect_ratio=ratio)) == {"aspect_ratio"}


@pytest.mark.parametrize("name", ["negative_prompt", "resolution", "quality", "style", "output_format", "safety_level"])
@pytest.mark.parametrize("value", [5, [], {}, "a\x00b"])
def test_text_fields_are_text(name: str, value: object) -> None:
    assert set(problems_of(**{name: value})) == {name}


@pytest.mark.parametrize("name", ["guidance_scale", "strength"])
@pytest.mark.parametrize("value", [-0.1, 101, "1", True, [], float("nan"), float("inf")])
def test_scales_are_numbers_in_their_range(name: str, value: object) -> None:
    assert set(problems_of(**{name: value})) == {name}


@pytest.mark.parametrize(
    "fields",
    [{"background": "blue"}, {"enhance_prompt": "yes"}, {"enhance_prompt": 1}, {"options": []}, {"options": "x"}],
)
def test_other_fields_are_checked_too(fields: dict[str, object]) -> None:
    assert set(problems_of(**fields)) == set(fields)


def test_every_field_at_fault_is_named_at_once() -> None:
    found = problems_of(prompt="", width=1, height=1, num_images=0, seed=-1, strength=2)
    assert set(found) == {"prompt", "width", "height", "num_images", "seed", "strength"}


def test_a_refused_wish_is_a_value_error_whose_text_names_the_field() -> None:
    with pytest.raises(ValueError, match="seed: Must be a whole number"):
        CloudGenerationRequest(prompt="a fox", seed=-1)


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())
FIELDS = [name for name in CloudGenerationRequest.__dataclass_fields__ if name not in ("input_images", "mask", "model")]


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_no_value_of_any_field_raises_anything_but_a_named_refusal(fields: dict[str, Any]) -> None:
    try:
        CloudGenerationRequest(**{"prompt": "a fox", **fields})
    except InvalidField as refused:
        found = refused.fields
    else:
        return
    assert found
    assert all(sentence.endswith(".") for sentence in found.values())


def test_pictures_and_keys_do_not_show_their_bytes() -> None:
    response = CloudGenerationResponse(
        images=[b"secret-bytes"], pictures=(Picture(mime_type="image/png", width=1, height=1),)
    )
    assert "secret-bytes" not in repr(response)
    assert "very-secret" not in repr(Key({"API_KEY": "very-secret-key"}))


def test_a_key_shows_its_last_four_only_when_it_is_long_enough() -> None:
    assert Key({"A": "0123456789ab"}).last_four == "89ab"
    assert Key({"A": "short"}).last_four == ""


def test_a_key_takes_all_its_secrets_out_of_a_text() -> None:
    key = Key({"ID": "client-id", "SECRET": "client-secret", "EMPTY": ""})
    assert key.redact("POST client-id:client-secret") == "POST [key]:[key]"
