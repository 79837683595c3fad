"""Bodies, masks and answers, without any network."""

import io
from typing import Any

import pytest
from PIL import Image

from providers.base import InvalidField, OutcomeUnknown, Rejected
from providers.ideogram import wire
from providers.ideogram.job import Job
from providers.ideogram.services import SERVICES
from providers.ideogram.tests.wishes import (
    CUT,
    EDIT,
    FOUR,
    GENERATION,
    NEWEST,
    THREE,
    VENDOR,
    answered,
    entry,
    entry_of_answer,
    mask,
    picture,
    wish,
)

JOB = Job(GENERATION, "image_high", wire.prompt_mark("A red fox in snow"))
WITHHELD = entry_of_answer(is_image_safe=False, url=None)
PICTURE = picture().data


def body(model_id: str = NEWEST, **changes: Any) -> dict[str, Any]:
    return wire.to_body(wish(model_id, **changes), entry(model_id), SERVICES[model_id])


def parts(model_id: str, **changes: Any) -> list[wire.Part]:
    return wire.to_form(wish(model_id, **changes), entry(model_id), SERVICES[model_id])


def response(document: dict[str, Any], images: list[bytes]) -> Any:
    return wire.to_response(document, wire.told_pictures(document, JOB), images, JOB, str)


@pytest.mark.parametrize(
    ("model_id", "changes", "expected"),
    [
        (NEWEST, {}, {"num_images": 1, "quality": "high", "size": "1024x1024"}),
        (
            NEWEST, {"quality": "low", "resolution": "2K", "aspect_ratio": "16:9", "num_images": 8, "seed": 0},
            {"num_images": 8, "quality": "low", "size": "2560x1440", "seed": 0},
        ),
        (FOUR, {"aspect_ratio": "1:3"}, {"num_images": 1, "rendering_speed": "default", "resolution": "512x1536"}),
        (
            THREE, {"quality": "turbo", "style": "design", "negative_prompt": "rain", "enhance_prompt": True},
            {"num_images": 1, "rendering_speed": "turbo", "resolution": "1024x1024", "style_type": "design",
             "negative_prompt": "rain", "magic_prompt": "on"},
        ),
        (NEWEST, {"enhance_prompt": False, "options": {"enable_copyright_detection": False}},
         {"num_images": 1, "quality": "high", "size": "1024x1024", "magic_prompt": "off",
          "enable_copyright_detection": False}),
    ],
)  # fmt: skip
def test_a_body_holds_what_was_wished_and_what_decides_on_the_price(
    model_id: str, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert body(model_id, **changes) == {"prompt": "A red fox in snow", "private": True, **expected}


def test_a_form_names_the_edited_picture_and_those_that_guide_it() -> None:
    sent = parts(EDIT, input_images=(picture(), picture(kind="JPEG"), picture()), seed=7)
    fields = {name: content[1] for name, content in sent if content[0] is None}
    assert fields == {
        "prompt": "A red fox in snow", "seed": "7", "num_images": "1", "private": "true", "quality": "medium",
    }  # fmt: skip
    files = [(name, content[0], content[-1]) for name, content in sent if content[0] is not None]
    assert files == [
        ("image", "image.png", "image/png"),
        ("reference_images", "reference_images1.jpeg", "image/jpeg"),
        ("reference_images", "reference_images2.png", "image/png"),
    ]


def test_a_background_is_removed_from_a_picture_without_words_and_never_in_public() -> None:
    sent = parts(CUT)
    assert [name for name, _ in sent] == ["private", "image"]
    assert sent[0][1] == (None, "true")


@pytest.mark.parametrize("size", [(96, 64), (48, 32)])
def test_what_shall_change_is_black_for_ideogram_in_the_pictures_own_size(size: tuple[int, int]) -> None:
    sent = dict(parts(EDIT, mask=mask(size)))
    with Image.open(io.BytesIO(sent["mask"][1])) as drawn:  # type: ignore[arg-type]
        assert (drawn.size, drawn.mode) == ((96, 64), "L")
        assert (drawn.getpixel((5, 5)), drawn.getpixel((90, 5))) == (0, 255)


def test_a_soft_edge_becomes_the_nearer_of_the_two() -> None:
    assert dict(parts(EDIT, mask=mask(level=200)))["mask"][1] == dict(parts(EDIT, mask=mask()))["mask"][1]
    with pytest.raises(InvalidField, match="one that stays"):
        wish(EDIT, mask=mask(level=100))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mask": mask(level=0)}, "mask"),
        ({"input_images": (picture((700, 100)),)}, "input_images[0]"),
        ({"input_images": (picture(),) * 5, "mask": mask()}, "input_images"),
        ({"input_images": (picture(),) * 6}, "input_images"),
        ({"aspect_ratio": "1:1"}, "aspect_ratio"),
    ],
)
def test_what_ideogram_would_refuse_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        wish(EDIT, **changes)
    assert set(refused.value.fields) == {field}


