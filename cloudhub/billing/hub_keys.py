"""Hub keys with what only the catalogue and the books know: the models they may use, and a budget of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cloudhub.accounts import hub_keys
from cloudhub.accounts.actor import Actor
from cloudhub.accounts.key_rights import RIGHTS
from cloudhub.accounts.models import HubKey, User
from cloudhub.billing.budgets import BudgetStanding, budget_standing, insert_budget, read_budget_fields
from cloudhub.billing.models import Budget, Scope
from cloudhub.catalog.access import usable_models
from cloudhub.catalog.models import CloudModel
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Invalid
from cloudhub.core.money import format_amount

BUDGET_FIELDS = ("limit", "window", "currency", "timezone")


def issue_hub_key(actor: Actor, fields: Mapping[str, Any], user: User | None = None) -> tuple[HubKey, str]:
    """A new hub key and its text, which is shown this once.

    `fields`: `name`, the rights of `KeyRights`, and `budget` ({"limit", "window", "currency"?, "timezone"?}), which
    becomes a hard budget of the key in the same transaction. Raises `Forbidden`, and `Invalid` naming each field.
    """
    known = ("name", "budget", *RIGHTS)
    problems = {name: "There is no such field." for name in fields if name not in known}
    if problems:
        raise Invalid.of(problems)
    key, text = hub_keys.prepare_hub_key(actor, fields, user)
    _refuse_unknown_models(actor, key.allowed_models)
    budget = _read_budget(actor, key, fields["budget"]) if fields.get("budget") is not None else None

    if budget is None:
        run_transaction(lambda: hub_keys.insert_hub_key(actor, key))
    else:
        details = {"budget": {"limit": format_amount(budget.limit_micros), "currency": budget.currency,
                              "window": budget.window_kind}}  # fmt: skip
        run_transaction(
            lambda: hub_keys.insert_hub_key(actor, key, details, together=lambda: _insert_budget(budget, key))
        )
    return key, text


def change_hub_key(actor: Actor, key_id: object, changes: Mapping[str, Any]) -> HubKey:
    """As `accounts.hub_keys.change_hub_key`; models must be registered. Its budget is changed as any budget."""
    if isinstance(changes.get("allowed_models"), list):
        _refuse_unknown_models(actor, changes["allowed_models"])
    return hub_keys.change_hub_key(actor, key_id, changes)


def budgets_of_keys(keys: Iterable[HubKey]) -> dict[int, list[BudgetStanding]]:
    """How the living budgets of each key's line stand, by the key's number, the oldest first."""
    lines = {key.pk: str(key.line) for key in keys}
    budgets = Budget.objects.filter(scope=Scope.HUB_KEY, target__in=set(lines.values()), archived_at=None)
    standings: dict[str, list[BudgetStanding]] = {}
    for budget in budgets.order_by("id"):
        standings.setdefault(budget.target, []).append(budget_standing(budget))
    return {number: standings.get(line, []) for number, line in lines.items()}


def _insert_budget(budget: Budget, key: HubKey) -> None:
    budget.pk = None
    budget.target = str(key.pk)
    insert_budget(budget)


def _read_budget(actor: Actor, key: HubKey, wished: Any) -> Budget:
    """The budget without its target, which is the number that the key gets. Raises `Invalid` naming budget.…"""
    if not isinstance(wished, Mapping):
        raise Invalid.of({"budget": "A budget has a limit, a window and a currency."})
    problems = {f"budget.{name}": "There is no such field." for name in wished if name not in BUDGET_FIELDS}
    if problems:
        raise Invalid.of(problems)
    try:
        values = read_budget_fields({**wished, "name": f"Hub key {key.name}"[:100], "scope": Scope.HUB}, actor)
    except Invalid as error:
        raise Invalid.of({f"budget.{name}": sentence for name, sentence in error.fields.items()}) from error
    return Budget(**{**values, "scope": Scope.HUB_KEY}, by_hub_owner=actor.is_hub_owner)


def _refuse_unknown_models(actor: Actor, models: list[Any]) -> None:
    """Models that are kept for others are as unknown as those that are not there. What the actor's own key may use is
    asked with its other rights."""
    person = replace(actor, hub_key=None)
    wished = [model for model in models if isinstance(model, str) and "\x00" not in model]
    found = usable_models(person, CloudModel.objects.filter(key__in=wished)).values_list("key", flat=True)
    known = set(found) if wished else set()
    missing = [model for model in wished if model not in known]
    if missing:
        raise Invalid.of({"allowed_models": f"There is no model {missing[0][:100]}. Name models by their keys."})
