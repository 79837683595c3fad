"""Rows as the dictionaries of the REST doors: amounts as six-place text, times in ISO 8601, ids as text."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Sum, prefetch_related_objects
from rest_framework.request import Request

from cloudhub.accounts.models import HubKey
from cloudhub.api.headers import cache_word
from cloudhub.api.pictures import picture_address
from cloudhub.billing.budgets import BudgetStanding
from cloudhub.billing.hub_keys import budgets_of_keys
from cloudhub.billing.models import LedgerEntry
from cloudhub.billing.reports import Row
from cloudhub.billing.windows import END_OF_TIME
from cloudhub.catalog.find import entry_of
from cloudhub.catalog.lifecycle import lifecycle_warnings, standing
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import price_in_force, unit_price
from cloudhub.core.money import format_amount, format_price, round_up
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.quote import Quote
from providers.base import Capabilities, PrivacyNote
from providers.catalogue import find_provider

ERROR_PARTS = ("code", "message", "billed", "retry", "remedy")


def when(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, "Z" for the zone."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def amount(micros: int | None) -> str | None:
    return None if micros is None else format_amount(micros)


def present_model(model: CloudModel) -> dict[str, Any]:
    now, vendor = standing(model), find_provider(model.provider)
    return {
        "id": str(model.pk),
        "key": model.key,
        "provider": model.provider,
        "cloud_model_id": model.cloud_model_id,
        "name": model.name,
        "description": model.description,
        "path": model.path,
        "address": model.address or None,
        "enabled": model.enabled,
        "defaults": model.defaults,
        "capabilities": Capabilities.from_database(model.capabilities).as_json(),
        "price": _price(price_in_force(model)),
        "lifecycle": {
            "state": now.state,
            "shutdown_date": now.shutdown_date.isoformat() if now.shutdown_date else None,
            "successor": now.successor or None,
        },
        "warnings": lifecycle_warnings(model),
        "privacy": present_privacy(vendor.privacy_for(entry_of(model))) if vendor else None,
    }


def present_privacy(note: PrivacyNote) -> dict[str, Any]:
    """What becomes of prompts and pictures: one sentence, its parts, and the page that says so."""
    return {
        "words": note.words,
        "goes_to": note.goes_to,
        "kept": note.kept,
        "training": note.training,
        "details": note.details or None,
        "source": note.source or None,
        "read_on": note.read_on.isoformat() if note.read_on else None,
    }


def _price(price: Price | None) -> dict[str, Any] | None:
    if price is None or not price.lines:
        return None
    lines = [
        {"unit": line["unit"], "description": line["description"], "unit_amount": format_price(unit_price(line))}
        for line in price.lines
    ]
    return {"currency": price.currency, "lines": lines, "version": price.version, "source": price.source,
            "read_on": price.read_on.isoformat()}  # fmt: skip


def present_quote(quote: Quote, budgets: Iterable[BudgetStanding]) -> dict[str, Any]:
    return {
        "amount": amount(quote.amount),
        "currency": quote.currency,
        "exact": quote.is_exact,
        "lines": [
            {name: line[name] for name in ("description", "unit_amount", "quantity")}
            | {"amount": format_amount(round_up(line["exact"]))}
            for line in quote.lines
        ],
        "price_version": quote.price.version if quote.price else None,
        "priced_at": when(quote.priced_at),
        "budgets": [
            {"id": str(item.budget.pk), "name": item.budget.name, "remaining": format_amount(item.remaining)}
            for item in budgets
        ],
        "notes": quote.notes,
    }


def present_generations(request: Request, generations: Sequence[Generation]) -> list[dict[str, Any]]:
    """Several generations with pictures and attempts, in as many queries as for one."""
    prefetch_related_objects(
        list(generations),
        "model",
        Prefetch("images", Image.objects.filter(deleted_at=None).order_by("attempt__slot", "index", "id")),
        Prefetch("attempts", Attempt.objects.select_related("hold").order_by("slot", "try_number")),
    )
    posted = _posted([attempt.pk for generation in generations for attempt in generation.attempts.all()])
    return [_generation(request, generation, posted) for generation in generations]


def present_generation(request: Request, generation: Generation) -> dict[str, Any]:
    return present_generations(request, [generation])[0]


def _generation(request: Request, generation: Generation, posted: Mapping[UUID, int]) -> dict[str, Any]:
    return {
        "id": str(generation.id),
        "state": generation.state,
        "model": generation.model.key,
        "provider": generation.model.provider,
        "request": generation.sent,
        "tags": generation.tag_list,
        "notes": generation.notes,
        "estimate": amount(generation.estimate_micros),
        "cost": format_amount(generation.cost_micros),
        "currency": generation.currency,
        "images": [present_image(request, image) for image in generation.images.all()],
        "attempts": [_attempt(attempt, posted) for attempt in generation.attempts.all()],
        "error": {part: generation.error.get(part, "") for part in ERROR_PARTS} if generation.error else None,
        "created_at": when(generation.created_at),
        "finished_at": when(generation.finished_at),
        "cache": cache_word(generation),
    }


def present_attempt(attempt: Attempt) -> dict[str, Any]:
    return {**_attempt(attempt, _posted([attempt.pk])), "generation": str(attempt.generation_id)}


def _attempt(attempt: Attempt, posted: Mapping[UUID, int]) -> dict[str, Any]:
    """`amount` is what was posted once the hold is closed, until then what is held."""
    is_open = attempt.state in Attempt.OPEN_STATES
    return {
        "id": str(attempt.pk),
        "state": attempt.state,
        "amount": format_amount(attempt.hold.amount_micros if is_open else posted.get(attempt.pk, 0)),
        "sent_at": when(attempt.sent_at),
        "vendor_request_id": attempt.vendor_request_id or None,
    }


def _posted(hold_ids: Sequence[UUID]) -> dict[UUID, int]:
    if not hold_ids:
        return {}
    sums = LedgerEntry.objects.filter(hold_id__in=hold_ids).values("hold_id").annotate(posted=Sum("posted_delta"))
    return {row["hold_id"]: row["posted"] for row in sums}


def present_image(request: Request, image: Image) -> dict[str, Any]:
    return {
        "id": str(image.id),
        "url": picture_address(request, image),
        "width": image.width,
        "height": image.height,
        "mime_type": image.mime_type,
        "seed": image.seed,
        "revised_prompt": image.revised_prompt or None,
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
        "prompt": image.prompt or None,
        "made_with": image.made_with,
        "generation": str(image.generation_id) if image.generation_id else None,
        "created_at": when(image.created_at),
    }


def present_budget(now: BudgetStanding) -> dict[str, Any]:
    budget = now.budget
    return {
        "id": str(budget.pk),
        "name": budget.name,
        "scope": budget.scope,
        "target": budget.target or None,
        "window": budget.window_kind,
        "timezone": budget.time_zone,
        "limit": format_amount(budget.limit_micros),
        "currency": budget.currency,
        "hard": budget.hard,
        "alerts": budget.alerts,
        "spent": format_amount(now.spent),
        "held": format_amount(now.held),
        "remaining": format_amount(now.remaining),
        "window_start": when(now.window_start),
        "window_end": None if now.window_end >= END_OF_TIME else when(now.window_end),
    }


def present_spend(row: Row) -> dict[str, Any]:
    return {"group": row.group, "calls": row.calls, "images": row.images, "amount": format_amount(row.amount_micros),
            "currency": row.currency}  # fmt: skip


def present_entry(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "id": str(entry.pk),
        "at": when(entry.at),
        "kind": entry.kind,
        "held": format_amount(entry.held_delta),
        "posted": format_amount(entry.posted_delta),
        "currency": entry.currency,
        "images": entry.images,
        "attempt": str(entry.hold_id),
        "team": entry.team.name,
        "user": entry.user.email,
        "hub_key": entry.hub_key.name if entry.hub_key else None,
        "model": entry.model.key,
        "provider": entry.provider,
        "price_version": entry.price.version if entry.price else None,
        "tags": [tag for tag in entry.tags.split("|") if tag],
        "reason": entry.reason or None,
        "actor": entry.actor or None,
    }


def present_hub_keys(keys: Sequence[HubKey]) -> list[dict[str, Any]]:
    """Keys without their texts, which nobody has; `budget` is the first living one of the key's line."""
    budgets = budgets_of_keys(keys)
    return [_hub_key(key, budgets[key.pk]) for key in keys]


def _hub_key(key: HubKey, budgets: Sequence[BudgetStanding]) -> dict[str, Any]:
    return {
        "id": str(key.pk),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "allowed_models": key.allowed_models,
        "allowed_networks": key.allowed_networks,
        "calls_a_minute": key.calls_a_minute,
        "budget": _budget_of_key(budgets[0]) if budgets else None,
        "replaces": str(key.replaces_id) if key.replaces_id else None,
        "user": key.user.email,
        "team": key.team.name,
        "created_at": when(key.created_at),
        "expires_at": when(key.expires_at),
        "last_used_at": when(key.last_used_at),
        "revoked_at": when(key.revoked_at),
    }


def _budget_of_key(standing: BudgetStanding) -> dict[str, Any]:
    budget = standing.budget
    return {
        "id": str(budget.pk),
        "window": budget.window_kind,
        "currency": budget.currency,
        "limit": format_amount(budget.limit_micros),
        "spent": format_amount(standing.spent),
        "held": format_amount(standing.held),
        "remaining": format_amount(standing.remaining),
    }
