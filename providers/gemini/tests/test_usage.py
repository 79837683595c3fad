"""The quote is never below the bill, and the bill is what Google counted."""

import itertools

import pytest

from providers.gemini.tests.answers import (
    ALL,
    FLASH,
    FLAT,
    NEWEST,
    PRO,
    USAGE,
    VENDOR,
    answer,
    candidate,
    drawn,
    entry,
    image_part,
    reference,
    wish,
)
from providers.gemini.wire import from_answer, to_body

PROMPTS = ("a", "Ein Fuchs im Schnee, 山の狐 🦊 " * 400)


def billed(model_id, document, **changes):
    model = entry(model_id)
    return VENDOR.billed(from_answer(document, wish(model_id, **changes), model, str), model)


def cost(units, model):
    """A whole number that grows with the price: quantities by the digits of their rates."""
    lines = model.prices[0].lines
    return sum(units.get(line.unit, 0) * int(line.amount.replace(".", "")) for line in lines)


def every_wish(model_id):
    able = entry(model_id).capabilities
    levels = [{}, *({option.name: choice} for option in able.options for choice in option.choices)]
    counts = (0, 1, able.most_input_images)
    choices = itertools.product(able.resolutions or (None,), (None, *able.aspect_ratios), counts, levels, PROMPTS)
    for resolution, ratio, pictures, options, prompt in choices:
        yield wish(model_id, resolution=resolution, aspect_ratio=ratio, options=options, prompt=prompt,
                   input_images=(reference(),) * pictures)  # fmt: skip


def largest_usage(request, model):
    """The most that Google could count: a token a byte, full pictures, and output up to the bound that was sent."""
    facts = model.capabilities.facts
    image = facts.get("image_tokens", {}).get(request.resolution or "", 1290)
    most = to_body(request, model)["generationConfig"].get("maxOutputTokens", 32_768)
    return {
        "promptTokenCount": len(request.prompt.encode()) + 60 + 1120 * len(request.input_images),
        "candidatesTokenCount": image + (most - image) // 3,
        "thoughtsTokenCount": most - image - (most - image) // 3,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": image}],
    }


@pytest.mark.parametrize("model_id", ALL)
def test_i8_the_quote_is_an_upper_bound_of_the_bill_for_every_priced_wish(model_id):
    model = entry(model_id)
    for request in every_wish(model_id):
        document = answer(candidate(image_part()), usageMetadata=largest_usage(request, model))
        bill = VENDOR.billed(from_answer(document, request, model, str), model)
        assert cost(bill, model) <= cost(VENDOR.quantities(request, model), model)


@pytest.mark.parametrize("model_id", ALL)
def test_every_unit_of_a_quote_stands_in_the_price_list(model_id):
    priced = {line.unit for line in entry(model_id).prices[0].lines}
    units = set(VENDOR.quantities(wish(model_id), entry(model_id)))
    assert "image" in units
    assert priced <= units
    assert units - {"image"} <= priced


def test_a_quote_counts_bytes_reference_pictures_and_the_bounded_output():
    request = wish(FLASH, prompt="Fuchs 🦊", resolution="4K", input_images=(reference(),) * 2)
    assert VENDOR.quantities(request, entry(FLASH)) == {
        "image": 1, "input_token": 10 + 64 + 2 * 1120, "text_output_token": 4096, "image_output_token": 2520,
    }  # fmt: skip


def test_the_flat_model_quotes_and_bills_one_picture_whatever_its_tokens():
    assert VENDOR.quantities(wish(FLAT, input_images=(reference(),) * 3), entry(FLAT)) == {"image": 1}
    assert billed(FLAT, drawn()) == {"image": 1}


def test_image_details_are_billed_as_image_and_the_rest_with_the_thoughts_as_text():
    assert billed(PRO, drawn()) == {
        "image": 1, "input_token": 2076, "text_output_token": 1332 - 1120 + 137, "image_output_token": 1120,
    }  # fmt: skip


def test_details_of_text_are_not_billed_as_image():
    details = [{"modality": "TEXT", "tokenCount": 212}, {"modality": "IMAGE", "tokenCount": 1120}]
    assert billed(PRO, drawn(usageMetadata={**USAGE, "candidatesTokensDetails": details})) == billed(PRO, drawn())


def test_tokens_of_tools_are_input():
    bill = billed(NEWEST, drawn(usageMetadata={**USAGE, "toolUsePromptTokenCount": 24}))
    assert bill["input_token"] == 2076 + 24


def test_counts_written_as_digits_are_read():
    assert billed(NEWEST, drawn(usageMetadata={**USAGE, "thoughtsTokenCount": "900"}))["text_output_token"] == 212 + 900


@pytest.mark.parametrize("usage", [None, {}, [], "many", 7])
def test_without_usage_the_whole_quote_is_booked(usage):
    assert billed(NEWEST, drawn(usageMetadata=usage)) == VENDOR.quantities(wish(NEWEST), entry(NEWEST))


@pytest.mark.parametrize("odd", [-5, 2**31, 1.5, True, None, "1e3", "-1", "9" * 5000, [], {}])
def test_an_impossible_count_is_no_count(odd):
    bill = billed(NEWEST, drawn(usageMetadata={**USAGE, "promptTokenCount": odd}))
    assert bill["input_token"] == VENDOR.quantities(wish(NEWEST), entry(NEWEST))["input_token"]


def test_without_details_one_picture_is_taken_from_the_candidates():
    usage = {key: value for key, value in USAGE.items() if key != "candidatesTokensDetails"}
    bill = billed(PRO, drawn(usageMetadata=usage))
    assert (bill["image_output_token"], bill["text_output_token"]) == (1120, 212 + 137)


def test_without_candidate_counts_one_picture_is_booked():
    bill = billed(PRO, drawn(usageMetadata={"promptTokenCount": 9}), resolution="4K")
    assert bill == {"image": 1, "input_token": 9, "text_output_token": 0, "image_output_token": 2000}
