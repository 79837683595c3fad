"""The quote is never below the bill, and the bill is what OpenAI counted."""

import itertools
from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest

from providers.base import CloudGenerationRequest
from providers.openai.emulator.models import find_model
from providers.openai.tests.answers import (
    ALL,
    DALL_E,
    FIRST,
    FIXED,
    FLARE,
    FLARE_2_5,
    FREE,
    LATE,
    SECOND,
    USAGE,
    VENDOR,
    answer,
    entry,
    mask,
    reference,
    wish,
)
from providers.openai.usage import billed_units, formula_tokens, most_units
from providers.openai.wire import from_answer
from providers.openai_form import read_items

PROMPTS = ("a", "Ein Fuchs im Schnee, 山の狐 🦊 " * 5)


def response_of(request, model, document):
    return from_answer(document, read_items(document), model, most_units(request, model), str, "req_1")


def billed(model_id, document, **changes):
    request = wish(model_id, **changes)
    return VENDOR.billed(response_of(request, entry(model_id), document), entry(model_id))


def cost(units, model):
    rates = rates_of(model.id)
    return sum((rates[unit] * number for unit, number in units.items() if unit != "image"), Fraction(0))


@cache
def rates_of(model_id):
    return {line.unit: Fraction(line.amount) / line.per for line in entry(model_id).prices[0].lines}


def every_wish(model_id):
    """Each quality and size, one and ten pictures, none to sixteen references with a mask, streamed or not."""
    model = entry(model_id)
    able = replace(model.capabilities, images_per_call=10)
    sizes = [{"aspect_ratio": ratio, "resolution": resolution or None}
             for resolution, table in able.sizes.items() for ratio in table]  # fmt: skip
    if able.free_size:
        sizes += [{"width": 2880, "height": 2880}, {"width": 1408, "height": 480}, {"width": 3840, "height": 1280}]
    inputs = [{}] if model_id == DALL_E else [{}, {"input_images": (reference(),) * 16, "mask": mask()}]
    extras = [{}] if model_id == DALL_E else [{}, {"options": {"partial_images": 3}}]
    for size, quality, given in itertools.product(sizes, able.qualities, inputs):
        fitted = wish(model_id, **size, quality=quality, **given)
        for extra, number, prompt in itertools.product(extras, (1, 10), PROMPTS):
            yield replace(fitted, num_images=number, prompt=prompt, **extra)


def largest_usage(request, model_id):
    """The most that the emulator, which has its own table, could count for a wish; auto is its dearest tier."""
    model = find_model(model_id)
    size = pixels_of(request, model_id)
    tiers = model.qualities if request.quality == "auto" else (request.quality,)
    each = max(model.output_tokens(quality, *size) for quality in tiers)
    each += 100 * request.options.get("partial_images", 0)
    pictures = sum(model.input_tokens(image.width, image.height) for image in request.input_images)
    pictures += model.input_tokens(request.mask.width, request.mask.height) if request.mask else 0
    number, text = request.num_images, len(request.prompt.encode()) + 6
    return {
        "input_tokens": number * (text + pictures),
        "input_tokens_details": {"text_tokens": number * text, "image_tokens": number * pictures},
        "output_tokens": number * (each + model.words),
        "output_tokens_details": {"image_tokens": number * each, "text_tokens": number * model.words},
        "total_tokens": number * (text + pictures + each + model.words),
    }


def pixels_of(request, model_id):
    if request.width:
        return request.width, request.height
    able = entry(model_id).capabilities
    return able.sizes[request.resolution or able.default_resolution][request.aspect_ratio]


@pytest.mark.parametrize("model_id", [name for name in ALL if name != DALL_E])
def test_i8_the_quote_is_an_upper_bound_of_the_bill_for_every_priced_wish(model_id):
    model = entry(model_id)
    for request in every_wish(model_id):
        most = VENDOR.quantities(request, model)
        bill = billed_units(largest_usage(request, model_id), model, pictures=request.num_images, most=most)
        assert cost(bill, model) <= cost(most, model), request


