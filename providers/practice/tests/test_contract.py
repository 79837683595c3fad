"""The practice vendor's place in the hub: catalogue, quote and bill, credentials, what is stored of an answer."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from providers.base import CloudGenerationRequest, InvalidField, Key, Rejected
from providers.practice.client import MODELS, OUTCOMES
from providers.practice.drawing import PALETTES, STYLES


def test_it_is_registered_from_the_start_and_needs_no_key(practice, model):
    assert (practice.id, model.id, model.registered_from_start) == ("practice", "practice-1", True)
    assert practice.key_variables == ()
    assert practice.validate_credentials(Key({})) == "The practice vendor needs no key."


def test_it_has_every_ability(model):
    able = model.capabilities
    assert able.modes == ("text-to-image", "image-to-image", "inpaint")
    assert able.seed == "guaranteed"
    assert able.images_per_call == 4
    assert able.negative_prompt
    assert able.guidance_scale
    assert able.strength
    assert able.transparency
    assert able.output_formats == ("png", "jpeg", "webp")


def test_the_catalogue_offers_exactly_what_can_be_drawn(model):
    assert set(model.capabilities.styles) == set(STYLES)
    assert set(model.capabilities.options[0].choices) == set(PALETTES)


@pytest.mark.parametrize("resolution", ["0.5K", "1K", "2K"])
def test_the_ten_ratios_have_honest_sizes(model, resolution):
    table = model.capabilities.sizes[resolution]
    assert len(table) == 10
    for ratio, (width, height) in table.items():
        across, down = ratio.split(":")
        assert width * int(down) == height * int(across), ratio


def test_pictures_at_one_k_have_about_a_megapixel(model):
    for width, height in model.capabilities.sizes["1K"].values():
        assert 900_000 <= width * height <= 1_100_000
        assert width % 16 == height % 16 == 0


def test_prices_are_exact_text_above_zero_in_practice_money(model):
    price = model.prices[0]
    amounts = {line.unit: line.amount for line in price.lines}
    assert price.currency == "XTS"
    assert amounts == {"image:0.5K": "0.005000", "image:1K": "0.010000", "image:2K": "0.025000"}
    assert all(isinstance(amount, str) and Decimal(amount) > 0 for amount in amounts.values())


@pytest.mark.parametrize("resolution", [None, "0.5K", "2K"])
def test_every_quoted_unit_but_the_picture_has_a_price(practice, model, resolution):
    request = CloudGenerationRequest(prompt="x", num_images=3, resolution=resolution)
    quantities = practice.quantities(request, model)
    assert quantities == {"image": 3, f"image:{resolution or '1K'}": 3}
    assert set(quantities) - {"image"} <= {line.unit for line in model.prices[0].lines}


@pytest.mark.parametrize("prompt", ["a lake", "a lake #partial"])
def test_the_bill_never_exceeds_the_quote_and_is_in_whole_numbers(practice, no_key, wish, model, prompt):
    request = wish(prompt=prompt, num_images=2)
    quote, bill = practice.quantities(request, model), practice.billed(practice.start(request, no_key), model)
    assert set(bill) == set(quote)
    assert all(type(count) is int and count <= quote[unit] for unit, count in bill.items())


def test_the_stored_answer_is_json_without_the_picture(practice, no_key, wish):
    response = practice.start(wish(), no_key)
    stored = json.dumps(response.provider_response)
    assert len(stored) < 1000
    assert response.provider_response["id"] == response.request_id
    assert response.provider_response["pictures"][0]["seed"] == 7


def test_every_call_has_an_id_of_its_own(practice, no_key, wish):
    first, second = (practice.start(wish(), no_key).request_id for _ in range(2))
    assert first.startswith("practice-")
    assert first != second


def test_a_jpeg_cannot_be_transparent(practice, model):
    request = CloudGenerationRequest(prompt="x", background="transparent", output_format="jpeg")
    with pytest.raises(InvalidField, match="output_format: JPEG has no transparency"):
        practice.normalise(request, model)


def test_normalising_twice_changes_nothing(practice, model):
    first, _ = practice.normalise(CloudGenerationRequest(prompt="x", width=1024, height=1536), model)
    assert practice.normalise(first, model) == (first, [])


def test_a_size_it_lacks_is_matched_with_a_note(practice, model):
    fitted, notes = practice.normalise(CloudGenerationRequest(prompt="x", width=1000, height=1000), model)
    assert fitted.aspect_ratio == "1:1"
    assert notes == ["1000×1000 is asked as 1:1; Practice 1 draws that as 1024×1024."]


def test_an_unknown_model_is_refused(practice, no_key, wish):
    with pytest.raises(Rejected, match="practice-9") as caught:
        practice.start(replace(wish(), model="practice-9"), no_key)
    assert caught.value.code == "model_retired"


def test_the_outcome_words_travel_in_the_stored_capabilities():
    stored = MODELS[0].capabilities.as_json()
    assert stored["facts"]["outcomes"] == OUTCOMES
    assert {"#busy", "#refuse", "#lost", "#partial", "#slow:5"} <= set(OUTCOMES)
