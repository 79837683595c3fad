"""One mask for people, three for vendors: whatever the picture's kind, the same parts shall change."""

import io
from typing import Any

import pytest
from PIL import Image

from providers.base import InputImage
from providers.masks import black_changes, has_see_through_parts, see_through_changes, white_changes

# Left to right: stays, changes a little, changes half, changes.
LEVELS = [0, 64, 128, 255]


def as_input(picture: Image.Image, kind: str = "PNG", **options: Any) -> InputImage:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    mime = f"image/{kind.lower()}"
    return InputImage(data=file.getvalue(), mime_type=mime, width=picture.width, height=picture.height)


def row(mode: str, pixels: list[Any]) -> Image.Image:
    picture = Image.new(mode, (len(pixels), 1))
    for x, pixel in enumerate(pixels):
        picture.putpixel((x, 0), pixel)
    return picture


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    assert picture.format == "PNG"
    return picture


def levels(data: bytes) -> list[int]:
    picture = opened(data)
    assert picture.mode == "L"
    return list(picture.tobytes())


def palette_mask(transparency: int | bytes) -> InputImage:
    picture = row("P", [0, 1, 2, 3])
    picture.putpalette([0, 0, 0, 80, 80, 80, 160, 160, 160, 255, 255, 255])
    return as_input(picture, transparency=transparency)


MASKS = {
    "grey": as_input(row("L", LEVELS)),
    "colour": as_input(row("RGB", [(v, v, v) for v in LEVELS])),
    "see-through": as_input(row("RGBA", [(9, 200, 9, 255 - v) for v in LEVELS])),
    "grey and see-through": as_input(row("LA", [(255, 255 - v) for v in LEVELS])),
    "opaque with an alpha channel": as_input(row("RGBA", [(v, v, v, 255) for v in LEVELS])),
    "palette with see-through entries": palette_mask(bytes(255 - v for v in LEVELS)),
    "16 bits": as_input(row("I;16", [v * 257 for v in LEVELS])),
    "lossless webp": as_input(row("RGBA", [(9, 200, 9, 255 - v) for v in LEVELS]), "WEBP", lossless=True, exact=True),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_every_convention_says_the_same_of_every_kind_of_mask(mask: InputImage) -> None:
    assert levels(white_changes(mask)) == pytest.approx(LEVELS, abs=1)
    assert levels(black_changes(mask)) == pytest.approx([255 - level for level in LEVELS], abs=1)
    picture = opened(see_through_changes(mask))
    assert picture.mode == "RGBA"
    assert list(picture.getchannel("A").tobytes()) == pytest.approx([255 - level for level in LEVELS], abs=1)


def test_what_stays_is_white_in_a_see_through_mask() -> None:
    picture = opened(see_through_changes(MASKS["grey"]))
    assert picture.convert("RGB").getcolors() == [(4, (255, 255, 255))]


def test_one_see_through_colour_of_a_palette_is_what_changes() -> None:
    assert levels(white_changes(palette_mask(2))) == [0, 0, 255, 0]


def test_one_see_through_colour_of_a_true_colour_file_is_what_changes() -> None:
    mask = as_input(row("RGB", [(0, 0, 0), (255, 0, 255), (255, 255, 255)]), transparency=(255, 0, 255))
    assert levels(white_changes(mask)) == [0, 255, 0]


def test_a_two_colour_picture_is_read_by_white() -> None:
    assert levels(white_changes(as_input(row("1", [0, 1, 0, 1])))) == [0, 255, 0, 255]


def test_a_photograph_as_a_mask_is_read_by_its_brightness() -> None:
    mask = as_input(Image.new("RGB", (16, 16), "white"), "JPEG")
    assert set(levels(white_changes(mask))) == {255}


def test_colour_says_nothing_where_parts_are_see_through() -> None:
    white_that_stays = as_input(row("RGBA", [(255, 255, 255, 255), (0, 0, 0, 0)]))
    assert levels(white_changes(white_that_stays)) == [0, 255]


@pytest.mark.parametrize("convert", [white_changes, black_changes, see_through_changes])
@pytest.mark.parametrize("size", [(8, 8), (300, 200), (33, 77)])
def test_a_mask_is_scaled_to_its_picture(convert: Any, size: tuple[int, int]) -> None:
    half = Image.new("L", (64, 64), 0)
    half.paste(255, (32, 0, 64, 64))
    assert opened(convert(as_input(half), size)).size == size
    assert opened(convert(as_input(half))).size == (64, 64)


@pytest.mark.parametrize("mask", [MASKS["grey"], MASKS["see-through"]], ids=["grey", "see-through"])
def test_scaling_keeps_sides_and_makes_soft_edges_not_other_ends(mask: InputImage) -> None:
    scaled = levels(white_changes(mask, (40, 3)))
    assert (scaled[0], scaled[39]) == (0, 255)
    assert scaled == scaled[:40] * 3
    assert len(set(scaled)) > 4


def test_the_same_size_is_not_touched() -> None:
    assert white_changes(MASKS["grey"], (4, 1)) == white_changes(MASKS["grey"])


@pytest.mark.parametrize(("name", "has"), [
    ("see-through", True), ("palette with see-through entries", True), ("grey and see-through", True),
    ("opaque with an alpha channel", False), ("grey", False), ("colour", False), ("16 bits", False),
])  # fmt: skip
def test_only_parts_that_are_really_see_through_count(name: str, has: bool) -> None:
    assert has_see_through_parts(MASKS[name]) is has
