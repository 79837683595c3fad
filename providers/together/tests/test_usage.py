"""Prices by the megapixel and by the picture: bounds, and what is booked."""

import math
from fractions import Fraction

import pytest

from providers.together.tests.stage import (
    FLEX,
    KEY,
    KONTEXT,
    MAX,
    PRO,
    PRO_1_1,
    SCHNELL,
    VENDOR,
    answer,
    answering,
    entry,
    picture,
    wish,
)

# Dollars a megapixel, by https://docs.together.ai/docs/serverless/models in May 2026.
MEGAPIXEL = {
    MAX: "0.07", PRO_1_1: "0.04", KONTEXT: "0.04", "black-forest-labs/FLUX.1-kontext-max": "0.08",
    SCHNELL: "0.0027",
}  # fmt: skip


def micro(units, model_id):
    (line,) = entry(model_id).prices[-1].lines
    return math.ceil(Fraction(line.amount) * 1_000_000 * units[line.unit] / line.per)


def quote(model_id, **changes):
    return micro(VENDOR.quantities(wish(model_id, **changes), entry(model_id)), model_id)


@pytest.mark.parametrize("model_id", MEGAPIXEL)
def test_i1_the_price_of_a_megapixel_is_the_pages(model_id):
    (prices,) = entry(model_id).prices
    (line,) = prices.lines
    usual = entry(model_id).capabilities.facts.get("usual_steps", 1)
    assert Fraction(line.amount) / line.per * 1_000_000 * usual == Fraction(MEGAPIXEL[model_id])


def test_models_that_are_billed_by_an_estimate_have_no_price():
    unpriced = {model.id for model in VENDOR.models if not model.prices}
    assert unpriced == {PRO, FLEX, "black-forest-labs/FLUX.2-dev", "Rundiffusion/Juggernaut-Lightning-Flux"}
    assert VENDOR.quantities(wish(PRO, num_images=3), entry(PRO)) == {"image": 3}


@pytest.mark.parametrize(
    ("size", "count", "expected"),
    [((1024, 1024), 1, 73_401), ((1024, 1024), 2, 146_801), ((512, 512), 1, 18_351), ((1920, 1920), 4, 1_032_192)],
)
def test_i7_megapixels_are_counted_exactly_and_rounded_up_once(size, count, expected):
    assert quote(MAX, width=size[0], height=size[1], num_images=count) == expected


def test_i7_kontext_is_bounded_before_and_charged_for_what_came():
    got = answering(200, answer(picture((1344, 768)), model=KONTEXT)).start(wish(KONTEXT), KEY)
    assert VENDOR.billed(got, entry(KONTEXT)) == {"image": 1, "pixel_step": 1344 * 768 * 28}
    # 1.032192 megapixels at $0.04, within 1.1 of them.
    assert micro(VENDOR.billed(got, entry(KONTEXT)), KONTEXT) == 41_288 < quote(KONTEXT) == 44_000


@pytest.mark.parametrize(("steps", "expected"), [(None, 44_000), (1, 44_000), (28, 44_000), (42, 66_000), (50, 78_572)])
def test_i7_more_steps_than_usual_cost_more_and_fewer_cost_no_less(steps, expected):
    assert quote(KONTEXT, options={"steps": steps} if steps else {}) == expected


def test_i7_fewer_pictures_than_asked_are_charged_as_they_came():
    got = answering(200, answer(picture())).start(wish(num_images=4), KEY)
    assert VENDOR.billed(got, entry()) == {"image": 1, "pixel": 1024 * 1024}