def test_a_large_picture_is_told_to_be_made_smaller() -> None:
    large = picture((2400, 1800))
    _, notes = VENDOR.normalise(wish(EDIT, input_images=(large,)), entry(EDIT))
    assert [note for note in notes if "smaller" in note]


def test_a_long_negative_prompt_is_refused() -> None:
    with pytest.raises(InvalidField, match="10000"):
        wish(THREE, negative_prompt="x" * 10_001)


def test_pictures_come_with_seed_and_the_prompt_that_was_drawn() -> None:
    revised = entry_of_answer(prompt="A red fox, in soft light", seed=9)
    found = response(answered(entry_of_answer(), revised), [PICTURE, PICTURE])
    assert [one.seed for one in found.pictures] == [12345, 9]
    assert [one.revised_prompt for one in found.pictures] == [None, "A red fox, in soft light"]
    assert (found.request_id, found.metadata) == (GENERATION, {"units": {"image": 2, "image_high": 2}})


def test_a_withheld_picture_is_billed_beside_those_that_came() -> None:
    found = response(answered(entry_of_answer(), WITHHELD), [PICTURE])
    assert len(found.images) == 1
    assert found.metadata == {"units": {"image": 2, "image_high": 2}, "withheld_pictures": 1}
    assert VENDOR.billed(found, entry(NEWEST)) == {"image": 2, "image_high": 2}


@pytest.mark.parametrize("withheld", [WITHHELD, entry_of_answer(is_image_safe=False), entry_of_answer(
    is_image_safe=False, url="")])  # fmt: skip
def test_when_all_are_withheld_nothing_is_fetched_and_all_is_billed(withheld: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as refused:
        wire.told_pictures(answered(withheld, withheld), JOB)
    assert (refused.value.code, refused.value.billed) == ("refused_output", {"image": 2, "image_high": 2})
    assert "bills" in refused.value.message


@pytest.mark.parametrize(
    "document",
    [None, [], "x", {}, {"data": []}, {"data": None}, {"data": ["x", 1]}, {"error": "x", "status_code": 500},
     answered(entry_of_answer(url=None)), answered(entry_of_answer(url="ftp://x")), answered(entry_of_answer(url=7))],
)  # fmt: skip
def test_an_answer_without_pictures_is_of_unknown_outcome(document: Any) -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        wire.told_pictures(document, JOB)
    assert "may have been made and billed" in unknown.value.message


def test_a_file_that_is_no_picture_is_paid_and_said() -> None:
    with pytest.raises(Rejected) as refused:
        response(answered(), [b"<html>"])
    assert (refused.value.code, refused.value.billed) == ("invalid_output", {"image": 1, "image_high": 1})


@pytest.mark.parametrize("seed", [-1, "7", True, 2**70, None, 1.5])
def test_an_odd_seed_is_none(seed: Any) -> None:
    assert response(answered(entry_of_answer(seed=seed)), [PICTURE]).pictures[0].seed is None
