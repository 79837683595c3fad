"""A wish is fitted to a model with a note, or refused by name; nothing changes silently."""

from dataclasses import replace
from typing import Any

import pytest

from providers.base import CloudGenerationRequest, InputImage, InvalidField, expected_size
from providers.models import Capabilities, ModelEntry, Option
from providers.normalise import normalise

PAINTER = ModelEntry(
    id="painter-1",
    name="Painter",
    capabilities=Capabilities(
        modes=("text-to-image", "image-to-image"),
        sizes={"1K": {"1:1": (1024, 1024), "3:2": (1248, 832), "16:9": (1344, 768)}, "2K": {"1:1": (2048, 2048)}},
        default_resolution="1K",
        known_sizes={"1536x1024": "3:2"},
        longest_prompt=40,
        seed="best_effort",
        qualities=("low", "high"),
        most_input_images=2,
        options=(Option(name="mood", choices=("calm", "wild")), Option(name="steps", kind="integer")),
    ),
)
PICTURE = InputImage(data=b"png", mime_type="image/png", width=64, height=64)


def wish(**fields: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(**{"prompt": "a fox", **fields})


def refused(**fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidField) as error:
        normalise(wish(**fields), PAINTER)
    return error.value.fields


def with_abilities(**changes: Any) -> ModelEntry:
    return replace(PAINTER, capabilities=replace(PAINTER.capabilities, **changes))


@pytest.mark.parametrize(
    ("size", "ratio", "drawn"),
    [
        ((1024, 1024), "1:1", None),
        ((1344, 768), "16:9", None),
        ((1536, 1024), "3:2", "1248×832"),
        ((1920, 1080), "16:9", "1344×768"),
        ((1000, 990), "1:1", "1024×1024"),
        ((300, 4096), "1:1", "1024×1024"),
    ],
)
def test_a_size_becomes_the_nearest_ratio_with_a_note_when_it_differs(
    size: tuple[int, int], ratio: str, drawn: str | None
) -> None:
    fitted, notes = normalise(wish(width=size[0], height=size[1]), PAINTER)
    assert (fitted.aspect_ratio, fitted.width, fitted.height) == (ratio, None, None)
    assert [drawn in note and f"{size[0]}×{size[1]}" in note for note in notes] == ([True] if drawn else [])


def test_a_ratio_that_the_model_lacks_is_refused_with_what_it_has() -> None:
    assert refused(aspect_ratio="7:5") == {"aspect_ratio": "Painter has 1:1, 3:2, 16:9."}


def test_a_resolution_is_filled_in_or_refused_with_what_there_is() -> None:
    assert normalise(wish(), PAINTER)[0].resolution == "1K"
    assert normalise(wish(resolution="2K"), PAINTER)[0].resolution == "2K"
    assert refused(resolution="8K") == {"resolution": "Choose one of 1K, 2K."}


def test_a_ratio_counts_at_its_resolution() -> None:
    assert "aspect_ratio" in refused(aspect_ratio="3:2", resolution="2K")


def test_the_expected_size_is_the_tables() -> None:
    assert expected_size(normalise(wish(aspect_ratio="3:2"), PAINTER)[0], PAINTER) == (1248, 832)
    assert expected_size(wish(), PAINTER) is None


def test_a_seed_says_how_honest_it_is() -> None:
    assert "hint" in normalise(wish(seed=5), PAINTER)[1][0]
    dropped, notes = normalise(wish(seed=5), with_abilities(seed="not_sent"))
    assert dropped.seed is None
    assert "seed 5 is not sent" in notes[0]
    assert normalise(wish(seed=0), with_abilities(seed="guaranteed")) == (
        replace(wish(seed=0), resolution="1K"), []
    )  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"negative_prompt": "rain"},
        {"guidance_scale": 7},
        {"guidance_scale": 0},
        {"strength": 0.5},
        {"enhance_prompt": False},
        {"background": "transparent"},
        {"quality": "ultra"},
        {"style": "vivid"},
        {"safety_level": "none"},
        {"output_format": "png"},
    ],
)
def test_a_field_that_the_model_lacks_is_refused_by_name(fields: dict[str, Any]) -> None:
    assert set(refused(**fields)) == set(fields)


def test_a_choice_is_refused_with_what_there_is() -> None:
    assert refused(quality="ultra")["quality"] == "Choose one of low, high."
    assert refused(style="vivid")["style"] == "This model has no style setting."


def test_options_are_the_models_own() -> None:
    assert normalise(wish(options={"mood": "calm", "steps": 4}), PAINTER)[0].options == {"mood": "calm", "steps": 4}
    assert set(refused(options={"mood": "angry"})) == {"options.mood"}
    assert set(refused(options={"steps": True})) == {"options.steps"}
    assert "It has: mood, steps." in refused(options={"tempo": 1})["options.tempo"]