def test_i8_every_picture_of_dall_e_3_is_quoted_and_billed_at_its_published_price():
    model = entry(DALL_E)
    prices = {("standard", 1024): "0.04", ("hd", 1024): "0.08", ("standard", 1792): "0.08", ("hd", 1792): "0.12"}
    for request in every_wish(DALL_E):
        most = VENDOR.quantities(request, model)
        bill = billed_units({}, model, pictures=request.num_images, most=most)
        size = pixels_of(request, DALL_E)
        assert cost(bill, model) == cost(most, model)
        assert cost(bill, model) == request.num_images * Fraction(prices[request.quality, max(size)])


@pytest.mark.parametrize("model_id", ALL)
def test_every_unit_of_a_quote_stands_in_the_price_list(model_id):
    priced = {line.unit for line in entry(model_id).prices[0].lines}
    for request in itertools.islice(every_wish(model_id), 0, None, 7):
        units = set(VENDOR.quantities(request, entry(model_id)))
        assert "image" in units
        assert units - {"image"} <= priced


@pytest.mark.parametrize(
    ("size", "quality_factor", "tokens"),
    [
        # community.openai.com/t/1379464 and a usage object of sub2api#3222, all at gpt-image-2 high.
        ((1024, 1024), 96, 7024), ((1536, 1024), 96, 5488), ((1792, 1024), 96, 5063), ((3584, 2048), 96, 12329),
        ((3840, 2160), 96, 13342), ((2880, 2880), 96, 23719),
        ((1024, 1024), 16, 196), ((1024, 1024), 24, 439), ((1024, 1024), 48, 1756), ((1024, 1024), 64, 3122),
        ((976, 704), 16, 129), ((1408, 480), 16, 54), ((1024, 1536), 16, 158), ((1920, 1088), 24, 344),
    ],
)  # fmt: skip
def test_the_formula_gives_every_published_figure(size, quality_factor, tokens):
    assert formula_tokens(quality_factor, *size) == tokens
    assert formula_tokens(quality_factor, *reversed(size)) == tokens


def test_no_size_within_the_rules_is_dearer_than_the_largest_square():
    rules = entry(SECOND).capabilities.free_size
    sides = range(480, rules.most_side + 1, 80)
    legal = [(width, height) for width in sides for height in sides
             if rules.least_pixels <= width * height <= rules.most_pixels
             and max(width, height) <= 3 * min(width, height)]  # fmt: skip
    assert max(formula_tokens(96, *size) for size in legal) <= formula_tokens(96, 2880, 2880)


@pytest.mark.parametrize("model_id", FREE)
def test_a_quality_left_to_the_model_is_quoted_at_its_dearest(model_id):
    model = entry(model_id)
    quotes = {quality: VENDOR.quantities(wish(model_id, quality=quality), model)["image_output_token"]
              for quality in model.capabilities.qualities}  # fmt: skip
    assert quotes["auto"] == max(quotes.values())


def test_the_measured_figures_of_2_6_are_within_the_quote():
    for quality, tokens in (("low", 664), ("high", 1353)):
        assert VENDOR.quantities(wish(FLARE, quality=quality, aspect_ratio="3:2"), entry(FLARE))[
            "image_output_token"
        ] >= tokens  # fmt: skip
    largest = wish(FLARE, quality="high", aspect_ratio="16:9", resolution="4K")
    assert VENDOR.quantities(largest, entry(FLARE))["image_output_token"] >= 3337
    assert VENDOR.quantities(wish(FLARE, quality="auto"), entry(FLARE))["image_output_token"] >= 5800


def test_a_quote_counts_bytes_references_the_mask_partial_pictures_and_the_margin():
    request = wish(FLARE_2_5, prompt="Fuchs 🦊", quality="high", aspect_ratio="1:1", input_images=(reference(),) * 2,
                   mask=mask(), options={"partial_images": 3})  # fmt: skip
    assert VENDOR.quantities(request, entry(FLARE_2_5)) == {
        "image": 1, "text_input_token": 10 + 64, "image_input_token": 3 * 2000,
        "image_output_token": 1844 + 300,
    }  # fmt: skip


