"""The lines of a recipe, whatever order a database gives its stored wish back in."""

from cloudhub.generations.models import Generation
from cloudhub.web.recipe_words import recipe_words


def test_lines_follow_the_fields_of_a_wish_and_options_their_names() -> None:
    stored = {
        "options": {"steps": 4, "palette": "sea"},
        "style": "ink",
        "quality": "draft",
        "seed": 7,
        "prompt": "a fox",
    }
    generation = Generation(request=stored, sent=dict(sorted(stored.items())))
    assert [line.value for line in recipe_words(generation)] == ["7", "draft", "ink", "sea", "4"]
