"""Submitting: priced, held and written down, or refused with nothing changed."""

import json
from typing import Any

import pytest

from cloudhub.billing.models import BudgetWindow, Hold, LedgerEntry
from cloudhub.catalog.models import Price
from cloudhub.catalog.prices import block_price
from cloudhub.catalog.register import change_model
from cloudhub.core.errors import BudgetExceeded, Conflict, Forbidden, HubError, Invalid, NotFound
from cloudhub.generations.models import Attempt, Generation, Image
from tests.conftest import Cast
from tests.generations.stage import PRACTICE, as_data_uri, attempts_of, budget, png, submit

TABLES = (Generation, Attempt, Hold, LedgerEntry, Image)


def rows() -> list[int]:
    return [table.objects.count() for table in TABLES]


def test_a_wish_is_written_down_with_its_quote(cast: Cast) -> None:
    generation = submit(cast.bob, seed=5, width=1024, height=1024, tags=["cover", "cover", "xmas"]).generation
    attempt = attempts_of(generation)[0]
    assert (generation.state, generation.door, generation.claims) == ("queued", "queued", 0)
    assert generation.request["width"] == 1024
    assert generation.sent["aspect_ratio"] == "1:1"
    assert generation.tag_list == ["cover", "xmas"]
    assert attempt.hold.amount_micros == generation.estimate_micros == 10_000
    assert attempt.hold.price_id is not None
    assert attempt.hold.user == cast.bob.user


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"prompt": ""}, "prompt"),
    ({"prompt": "a \ud800 fox"}, "prompt"),
    ({"options": {"palette": ["\x00"]}}, "options"),
    ({"options": {"palette": json.loads("[" * 300 + "]" * 300)}}, "options"),
    ({"seed": 10**40}, "seed"),
    ({"strength": float("nan")}, "strength"),
    ({"num_images": 11}, "num_images"),
    ({"aspect_ratio": "5:6"}, "aspect_ratio"),
    ({"width": 512}, "height"),
    ({"colour": "red"}, "colour"),
    ({"model_id": "x"}, "model_id"),
    ({"options": {"nonsense": 1}}, "options.nonsense"),
    ({"input_images": "x"}, "input_images"),
    ({"input_images": ["no such id"]}, "input_images[0]"),
    ({"input_images": ["data:image/png;base64,%%%"]}, "input_images[0]"),
    ({"input_images": ["data:image/png,plain"]}, "input_images[0]"),
    ({"input_images": [as_data_uri("image/svg+xml", b"<svg/>")]}, "input_images[0]"),
    ({"input_images": [5]}, "input_images[0]"),
    ({"mask": as_data_uri("image/png", png())}, "mask"),
    ({"tags": "cover"}, "tags"),
    ({"tags": ["a|b"]}, "tags"),
    ({"tags": [""]}, "tags"),
    ({"tags": ["\udfff"]}, "tags"),
    ({"tags": [str(number) for number in range(21)]}, "tags"),
]


@pytest.mark.parametrize(("fields", "field"), REFUSED, ids=lambda value: value if isinstance(value, str) else None)
def test_a_wrong_field_is_named_and_leaves_no_row(cast: Cast, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        submit(cast.bob, **{"prompt": "a fox", **fields})
    assert set(refused.value.fields) == {field}
    assert rows() == [0] * len(TABLES)


def test_a_refusal_of_money_leaves_no_row_and_no_counter(cast: Cast) -> None:
    budget(cast.alice, "0.009999", "XTS")
    with pytest.raises(BudgetExceeded) as refused:
        submit(cast.bob, input_images=[as_data_uri("image/png", png())])
    assert (refused.value.remaining, refused.value.needed) == (9_999, 10_000)
    assert rows() == [0] * len(TABLES)
    assert BudgetWindow.objects.get().held_micros == 0


def test_a_picture_that_came_with_the_wish_is_kept_with_it(cast: Cast) -> None:
    generation = submit(cast.bob, input_images=[as_data_uri("image/png", png())]).generation
    image = Image.objects.get()
    assert generation.request["input_images"] == generation.sent["input_images"] == [str(image.id)]
    assert (image.generation_id, image.attempt_id, image.width) == (None, None, 300)


def test_the_picture_of_another_team_does_not_exist(cast: Cast) -> None:
    foreign = submit(cast.charlie, input_images=[as_data_uri("image/png", png())])
    with pytest.raises(Invalid, match="no such picture"):
        submit(cast.bob, input_images=foreign.generation.sent["input_images"])


def test_a_price_that_proved_wrong_takes_no_new_calls(cast: Cast) -> None:
    block_price(Price.objects.get(model=cast.practice).pk, "It billed more.")
    with pytest.raises(Conflict, match="It billed more") as refused:
        submit(cast.bob)
    assert refused.value.code == "price_blocked"
    assert rows() == [0] * len(TABLES)


def test_i6_an_unknown_price_is_refused_while_a_hard_budget_applies(cast: Cast) -> None:
    Price.objects.filter(model=cast.practice).update(lines=[])
    assert submit(cast.bob).generation.estimate_micros is None
    budget(cast.alice, "10", "XTS")
    before = rows()
    with pytest.raises(Invalid) as refused:
        submit(cast.bob)
    assert refused.value.code == "price_unknown"
    assert rows() == before


@pytest.mark.parametrize(("model", "error"), [("nonsense", NotFound), ("", Invalid), (None, Invalid), (5, Invalid)])
def test_a_model_that_is_not_there_is_refused(cast: Cast, model: Any, error: type[HubError]) -> None:
    with pytest.raises(error):
        submit(cast.bob, model)


def test_a_model_that_is_switched_off_is_not_found(cast: Cast) -> None:
    change_model(cast.practice, {"enabled": False})
    with pytest.raises(NotFound, match="switched off"):
        submit(cast.bob)


def test_a_viewer_may_not_generate(cast: Cast) -> None:
    with pytest.raises(Forbidden, match="may not generate"):
        submit(cast.victor)
    assert rows() == [0] * len(TABLES)


def test_a_models_defaults_count_where_the_wish_says_nothing(cast: Cast) -> None:
    change_model(cast.practice, {"defaults": {"aspect_ratio": "16:9", "num_images": 2}})
    assert submit(cast.bob).generation.request["aspect_ratio"] == "16:9"
    square = submit(cast.bob, PRACTICE, width=1024, height=1024, num_images=1).generation
    assert (square.sent["aspect_ratio"], square.num_images) == ("1:1", 1)
