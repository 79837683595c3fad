"""Budgets: made, read as they stand, changed and ended."""

from collections.abc import Callable

from cloudhub.accounts.actor import Actor
from cloudhub.billing.models import Budget, BudgetWindow
from tests.api.caller import WISH, Caller

PATH = "/api/v1/budgets"
BUDGET = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}


def test_a_budget_is_answered_as_the_interface_has_it(alices: Caller) -> None:
    answer = alices.post(PATH, {**BUDGET, "timezone": "Europe/Berlin", "alerts": [90]})
    budget = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver{PATH}/{budget['id']}"
    figures = ("limit", "spent", "held", "remaining")
    assert [budget[name] for name in figures] == ["1.000000", "0.000000", "0.000000", "1.000000"]
    assert (budget["scope"], budget["target"], budget["hard"], budget["alerts"]) == ("hub", None, True, [90])
    assert budget["timezone"] == "Europe/Berlin"
    assert budget["window_start"] < budget["window_end"]
    assert alices.get(f"{PATH}/{budget['id']}").json() == budget


def test_a_total_does_not_end(alices: Caller) -> None:
    assert alices.post(PATH, {**BUDGET, "window": "total"}).json()["window_end"] is None


def test_what_is_spent_and_held_is_counted(alices: Caller, finished: Callable[..., dict]) -> None:
    finished()
    budget = alices.post(PATH, BUDGET).json()
    assert (budget["spent"], budget["held"], budget["remaining"]) == ("0.005000", "0.000000", "0.995000")
    alices.post("/api/v1/generations", WISH)
    budget = alices.get(f"{PATH}/{budget['id']}").json()
    assert (budget["spent"], budget["held"], budget["remaining"]) == ("0.005000", "0.005000", "0.990000")


def test_a_lowered_limit_stops_new_calls_and_shows_what_is_missing(
    alices: Caller, finished: Callable[..., dict]
) -> None:
    budget = alices.post(PATH, BUDGET).json()
    finished()
    changed = alices.patch(f"{PATH}/{budget['id']}", {"limit": "0.001000", "name": "tight"}).json()
    assert (changed["name"], changed["remaining"]) == ("tight", "-0.004000")
    assert alices.post("/api/v1/generations", WISH).status_code == 402


def test_a_budget_that_is_ended_limits_nothing_and_its_windows_stay(alices: Caller) -> None:
    budget = alices.post(PATH, {**BUDGET, "limit": "0.000001"}).json()
    answer = alices.delete(f"{PATH}/{budget['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert alices.get(f"{PATH}/{budget['id']}").status_code == 404
    assert alices.delete(f"{PATH}/{budget['id']}").status_code == 404
    assert BudgetWindow.objects.count() == 1
    assert alices.post("/api/v1/generations", WISH).status_code == 202


def test_budgets_are_listed_in_pages(alices: Caller) -> None:
    ids = [alices.post(PATH, {**BUDGET, "name": str(number)}).json()["id"] for number in range(3)]
    first = alices.get(f"{PATH}?limit=2").json()
    second = alices.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["id"] for row in (*first["results"], *second["results"])] == ids


def test_a_member_sees_the_budgets_that_limit_the_team(alices: Caller, bobs: Caller, alice: Actor) -> None:
    alices.post(PATH, {**BUDGET, "scope": "team", "target": str(alice.team.pk)})
    (seen,) = bobs.get(PATH).json()["results"]
    assert seen["target"] == str(alice.team.pk)
    assert Budget.objects.get().hard
