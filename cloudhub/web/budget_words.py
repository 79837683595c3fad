"""Budgets as the page shows them, and what a new one may be for."""

from dataclasses import dataclass
from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.hub_keys import hub_keys_for
from cloudhub.accounts.models import HubKey, Membership, Team, User
from cloudhub.billing.budget_rights import changeable_budgets, reach_of
from cloudhub.billing.budgets import BudgetStanding, budget_standing, budgets_for
from cloudhub.billing.models import Budget, Scope
from cloudhub.catalog.models import CloudModel
from cloudhub.core.money import format_amount
from providers.catalogue import installed_providers

BAR = 1000


@dataclass(frozen=True)
class BudgetCard:
    """`spent_width` and `held_width` are lengths of a bar that is 1000 long; what is left is the rest."""

    budget: Budget
    standing: BudgetStanding
    target: str
    limit_amount: str
    spent_width: int
    held_width: int
    may_change: bool

    @property
    def is_used_up(self) -> bool:
        return self.standing.remaining <= 0


def budget_cards(actor: Actor) -> list[BudgetCard]:
    """The living budgets that the actor may see, in the order of their making."""
    budgets = list(budgets_for(actor))
    changeable = changeable_budgets(actor, budgets)
    return [card_of(budget_standing(budget), budget.pk in changeable) for budget in budgets]


def card_of(standing: BudgetStanding, may_change: bool = False) -> BudgetCard:
    """One budget as it stands, in words and lengths."""
    budget = standing.budget
    limit = max(budget.limit_micros, 1)
    spent = min(max(standing.spent, 0) * BAR // limit, BAR)
    held = min(standing.held * BAR // limit, BAR - spent)
    return BudgetCard(
        budget=budget,
        standing=standing,
        target=_target_words(budget),
        limit_amount=format_amount(budget.limit_micros).rstrip("0").rstrip("."),
        spent_width=spent,
        held_width=held,
        may_change=may_change,
    )


def _target_words(budget: Budget) -> str:
    """What a budget is for, by name where it stores an id."""
    if budget.scope == Scope.HUB:
        return "the whole hub"
    if budget.scope == Scope.TEAM:
        return f"team {Team.objects.filter(id=budget.target).first() or budget.target}"
    if budget.scope == Scope.USER:
        return str(User.objects.filter(id=budget.target).first() or budget.target)
    if budget.scope == Scope.HUB_KEY:
        return f"hub key {HubKey.objects.filter(id=budget.target).first() or budget.target}"
    return f"{Scope(budget.scope).label.lower()} {budget.target}"


def target_choices(actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of ("scope:target", words) that the actor may limit; only a hub owner reaches beyond the own team."""
    teams = Team.objects.filter(archived_at=None) if actor.is_hub_owner else Team.objects.filter(id=actor.team.pk)
    people = Membership.objects.filter(team__in=teams).select_related("user").order_by("user__email")
    if not actor.is_hub_owner:
        people = people.filter(user__in=[int(number) for number in reach_of(actor).people])
    keys = hub_keys_for(actor).filter(revoked_at=None)
    groups = [
        ("Teams", [(f"team:{team.pk}", team.name) for team in teams.order_by("name")]),
        ("People", list(dict.fromkeys((f"user:{person.user_id}", person.user.email) for person in people))),
        ("Hub keys", [(f"hub_key:{key.pk}", str(key)) for key in keys]),
    ]
    if actor.is_hub_owner:
        vendors = [(f"provider:{vendor.id}", vendor.label) for vendor in installed_providers().values()]
        models = [(f"model:{model.key}", model.name) for model in CloudModel.objects.order_by("name")]
        groups = [("Everything", [("hub:", "The whole hub"), ("tag:", "A tag, named below")]), *groups,
                  ("Vendors", vendors), ("Models", models)]  # fmt: skip
    return [(name, choices) for name, choices in groups if choices]


def read_budget(given: Any) -> dict[str, Any]:
    """The posted form as the fields of a budget; `limits` is "scope:target" and a tag stands in a field of its own."""
    scope, _, target = given.get("limits", "").partition(":")
    fields = {"name": given.get("name", "").strip(), "scope": scope, "window": given.get("window", ""),
              "limit": given.get("limit", "").strip(), "currency": given.get("currency", "USD"),
              "timezone": given.get("timezone", "").strip() or "UTC", "hard": given.get("hard") != "no"}  # fmt: skip
    if scope == Scope.TAG:
        target = given.get("tag", "").strip()
    return fields | ({"target": target} if target else {})
