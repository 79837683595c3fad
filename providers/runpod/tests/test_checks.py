"""What would silently be lost, or what a workflow lacks, is refused by name before anything is sent."""

import pytest

from providers.base import InvalidField
from providers.runpod.tests.stage import FACTS, REDRAW, WORKFLOW, fitted, own, reference

INPUT = {"input": {"prompt": "{{prompt}}"}}


def problems(model, **fields):
    with pytest.raises(InvalidField) as raised:
        fitted(model, **fields)
    return raised.value.fields


@pytest.mark.parametrize("facts", [{}, {"workflow": {}}, {"input": None}, {"defaults": {"steps": 3}}])
def test_an_endpoint_without_workflow_and_input_says_how_to_register_it(facts):
    assert "API format" in problems(own(facts))["model"]


@pytest.mark.parametrize(
    ("field", "value", "able"),
    [
        ("seed", 7, {}),
        ("negative_prompt", "snow", {}),
        ("guidance_scale", 3, {}),
        ("output_format", "png", {"output_formats": ("png",)}),
        ("num_images", 2, {}),
        ("input_images", (reference(),), {"most_input_images": 1}),
        ("strength", 0.5, {"strength": True}),
    ],
)
def test_a_field_without_a_place_is_refused(field, value, able):
    assert list(problems(own(INPUT, **able), **{field: value})) == [field]


def test_more_pictures_than_a_call_gives_need_no_place():
    assert fitted(own(INPUT, images_per_call=1), num_images=3).num_images == 3


def test_a_size_without_a_place_is_refused():
    assert list(problems(own(INPUT), width=512, height=512)) == ["width"]


def test_an_option_without_a_place_is_refused():
    assert list(problems(own(INPUT), options={"steps": 3})) == ["options.steps"]


def test_a_workflow_names_what_it_needs_and_has_no_usual_value_for():
    facts = {"workflow": {**WORKFLOW, "10": {"inputs": {"s": "{{strength}}"}}}, "defaults": {"guidance_scale": 7}}
    assert list(problems(own(facts, strength=True))) == ["negative_prompt", "strength"]


def test_a_workflow_that_needs_a_picture_says_so():
    model = own({"workflow": REDRAW}, modes=("text-to-image", "inpaint"), most_input_images=1)
    assert set(problems(model)) == {"input_images", "mask"}


def test_a_place_with_an_unknown_name_is_told():
    assert "{{promt}}" in problems(own({"workflow": {"1": {"inputs": {"text": "{{promt}}"}}}}))["model"]


def test_a_seed_is_never_missing_and_a_usual_size_helps():
    assert fitted(own()).seed is None
    assert list(problems(own(FACTS, free_size=None))) == ["height", "width"]
