"""Unfinished pictures on the way: shown in order, sharper each time, and never part of the answer."""

import pytest

from providers.base import InputImage, OutcomeUnknown, Rejected
from providers.http import transmission
from providers.pictures import read_picture


def test_previews_come_in_order_and_the_picture_is_the_same_as_without(practice, no_key, wish, tmp_path):
    shown = []
    request = wish(options={"partial_images": 3})
    with transmission(tmp_path / "a", on_preview=lambda data, number: shown.append((number, data))):
        response = practice.start(request, no_key)
    assert [number for number, _ in shown] == [0, 1, 2]
    sizes = [len(data) for _, data in shown]
    assert sizes == sorted(sizes), "a sharper picture has more to tell"
    assert {read_picture(data).mime_type for _, data in shown} == {"image/webp"}
    assert response.images == practice.start(wish(), no_key).images
    assert practice.billed(response, practice.models[0]) == {"image": 1, "image:0.5K": 1}


def test_a_kept_answer_with_previews_is_read_again(practice, no_key, wish, tmp_path):
    request, shown = wish(options={"partial_images": 1}), []
    with transmission(tmp_path / "a"):
        first = practice.start(request, no_key)
    with transmission(tmp_path / "a", replay=True, on_preview=lambda *_: shown.append(1)):
        again = practice.start(request, no_key)
    assert (again.images, shown) == (first.images, [])


def test_a_lost_answer_is_unknown_after_its_previews(practice, no_key, wish, tmp_path):
    shown = []
    with (
        pytest.raises(OutcomeUnknown),
        transmission(tmp_path / "a", on_preview=lambda _, number: shown.append(number)),
    ):
        practice.start(wish(prompt="a lake #lost", options={"partial_images": 1}), no_key)
    assert shown == [0]


@pytest.mark.parametrize("word", ["#refuse", "#refuse-output", "#text", "#broken"])
def test_what_gives_no_picture_shows_none(practice, no_key, wish, tmp_path, word):
    shown = []
    with pytest.raises(Rejected), transmission(tmp_path / "a", on_preview=lambda *_: shown.append(1)):
        practice.start(wish(prompt=f"a lake {word}", options={"partial_images": 1}), no_key)
    assert shown == []


def test_an_unreadable_reference_is_refused_with_previews_too(practice, no_key, wish):
    broken = InputImage(data=b"no picture", mime_type="image/png", width=512, height=512)
    with pytest.raises(Rejected, match="cannot be read. It was not billed"):
        practice.start(wish(input_images=(broken,), options={"partial_images": 1}), no_key)