@pytest.mark.parametrize("model_id", FIXED)
def test_models_with_a_published_table_are_quoted_by_it(model_id):
    request = wish(model_id, quality="medium", aspect_ratio="2:3")
    assert VENDOR.quantities(request, entry(model_id))["image_output_token"] == 1584


def test_several_pictures_of_one_call_count_the_input_each_time():
    one, three = (VENDOR.quantities(wish(SECOND, num_images=number, input_images=(reference(),)), entry(SECOND))
                  for number in (1, 3))  # fmt: skip
    assert three == {unit: 3 * number for unit, number in one.items()}


def test_the_bill_is_what_was_counted():
    assert billed(FIRST, answer()) == {
        "image": 1, "text_input_token": 11, "image_input_token": 0, "image_output_token": 6240,
    }  # fmt: skip


def test_words_are_billed_apart_where_the_model_has_a_rate_for_them():
    usage = {**USAGE, "output_tokens": 4200, "output_tokens_details": {"image_tokens": 4160, "text_tokens": 40}}
    bill = billed(LATE, answer(usage=usage))
    assert (bill["image_output_token"], bill["text_output_token"]) == (4160, 40)
    assert billed(SECOND, answer(usage=usage))["image_output_token"] == 4200


def test_output_without_its_parts_is_all_image_the_dearer():
    usage = {name: value for name, value in USAGE.items() if name != "output_tokens_details"}
    bill = billed(LATE, answer(usage=usage))
    assert (bill["image_output_token"], bill["text_output_token"]) == (6240, 0)


def test_input_without_its_parts_is_image_as_far_as_the_pictures_can_have_been():
    usage = {"input_tokens": 2500, "output_tokens": 100, "total_tokens": 2600}
    bill = billed(SECOND, answer(usage=usage), input_images=(reference(),))
    assert (bill["image_input_token"], bill["text_input_token"]) == (2000, 500)
    assert billed(SECOND, answer(usage=usage))["image_input_token"] == 0


def test_cached_input_has_its_own_rate_where_the_vendor_tells_it():
    details = {"image_tokens": 1000, "text_tokens": 90,
               "cached_tokens_details": {"image_tokens": 800, "text_tokens": 100}}  # fmt: skip
    bill = billed(SECOND, answer(usage={**USAGE, "input_tokens_details": details}), input_images=(reference(),))
    assert (bill["image_input_token"], bill["cached_image_input_token"]) == (200, 800)
    assert (bill["text_input_token"], bill["cached_text_input_token"]) == (0, 90)
    assert set(bill) - {"image"} <= {line.unit for line in entry(SECOND).prices[0].lines}


@pytest.mark.parametrize("usage", [None, {}, [], "many", 7])
def test_without_usage_the_whole_quote_is_booked(usage):
    assert billed(LATE, answer(usage=usage)) == VENDOR.quantities(wish(LATE), entry(LATE))


@pytest.mark.parametrize("odd", [-5, 2**31, 1.5, True, None, "11", [], {}])
def test_an_impossible_count_is_no_count(odd):
    bill = billed(SECOND, answer(usage={**USAGE, "output_tokens": odd, "output_tokens_details": {}}))
    assert bill["image_output_token"] == VENDOR.quantities(wish(SECOND), entry(SECOND))["image_output_token"]


def test_a_wish_without_a_quality_is_quoted_at_its_dearest():
    raw = CloudGenerationRequest(prompt="a", model=SECOND)
    assert most_units(raw, entry(SECOND))["image_output_token"] >= formula_tokens(96, 1024, 1024)
    assert most_units(raw, entry(LATE))["image_output_token"] == 6240
    assert most_units(raw, entry(DALL_E)) == {"image": 1, "image:hd:1792x1024": 1}
