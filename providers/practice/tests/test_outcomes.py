"""Every outcome that a prompt can ask for, as the hub sees it."""

import time

import pytest

from providers.base import FAILURES, Busy, OutcomeUnknown, Rejected
from providers.http import transmission
from providers.practice import studio
from providers.practice.client import OUTCOMES, Practice
from providers.practice.outcomes import read_wishes


def test_busy_says_when_to_come_back_and_stays_busy(practice, no_key, wish):
    for _ in range(3):
        with pytest.raises(Busy, match=r"Practice API error \(HTTP 429\): Rate limit exceeded") as caught:
            practice.start(wish(prompt="a lake #busy"), no_key)
        assert (caught.value.code, caught.value.retry_after) == ("rate_minute", 1.0)


def test_busy_twice_draws_the_third_time(practice, no_key, wish):
    request = wish(prompt="a lake #busy:2")
    for _ in range(2):
        with pytest.raises(Busy):
            practice.start(request, no_key)
    assert len(practice.start(request, no_key).images) == 1


def test_busy_once_starts_afresh_after_the_picture_came(practice, no_key, wish):
    request = wish(prompt="a lake #busy:1")
    with pytest.raises(Busy):
        practice.start(request, no_key)
    practice.start(request, no_key)
    with pytest.raises(Busy):
        practice.start(request, no_key)


def test_another_seed_is_busy_for_itself(practice, no_key, wish):
    with pytest.raises(Busy):
        practice.start(wish(prompt="a lake #busy:1"), no_key)
    with pytest.raises(Busy):
        practice.start(wish(prompt="a lake #busy:1", seed=8), no_key)


def test_the_memory_of_the_busy_is_bounded(practice, no_key, wish, monkeypatch):
    monkeypatch.setattr(studio, "MOST_REMEMBERED", 2)
    for seed in (1, 2, 3, 1):
        with pytest.raises(Busy):
            practice.start(wish(prompt="a lake #busy:1", seed=seed), no_key)


@pytest.mark.parametrize(
    ("word", "code"),
    [("#refuse", "refused_prompt"), ("#refuse-output", "refused_output"), ("#text", "no_image_text_answer")],
)
def test_a_refusal_is_not_billed_and_says_so(practice, no_key, wish, word, code):
    with pytest.raises(Rejected, match="It was not billed") as caught:
        practice.start(wish(prompt=f"a lake {word}"), no_key)
    assert (caught.value.code, caught.value.billed) == (code, {})
    assert caught.value.request_id.startswith("practice-")
    assert caught.value.remedy == FAILURES[code].remedy


def test_a_text_answer_brings_the_words_of_the_model(practice, no_key, wish):
    with pytest.raises(Rejected) as caught:
        practice.start(wish(prompt="a lake #text"), no_key)
    assert caught.value.answer_text == studio.TEXT_ANSWER


def test_a_lost_answer_is_an_unknown_outcome_after_the_work_was_done(practice, no_key, wish, monkeypatch):
    drawn = []
    monkeypatch.setattr(studio, "draw", lambda order, draw=studio.draw: drawn.append(order) or draw(order))
    with pytest.raises(OutcomeUnknown, match="after the request was sent") as caught:
        practice.start(wish(prompt="a lake #lost"), no_key)
    assert caught.value.code == "unknown_outcome"
    assert len(drawn) == 1


@pytest.mark.parametrize(("asked", "delivered"), [(4, 3), (2, 1), (1, 0)])
def test_a_partial_answer_bills_what_it_delivers(practice, no_key, wish, model, asked, delivered):
    response = practice.start(wish(prompt="a lake #partial", num_images=asked), no_key)
    assert len(response.images) == len(response.pictures) == delivered
    assert practice.billed(response, model) == {"image": delivered, "image:0.5K": delivered}


def test_a_broken_answer_is_billed_all_the_same(practice, no_key, wish):
    with pytest.raises(Rejected, match="no readable picture. It was billed") as caught:
        practice.start(wish(prompt="a lake #broken", num_images=2), no_key)
    assert (caught.value.code, caught.value.billed) == ("invalid_output", {"image": 2, "image:0.5K": 2})


def test_an_overrun_bills_twice_the_quote(practice, no_key, wish, model):
    request = wish(prompt="a lake #overrun", num_images=2)
    response = practice.start(request, no_key)
    quoted = practice.quantities(request, model)
    assert practice.billed(response, model) == {unit: count * 2 for unit, count in quoted.items()}


def test_slow_takes_the_time_asked_for(practice, no_key, wish):
    began = time.monotonic()
    assert practice.start(wish(prompt="a lake #slow:0.4"), no_key).images
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize(
    ("prompt", "seconds"),
    [("#slow", 5.0), ("#slow:12", 12.0), ("#slow:9999", 600.0), ("#slow:0", 0.0), ("a lake", 0.0)],
)
def test_the_slowness_is_bounded(prompt, seconds):
    assert read_wishes(prompt).slow_seconds == seconds


def test_words_stand_together_and_leave_the_prompt(practice):
    wishes = read_wishes("a  #Lost lake #slow:3 at #sunset, #busyness or a#busy")
    assert wishes.words == {"lost", "slow"}
    assert wishes.prompt == "a lake at #sunset, #busyness or a#busy"


def test_an_outcome_word_does_not_change_the_drawing(practice, no_key, wish):
    plain = practice.start(wish(), no_key)
    assert practice.start(wish(prompt="a quiet lake #overrun"), no_key).images == plain.images


@pytest.mark.parametrize("word", OUTCOMES)
def test_every_word_that_pages_list_is_understood(word):
    assert read_wishes(f"a lake {word}").prompt == "a lake"


def test_a_kept_answer_is_read_again_without_drawing(practice, no_key, wish, tmp_path, monkeypatch):
    request = wish(seed=None)
    with transmission(tmp_path / "attempt"):
        first = practice.start(request, no_key)
    monkeypatch.setattr(studio, "draw", lambda order: pytest.fail("A replay must not draw."))
    with transmission(tmp_path / "attempt", replay=True):
        assert practice.start(request, no_key) == first


def test_a_call_whose_leave_is_too_old_does_not_reach_the_studio(practice, no_key, wish, tmp_path, monkeypatch):
    monkeypatch.setattr(studio, "draw", lambda order: pytest.fail("It was sent."))
    with transmission(tmp_path / "attempt", send_before=0.0), pytest.raises(Busy, match="nothing was sent"):
        practice.start(wish(), no_key)


def test_a_lost_answer_is_not_on_disk(no_key, wish, tmp_path):
    with transmission(tmp_path / "attempt"), pytest.raises(OutcomeUnknown):
        Practice().start(wish(prompt="a lake #lost"), no_key)
    assert list(tmp_path.iterdir()) == []
