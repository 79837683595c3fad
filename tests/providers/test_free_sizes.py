"""A size asked of a model with free sizes: always within its rules, the nearest there is, a note iff it changed."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from providers.base import CloudGenerationRequest, FreeSize, ModelEntry, expected_size
from providers.models import Capabilities
from providers.normalise import nearest_size, normalise

SIDES = st.integers(256, 4096)
RULES = st.builds(
    FreeSize,
    step=st.sampled_from([1, 2, 8, 16, 32, 64, 128]),
    least_side=st.integers(1, 1024),
    most_side=st.integers(256, 4096),
    least_pixels=st.integers(0, 2_000_000),
    most_pixels=st.integers(65_536, 16_777_216),
    widest=st.sampled_from([1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 21 / 9, 1000.0]),
)
# As vendors publish them.
KNOWN_RULES = {
    "multiples of 16": FreeSize(step=16, most_side=3840, least_pixels=655_360, most_pixels=8_294_400, widest=3.0),
    "multiples of 32": FreeSize(step=32, least_side=256, most_side=1440),
    "multiples of 64": FreeSize(step=64, least_side=128, most_side=1536, most_pixels=1_048_576),
    "megapixels": FreeSize(step=16, least_side=64, most_side=4096, least_pixels=4096, most_pixels=4_194_304),
    "one shape": FreeSize(step=8, least_side=512, most_side=1024, widest=1.0),
    "narrow bounds": FreeSize(step=8, least_side=512, most_side=1024),
}


def is_within(size: tuple[int, int], rules: FreeSize) -> bool:
    """The rules themselves, written down once more."""
    width, height = size
    return (
        width % rules.step == height % rules.step == 0
        and rules.least_side <= min(size)
        and max(size) <= rules.most_side
        and rules.least_pixels <= width * height <= rules.most_pixels
        and max(size) <= min(size) * rules.widest + 1e-6
    )


def all_sizes(rules: FreeSize) -> Iterator[tuple[int, int]]:
    sides = range(rules.step, rules.most_side + 1, rules.step)
    return ((width, height) for width in sides for height in sides if is_within((width, height), rules))


@given(SIDES, SIDES, RULES)
def test_a_size_is_always_within_the_rules_when_any_is(width: int, height: int, rules: FreeSize) -> None:
    fitted = nearest_size(width, height, rules)
    coarse = replace(rules, step=max(rules.step, 16))
    assume(is_within(fitted, rules) or next(all_sizes(coarse), None) is not None)
    assert is_within(fitted, rules)


@given(SIDES, SIDES, st.sampled_from(sorted(KNOWN_RULES)))
def test_published_rules_are_always_kept(width: int, height: int, name: str) -> None:
    assert is_within(nearest_size(width, height, KNOWN_RULES[name]), KNOWN_RULES[name])


@given(SIDES, SIDES, RULES)
def test_what_fits_already_is_not_changed(width: int, height: int, rules: FreeSize) -> None:
    fitted = nearest_size(width, height, rules)
    assume(is_within(fitted, rules))
    assert nearest_size(*fitted, rules) == fitted


@given(SIDES, SIDES, st.sampled_from([32, 64, 128]), st.integers(200_000, 4_000_000))
def test_no_other_size_is_nearer_to_the_asked_shape_at_the_allowed_pixels(
    width: int, height: int, step: int, most_pixels: int
) -> None:
    rules = FreeSize(step=step, least_side=128, most_side=2048, most_pixels=most_pixels)
    scale = min(1.0, math.sqrt(most_pixels / (width * height)), 2048 / max(width, height))
    wanted = (width * scale, height * scale)
    assume(min(wanted) >= 128)

    def distance(size: tuple[int, int]) -> float:
        return abs(size[0] - wanted[0]) + abs(size[1] - wanted[1])

    assert distance(nearest_size(width, height, rules)) <= min(map(distance, all_sizes(rules))) + 1e-6


@given(SIDES, SIDES, st.sampled_from(sorted(KNOWN_RULES)))
def test_turning_the_wish_turns_the_size(width: int, height: int, name: str) -> None:
    assume(width != height)
    turned = nearest_size(height, width, KNOWN_RULES[name])
    fitted = nearest_size(width, height, KNOWN_RULES[name])
    assert sorted(fitted) == sorted(turned) or abs(sum(fitted) - sum(turned)) <= 2 * KNOWN_RULES[name].step


@pytest.mark.parametrize(("asked", "rules", "drawn"), [
    ((1000, 1000), FreeSize(step=64, most_side=2048), (1024, 1024)),
    ((4096, 4096), FreeSize(step=8, most_pixels=1_048_576), (1024, 1024)),
    ((4096, 2048), FreeSize(step=8, most_side=2048), (2048, 1024)),
    ((256, 256), FreeSize(step=16, least_pixels=655_360), (816, 816)),
    ((4096, 256), FreeSize(step=16, most_side=3840, widest=3.0), (1776, 592)),
    ((4096, 256), FreeSize(step=8, least_side=512, most_side=1024), (1024, 512)),
    ((256, 4096), FreeSize(step=8, least_side=512, most_side=1024), (512, 1024)),
    ((777, 777), FreeSize(step=8, least_side=512, most_side=512), (512, 512)),
    ((1920, 1080), FreeSize(step=8, most_side=4096), (1920, 1080)),
    ((1920, 1080), FreeSize(step=64, most_side=4096), (1920, 1088)),
])  # fmt: skip
def test_sizes_that_people_ask_for(asked: tuple[int, int], rules: FreeSize, drawn: tuple[int, int]) -> None:
    assert nearest_size(*asked, rules) == drawn


@given(SIDES, SIDES)
def test_the_shape_stays_when_only_pixels_are_too_many(width: int, height: int) -> None:
    rules = FreeSize(step=1, least_side=16, most_side=4096, most_pixels=500_000)
    assume(width * height > 500_000)
    across, down = nearest_size(width, height, rules)
    assert abs(math.log(Fraction(across, down) / Fraction(width, height))) < 0.01


def test_rules_that_no_size_keeps_still_give_one() -> None:
    assert nearest_size(1000, 1000, FreeSize(step=64, least_side=100, most_side=120)) == (64, 64)
    assert nearest_size(1000, 900, FreeSize(step=8, least_pixels=900_000, most_pixels=800_000))[0] > 0


def painter(rules: FreeSize, **changes: object) -> ModelEntry:
    return ModelEntry(id="p", name="Painter", capabilities=Capabilities(free_size=rules, **changes))  # type: ignore[arg-type]


@given(SIDES, SIDES, RULES)
def test_there_is_a_note_if_and_only_if_the_size_changed(width: int, height: int, rules: FreeSize) -> None:
    wish = CloudGenerationRequest(prompt="a fox", width=width, height=height)
    fitted, notes = normalise(wish, painter(rules))
    assert bool(notes) is ((fitted.width, fitted.height) != (width, height))
    for note in notes:
        assert f"{width}×{height}" in note
        assert f"{fitted.width}×{fitted.height}" in note
    assert expected_size(fitted, painter(rules)) == (fitted.width, fitted.height)


def test_a_ratio_beside_a_size_wins_and_is_told() -> None:
    able = painter(FreeSize(), sizes={"": {"1:1": (1024, 1024)}})
    fitted, notes = normalise(CloudGenerationRequest(prompt="x", width=600, height=800, aspect_ratio="1:1"), able)
    assert (fitted.width, fitted.aspect_ratio) == (None, "1:1")
    assert notes == ["600×800 is asked as 1:1; Painter draws that as 1024×1024."]


def test_without_a_size_the_models_default_is_expected() -> None:
    able = painter(FreeSize(default=(1024, 768)))
    fitted, notes = normalise(CloudGenerationRequest(prompt="x"), able)
    assert (fitted.width, notes) == (None, [])
    assert expected_size(fitted, able) == (1024, 768)
    assert expected_size(fitted, painter(FreeSize())) is None


def test_a_size_that_a_model_without_any_cannot_take_is_told_not_dropped() -> None:
    able = ModelEntry(id="p", name="Painter")
    fitted, notes = normalise(CloudGenerationRequest(prompt="x", width=600, height=800), able)
    assert (fitted.width, fitted.height) == (None, None)
    assert notes == ["Painter decides the size by itself: 600×800 is not sent."]