BOUNDED = (
    Option(name="steps", kind="integer", minimum=1, maximum=50),
    Option(name="weight", kind="number", minimum=-1.5, maximum=1.5),
    Option(name="from_two", kind="integer", minimum=2),
    Option(name="to_two", kind="number", maximum=2),
    Option(name="tiled", kind="boolean"),
    Option(name="note"),
)
FITTING = [
    ("steps", 1), ("steps", 50), ("weight", -1.5), ("weight", 1.5), ("weight", 1), ("weight", 0), ("from_two", 2),
    ("from_two", 10**400), ("to_two", 2), ("to_two", -(10**400)), ("tiled", True), ("tiled", False), ("note", ""),
]  # fmt: skip
NOT_FITTING = [
    ("steps", 0), ("steps", 51), ("steps", 1.0), ("steps", "1"), ("steps", True), ("steps", None), ("steps", 10**400),
    ("weight", -1.51), ("weight", 1.51), ("weight", float("nan")), ("weight", float("inf")), ("weight", "1"),
    ("weight", False), ("from_two", 1), ("from_two", -(10**400)), ("to_two", 2.0001), ("to_two", float("-inf")),
    ("tiled", 1), ("tiled", "true"), ("note", 5), ("note", ["x"]), ("note", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), FITTING)
def test_an_option_within_its_bounds_is_taken(name: str, value: Any) -> None:
    assert normalise(wish(options={name: value}), with_abilities(options=BOUNDED))[0].options == {name: value}


@pytest.mark.parametrize(("name", "value"), NOT_FITTING)
def test_an_option_outside_of_its_bounds_or_of_another_kind_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidField) as refused_option:
        normalise(wish(options={name: value}), with_abilities(options=BOUNDED))
    assert set(refused_option.value.fields) == {f"options.{name}"}


@pytest.mark.parametrize(("name", "sentence"), [
    ("steps", "Must be integer from 1 to 50."), ("weight", "Must be number from -1.5 to 1.5."),
    ("from_two", "Must be integer from 2."), ("to_two", "Must be number to 2."), ("tiled", "Must be boolean."),
    ("note", "Must be text."),
])  # fmt: skip
def test_an_option_is_refused_with_what_it_must_be(name: str, sentence: str) -> None:
    with pytest.raises(InvalidField) as refused_option:
        normalise(wish(options={name: None}), with_abilities(options=BOUNDED))
    assert refused_option.value.fields == {f"options.{name}": sentence}


@pytest.mark.parametrize("prompt", ["", "   "])
def test_beside_a_picture_a_prompt_is_wanted_only_where_it_is_required(prompt: str) -> None:
    bare = wish(prompt=prompt, input_images=(PICTURE,))
    with pytest.raises(InvalidField) as refused_wish:
        normalise(bare, PAINTER)
    assert refused_wish.value.fields == {"prompt": "Please write a prompt."}
    for use in ("optional", "not_sent"):
        assert normalise(bare, with_abilities(prompt=use)) == (replace(bare, resolution="1K"), [])


def test_a_prompt_that_is_not_sent_is_said_and_kept() -> None:
    fitted, notes = normalise(wish(input_images=(PICTURE,)), with_abilities(prompt="not_sent"))
    assert fitted.prompt == "a fox"
    assert notes == ["Painter takes no prompt: it is kept with the picture and not sent."]


def test_reference_pictures_are_counted() -> None:
    assert normalise(wish(input_images=(PICTURE, PICTURE)), PAINTER)[0].input_images == (PICTURE, PICTURE)
    assert "at most 2" in refused(input_images=(PICTURE,) * 3)["input_images"]
    with pytest.raises(InvalidField, match="does not have input images"):
        normalise(wish(input_images=(PICTURE,)), with_abilities(most_input_images=0))


def test_a_mask_needs_a_model_that_paints_into_pictures_and_a_picture() -> None:
    assert "mask" in refused(mask=PICTURE, input_images=(PICTURE,))
    with pytest.raises(InvalidField, match="needs the picture it belongs to"):
        normalise(wish(mask=PICTURE), with_abilities(modes=("inpaint",)))


def test_a_prompt_that_is_too_long_is_refused_with_both_numbers() -> None:
    assert "at most 40 characters; this has 41" in refused(prompt="x" * 41)["prompt"]


def test_every_refusal_comes_at_once() -> None:
    assert set(refused(quality="x", style="y", aspect_ratio="7:5", options={"z": 1})) == {
        "quality", "style", "aspect_ratio", "options.z",
    }  # fmt: skip


def test_the_wish_itself_is_left_alone() -> None:
    asked = wish(width=1536, height=1024, seed=3)
    normalise(asked, PAINTER)
    assert (asked.width, asked.height, asked.aspect_ratio) == (1536, 1024, None)
