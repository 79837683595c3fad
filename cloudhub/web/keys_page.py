"""The Keys page: hub keys of programs for everybody, vendors' keys for those who manage."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cloudhub.accounts.actor import PERMISSIONS, Actor, is_usable
from cloudhub.accounts.hub_keys import hub_keys_for
from cloudhub.accounts.models import HubKey
from cloudhub.billing.hub_keys import budgets_of_keys
from cloudhub.billing.models import WindowKind
from cloudhub.catalog.find import models_for_picking
from cloudhub.core.errors import HubError
from cloudhub.core.money import CURRENCIES
from cloudhub.web.budget_words import BudgetCard, card_of
from cloudhub.web.htmx import HubRequest, status_of
from cloudhub.web.vendor_key_words import vendor_part

LASTING = (("", "Until it is revoked"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "A year"))
OVERLAPS = (("24", "a day"), ("1", "an hour"), ("168", "a week"), ("0", "not at all"))
MOST_ENDED = 20


@dataclass(frozen=True)
class HubKeyCard:
    """One hub key. `follower` is the key that took its place, `may_rotate` whether its text may go to the person;
    `made_with_it` are living keys that end with it."""

    key: HubKey
    budgets: list[BudgetCard]
    follower: HubKey | None
    may_rotate: bool
    made_with_it: int = 0

    @property
    def ends_too(self) -> str:
        return f"{made_with_words(self.made_with_it)} revoked too." if self.made_with_it else ""

    @property
    def networks(self) -> str:
        return "\n".join(self.key.allowed_networks)


def keys_page(request: HubRequest, error: HubError | None = None, **more: Any) -> HttpResponse:
    """The page; `more` are the parts that a view adds after a refusal or with a new key."""
    actor = request.actor
    models = [(model.key, model.name) for model in models_for_picking(actor)]
    context = {
        **vendor_part(actor),
        **hub_key_cards(actor),
        "scopes": [scope for scope in PERMISSIONS if actor.may(scope)],
        "models": models,
        "model_keys": [key for key, _ in models],
        "windows": WindowKind.choices,
        "currencies": CURRENCIES,
        "lasting": LASTING,
        "overlaps": OVERLAPS,
        "error": error,
        **more,
    }
    return render(request, "keys/keys.html", context, status=status_of(error) if error else 200)


def hub_key_cards(actor: Actor) -> dict[str, list[HubKeyCard]]:
    """`cards` of the keys that work, the newest first, and of the last `ended` ones."""
    keys = list(hub_keys_for(actor))
    living = [key for key in keys if is_usable(key)]
    ended = [key for key in keys if not is_usable(key)][:MOST_ENDED]
    budgets = budgets_of_keys([*living, *ended])
    made = Counter(line for key in living for line in set(key.lines[:-1]))
    followers = {key.replaces_id: key for key in keys if key.replaces_id}
    cards = {
        key.pk: HubKeyCard(
            key,
            [card_of(standing) for standing in budgets[key.pk]],
            followers.get(key.pk),
            actor.is_hub_owner or key.user_id == actor.user.pk,
            made[key.line],
        )
        for key in [*living, *ended]
    }
    return {"cards": [cards[key.pk] for key in living], "ended": [cards[key.pk] for key in ended]}


def made_with_words(count: int) -> str:
    """The beginning of a sentence: "3 keys that were made with it are"."""
    return "1 key that was made with it is" if count == 1 else f"{count} keys that were made with it are"


def read_hub_key_form(given: Any) -> dict[str, Any]:
    """The posted form as the fields of a hub key; what cannot be read goes on as it is, for the core to refuse."""
    calls, days = given.get("calls_a_minute", "").strip(), given.get("days", "").strip()
    fields: dict[str, Any] = {
        "name": given.get("name", ""),
        "allowed_models": given.getlist("models"),
        "allowed_networks": [part for part in given.get("networks", "").replace(",", "\n").split() if part],
        "calls_a_minute": (int(calls) if calls.isascii() and calls.isdigit() and len(calls) < 9 else calls) or None,
    }
    if days.isascii() and days.isdigit() and len(days) < 5:
        fields["expires_at"] = timezone.now() + timedelta(days=int(days))
    return fields


def read_budget_form(given: Any) -> dict[str, Any] | None:
    """The budget that a new key is to have, None when no limit was written."""
    limit = given.get("limit", "").strip()
    if not limit:
        return None
    return {"limit": limit, "window": given.get("window", ""), "currency": given.get("currency", "USD")}
