"""Places in a job's input, and what becomes of them."""

import pytest

from providers.runpod.template import filled, places


@pytest.mark.parametrize(
    ("template", "values", "result"),
    [
        ("{{seed}}", {"seed": 7}, 7),
        ("{{ seed }}", {"seed": 7}, 7),
        ("seed {{seed}}", {"seed": 7}, "seed 7"),
        ("{{width}}*{{height}}", {"width": 3, "height": 4}, "3*4"),
        ({"a": "{{x}}", "b": 1}, {}, {"b": 1}),
        ({"a": "{{x}} and {{y}}"}, {"x": 1}, {}),
        (["{{x}}", "{{y}}"], {"y": [1, 2]}, [[1, 2]]),
        ({"a": {"b": ["{{x}}"]}}, {"x": False}, {"a": {"b": [False]}}),
        ("{{prompt}}", {"prompt": "{{seed}}", "seed": 7}, "{{seed}}"),
        ("{{prompt}}!", {"prompt": "{{seed}}", "seed": 7}, "{{seed}}!"),
        ("{{}} {{ X }} {x}", {}, "{{}} {{ X }} {x}"),
        (None, {}, None),
        (3.5, {}, 3.5),
        ("{{gone}}", {}, None),
    ],
)
def test_a_template_is_filled_in(template, values, result):
    assert filled(template, values) == result


def test_all_places_are_found():
    assert places({"a": ["{{x}}", {"b": "{{y}} {{z_1}}"}], "c": 3, "{{key}}": None}) == {"x", "y", "z_1"}
