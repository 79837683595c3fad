"""Usage: sums of what was billed, and the ledger line by line."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.api.caller import WISH, Caller

PATH = "/api/v1/usage"


def test_spend_is_summed_by_day(alices: Caller, finished: Callable[..., dict]) -> None:
    finished(num_images=2)
    finished()
    answer = alices.get(PATH).json()
    today = timezone.now().date().isoformat()
    assert answer == {
        "results": [{"group": today, "calls": 2, "images": 3, "amount": "0.015000", "currency": "XTS"}], "next": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("group_by", "group"),
    [("model", "practice-1"), ("provider", "practice"), ("user", "alice@example.org"), ("team", "Studio"),
     ("hub_key", "test"), ("tag", "zoo")],
)  # fmt: skip
def test_spend_can_be_grouped(alices: Caller, finished: Callable[..., dict], group_by: str, group: str) -> None:
    finished(tags=["zoo"])
    (row,) = alices.get(f"{PATH}?group_by={group_by}").json()["results"]
    assert (row["group"], row["amount"]) == (group, "0.005000")


def test_the_range_is_half_open(alices: Caller, finished: Callable[..., dict]) -> None:
    finished()
    assert alices.get(f"{PATH}?since=2020-01-01&until=2020-02-01").json()["results"] == []
    assert len(alices.get(f"{PATH}?since=2020-01-01T00:00:00Z").json()["results"]) == 1


def test_the_ledger_is_shown_newest_first(alices: Caller, finished: Callable[..., dict]) -> None:
    generation = finished(tags=["zoo"])
    settle, hold = alices.get(f"{PATH}/entries").json()["results"]
    assert (hold["kind"], hold["held"], hold["posted"]) == ("hold", "0.005000", "0.000000")
    assert (settle["kind"], settle["held"], settle["posted"]) == ("settle", "-0.005000", "0.005000")
    assert settle["attempt"] == generation["attempts"][0]["id"]
    assert (settle["user"], settle["team"], settle["model"]) == ("alice@example.org", "Studio", "practice-1")
    assert settle["price_version"].startswith("practice-1@")
    assert settle["tags"] == ["zoo"]


def test_the_ledger_is_paged_without_more_queries(
    alices: Caller, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for _ in range(4):
        alices.post("/api/v1/generations", WISH)
    first = alices.get(f"{PATH}/entries?limit=3").json()
    assert len(alices.get(first["next"].removeprefix("http://testserver")).json()["results"]) == 1
    with django_assert_max_num_queries(4):  # type: ignore[attr-defined]
        alices.get(f"{PATH}/entries")
