"""Models of Together's list: the free check, and registrations by id with the list's own price."""

import pytest

from providers.base import Rejected
from providers.together.tests.stage import KEY, answering

FLAT = {"hourly": 0, "input": 0, "output": 0, "base": 0, "finetune": 0}


def listed(model_id="someone/new-image", kind="image", **pricing):
    return {"id": model_id, "object": "model", "created": 0, "type": kind, "display_name": "New Image",
            "organization": "Someone", "pricing": {**FLAT, **pricing}}  # fmt: skip


def described(model):
    return answering(200, [listed("openai/gpt-oss-20b", "chat"), model]).describe(model["id"], KEY)


def test_the_free_check_counts_image_models_in_either_form_of_the_list():
    models = [listed(), listed("a/chat", "chat"), listed("b/image")]
    for body in (models, {"object": "list", "data": models}):
        assert "2 image model(s), free of charge" in answering(200, body).validate_credentials(KEY)


@pytest.mark.parametrize("body", ["<html>a page</html>", {"unheard": "of"}, '"text"', ""])
def test_an_address_that_is_not_togethers_is_told(body):
    with pytest.raises(Rejected, match="not as Together does"):
        answering(200, body).validate_credentials(KEY)


def test_an_exact_price_by_the_megapixel_becomes_the_models_price():
    entry = described(listed(image_pixel={"price_per_megapixel": 0.0058, "min_steps": 0}))
    (line,) = entry.prices[0].lines
    assert (line.unit, line.amount, line.per) == ("pixel", "0.0058", 1_000_000)
    assert entry.capabilities.facts["priced_by"] == "pixel"
    assert (entry.name, entry.prices[0].source) == ("New Image", "https://api.together.ai/v1/models")


def test_usual_steps_of_the_list_are_part_of_the_price():
    entry = described(listed(image_pixel={"price_per_megapixel": 0.04, "min_steps": 28}))
    (line,) = entry.prices[0].lines
    assert (line.unit, line.amount, line.per) == ("pixel_step", "0.04", 28_000_000)
    assert entry.capabilities.facts["usual_steps"] == 28


@pytest.mark.parametrize("pricing", [
    {}, {"image": {"example_price": 0.05, "example_description": "2K"}}, {"image_pixel": {"price_per_megapixel": 0}},
    {"image_pixel": {"price_per_megapixel": -1}}, {"image_pixel": {"price_per_megapixel": "0.1"}},
    {"image_pixel": {"price_per_megapixel": 0.1, "min_steps": 10**9}}, {"image_pixel": {"price_per_megapixel": True}},
])  # fmt: skip
def test_a_price_that_bounds_nothing_is_told_and_not_used(pricing):
    entry = described(listed(**pricing))
    assert entry.prices == ()
    assert "priced_by" not in entry.capabilities.facts
    assert "by hand" in entry.description
    assert ("$0.05" in entry.description) is ("image" in pricing)


@pytest.mark.parametrize(("model_id", "words"), [
    ("nobody/knows-this", "has no model"), ("someone/NEW-image", "has no model"),
    ("openai/gpt-oss-20b", "something else"),
])  # fmt: skip
def test_what_is_no_image_model_of_the_list_is_refused(model_id, words):
    with pytest.raises(Rejected, match=words) as error:
        answering(200, [listed("openai/gpt-oss-20b", "chat"), listed()]).describe(model_id, KEY)
    assert error.value.code == "capability"
