"""Reference pictures and masks are checked before anything is spent: each limit at its edge, each refusal by name."""

from dataclasses import replace
from typing import Any

import pytest

from providers.base import CloudGenerationRequest, InputImage, InputLimits, InvalidField, ModelEntry
from providers.input_pictures import input_problems
from providers.models import Capabilities
from providers.normalise import normalise

LIMITS = InputLimits(
    formats=("image/png", "image/jpeg"), least_side=64, most_side=2000, least_pixels=10_000, most_pixels=1_000_000,
    most_bytes=5_000, most_bytes_together=9_000,
)  # fmt: skip
EDITOR = ModelEntry(
    id="editor-1",
    name="Editor",
    capabilities=Capabilities(
        modes=("text-to-image", "image-to-image", "inpaint"), most_input_images=3, input_limits=LIMITS
    ),
)


def picture(width: int = 200, height: int = 200, size: int = 10, kind: str = "image/png") -> InputImage:
    return InputImage(data=b"x" * size, mime_type=kind, width=width, height=height)


def able(**changes: Any) -> ModelEntry:
    return replace(EDITOR, capabilities=replace(EDITOR.capabilities, **changes))


def problems(*images: InputImage, mask: InputImage | None = None, model: ModelEntry = EDITOR) -> dict[str, str]:
    return input_problems(CloudGenerationRequest(prompt="a fox", input_images=images, mask=mask), model)


AT_THE_EDGE = {
    "least side": picture(64, 200), "most side": picture(2000, 500), "least pixels": picture(100, 100),
    "most pixels": picture(1000, 1000), "most bytes": picture(size=5_000), "jpeg": picture(kind="image/jpeg"),
}  # fmt: skip
BEYOND = {
    "at least 64 pixels on each side; this has 63×200": picture(63, 200),
    "at least 64 pixels on each side; this has 200×63": picture(200, 63),
    "at most 2,000 pixels on a side; this has 2001×500": picture(2001, 500),
    "at most 2,000 pixels on a side; this has 400×2001": picture(400, 2001),
    "at least 10,000 pixels; this has 9,900": picture(100, 99),
    "at most 1,000,000 pixels; this has 1,001,000": picture(1001, 1000),
    "files of at most 5,000 bytes; this has 5,001": picture(size=5_001),
    "takes PNG, JPEG; this is WEBP": picture(kind="image/webp"),
}


@pytest.mark.parametrize("image", AT_THE_EDGE.values(), ids=AT_THE_EDGE.keys())
def test_a_picture_at_the_edge_of_a_limit_is_taken(image: InputImage) -> None:
    assert problems(image) == {}
    assert problems(image, mask=image) == {}


@pytest.mark.parametrize(("sentence", "image"), BEYOND.items())
def test_a_picture_beyond_a_limit_is_refused_with_limit_and_fact(sentence: str, image: InputImage) -> None:
    (told,) = problems(image).values()
    assert told.startswith("Editor ")
    assert sentence in told


def test_the_picture_at_fault_is_named_by_its_place() -> None:
    found = problems(picture(), picture(63, 200), picture(size=5_001))
    assert set(found) == {"input_images[1]", "input_images[2]"}


def test_all_pictures_together_have_a_limit_too() -> None:
    assert problems(picture(size=4_500), picture(size=4_500)) == {}
    told = problems(picture(size=4_500), picture(size=4_501))["input_images"]
    assert told == "The reference pictures have 9,001 bytes together; at most 9,000 can be sent."


def test_too_many_pictures_are_refused_with_the_number() -> None:
    assert problems(*[picture()] * 3) == {}
    assert problems(*[picture()] * 4) == {"input_images": "Editor takes at most 3 reference pictures."}


def test_a_model_without_pictures_refuses_them_by_name() -> None:
    plain = ModelEntry(id="p", name="Painter")
    assert problems(picture(), model=plain) == {"input_images": "Painter does not have input images."}
    assert problems(model=plain) == {}


def test_a_model_that_works_on_pictures_wants_one() -> None:
    upscaler = able(modes=("image-to-image",))
    assert problems(model=upscaler) == {"input_images": "Editor works on a picture; add one."}
    assert problems(picture(), model=upscaler) == {}


@pytest.mark.parametrize("modes", [("inpaint",), ("text-to-image", "inpaint")])
def test_a_model_that_changes_only_what_a_mask_shows_wants_the_mask(modes: tuple[str, ...]) -> None:
    assert problems(picture(), model=able(modes=modes)) == {"mask": "Editor wants a mask: white is what shall change."}
    assert problems(picture(), mask=picture(), model=able(modes=modes)) == {}
    assert problems(picture(), model=able(modes=modes, mask_optional=True)) == {}


def test_without_a_picture_no_mask_is_wanted() -> None:
    assert problems(model=able(modes=("text-to-image", "inpaint"))) == {}


def test_a_model_that_also_edits_whole_pictures_needs_no_mask() -> None:
    assert problems(picture()) == {}


def test_a_mask_is_refused_where_there_is_none() -> None:
    edits = able(modes=("text-to-image", "image-to-image"))
    assert problems(picture(), mask=picture(), model=edits) == {"mask": "Editor does not have a mask."}


def test_a_mask_without_its_picture_is_refused() -> None:
    told = problems(mask=picture())["mask"]
    assert told == "A mask needs the picture it belongs to; add it to input_images."


@pytest.mark.parametrize("image", BEYOND.values(), ids=BEYOND.keys())
def test_a_mask_keeps_the_limits_too(image: InputImage) -> None:
    same_shape = replace(picture(), width=image.width, height=image.height)
    limits = replace(LIMITS, most_side=4000, least_side=1, least_pixels=1, most_pixels=10**9)
    found = problems(same_shape, mask=image, model=able(input_limits=replace(limits, formats=LIMITS.formats)))
    strict = problems(same_shape, mask=image)
    assert "mask" in strict
    assert ("mask" in found) is (len(image.data) > 5_000 or image.mime_type == "image/webp")


SHAPES = [
    ((200, 200), (200, 200), True), ((100, 100), (200, 200), True), ((800, 800), (200, 200), True),
    ((119, 120), (238, 240), True), ((100, 100), (201, 200), True), ((100, 100), (202, 200), True),
    ((100, 100), (203, 200), False), ((100, 100), (197, 200), False), ((200, 100), (100, 200), False),
    ((341, 256), (1024, 768), True), ((512, 288), (1138, 640), True), ((100, 200), (200, 200), False),
]  # fmt: skip


@pytest.mark.parametrize(("mask", "first", "fits"), SHAPES)
def test_a_mask_has_the_shape_of_its_picture_to_within_two_pixels(
    mask: tuple[int, int], first: tuple[int, int], fits: bool
) -> None:
    found = problems(picture(*first), mask=picture(*mask))
    assert found == {} if fits else "give both the same shape" in found["mask"]


def test_a_mask_belongs_to_the_first_picture() -> None:
    assert problems(picture(200, 200), picture(300, 200), mask=picture(400, 400)) == {}
    assert "mask" in problems(picture(300, 200), picture(200, 200), mask=picture(400, 400))


def test_a_wish_is_refused_with_its_pictures_faults_beside_all_others() -> None:
    wish = CloudGenerationRequest(prompt="a fox", style="oil", input_images=(picture(63, 200),), mask=picture(300, 200))
    with pytest.raises(InvalidField) as refused:
        normalise(wish, EDITOR)
    assert set(refused.value.fields) == {"style", "input_images[0]", "mask"}
