"""The Budgets page."""

from collections.abc import Callable

import pytest
from django.test import Client

from cloudhub.accounts.actor import Actor
from cloudhub.billing.budgets import create_budget
from cloudhub.billing.models import Budget
from cloudhub.generations.models import Generation

FORM = {"name": "Day", "limit": "0.10", "currency": "XTS", "window": "day", "limits": "hub:", "hard": "yes"}


def test_a_budget_is_made_and_shows_what_is_spent_held_and_left(
    alices: Client, made: Callable[..., Generation]
) -> None:
    assert alices.post("/budgets/", FORM)["Location"] == "/budgets/"
    made(num_images="2")
    made("a lighthouse #lost")
    card = alices.get("/budgets/").context["cards"][0]
    assert (card.standing.spent, card.standing.held, card.standing.remaining) == (20_000, 10_000, 70_000)
    assert (card.spent_width, card.held_width) == (200, 100)


@pytest.mark.parametrize("scope", ["team", "user", "hub_key", "provider", "model", "tag"])
def test_every_scope_on_offer_can_be_limited(scope: str, alices: Client, alice: Actor) -> None:
    alices.post("/keys/hub", {"name": "k", "scopes": ["read"]})
    groups = alices.get("/budgets/").context["targets"]
    offered = next(value for _, choices in groups for value, _ in choices if value.startswith(f"{scope}:"))
    assert alices.post("/budgets/", {**FORM, "limits": offered, "tag": "poster"}).status_code == 302
    assert Budget.objects.get().scope == scope


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"limit": "abc"}, "limit-error"),
        ({"name": " "}, "name-error"),
        ({"timezone": "Mars/Base"}, "timezone-error"),
        ({"limits": "tag:", "tag": ""}, "target-error"),
        ({"limits": "nothing:"}, "scope-error"),
    ],
)
def test_a_refusal_stands_at_its_field(change: dict[str, str], error: str, alices: Client) -> None:
    answer = alices.post("/budgets/", {**FORM, **change})
    assert answer.status_code == 422
    assert f'id="{error}"' in answer.content.decode()
    assert not Budget.objects.exists()


def test_the_limit_is_changed_and_a_bad_one_refused(alices: Client, alice: Actor) -> None:
    budget = _budget(alice)
    assert alices.post(f"/budgets/{budget.pk}/change", {"limit": "2"}).status_code == 302
    assert alices.post(f"/budgets/{budget.pk}/change", {"limit": "-1"}).status_code == 422
    budget.refresh_from_db()
    assert budget.limit_micros == 2_000_000


def test_ending_a_budget_takes_it_off_the_list(alices: Client, alice: Actor) -> None:
    alices.post(f"/budgets/{_budget(alice).pk}/end")
    page = alices.get("/budgets/")
    assert page.context["cards"] == []
    assert "nothing limits what may be spent" in page.content.decode()


def test_a_member_sees_budgets_and_no_forms(bobs: Client, alice: Actor) -> None:
    _budget(alice)
    text = bobs.get("/budgets/").content.decode()
    assert "For the whole hub" in text
    assert "<form" not in text.split("<main")[1]


def test_a_team_owner_is_offered_their_own_team_only(charlies: Client, charlie: Actor) -> None:
    groups = dict(charlies.get("/budgets/").context["targets"])
    assert list(groups) == ["Teams"]
    assert groups["Teams"] == [(f"team:{charlie.team.pk}", "Elsewhere")]


def test_a_team_owner_cannot_end_a_budget_of_the_hub(charlies: Client, alice: Actor) -> None:
    assert charlies.post(f"/budgets/{_budget(alice).pk}/end").status_code == 403
    assert Budget.objects.get().archived_at is None


def test_a_budget_that_a_teams_owner_may_not_change_has_no_form(charlies: Client, alice: Actor) -> None:
    _budget(alice)
    text = charlies.get("/budgets/").content.decode()
    assert "Only an owner of the hub changes or ends this one." in text
    assert "/change" not in text


def _budget(actor: Actor) -> Budget:
    return create_budget(actor, {"name": "Day", "scope": "hub", "window": "day", "limit": "1", "currency": "XTS"})
