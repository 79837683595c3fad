"""Rows as the plain lines of an export. Each field is named here one by one, so that nothing secret slips in."""

from datetime import UTC, datetime
from typing import Any

from cloudhub.accounts.models import AuditEntry, HubKey, Membership
from cloudhub.billing.models import Budget, LedgerEntry
from cloudhub.core.money import format_amount
from cloudhub.generations.models import Attempt, Generation, Image

LEDGER_FIELDS = (
    "id", "at", "held_at", "kind", "held", "posted", "currency", "images", "user", "hub_key", "model", "provider",
    "tags", "hold", "price_version", "billed", "reason", "decided_by",
)  # fmt: skip


def when(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat() if moment else None


def member_line(row: Membership) -> dict[str, Any]:
    return {"user": row.user_id, "email": row.user.email, "role": row.role, "since": when(row.created_at),
            "is_active": row.user.is_active}  # fmt: skip


def hub_key_line(row: HubKey) -> dict[str, Any]:
    return {
        "id": row.pk, "name": row.name, "starts_with": row.prefix, "user": row.user_id, "scopes": row.scopes,
        "created_at": when(row.created_at), "expires_at": when(row.expires_at), "revoked_at": when(row.revoked_at),
        "last_used_at": when(row.last_used_at), "allowed_models": row.allowed_models,
        "allowed_networks": row.allowed_networks, "calls_a_minute": row.calls_a_minute,
    }  # fmt: skip


def generation_line(row: Generation) -> dict[str, Any]:
    return {
        "id": str(row.pk), "user": row.user_id, "hub_key": row.hub_key_id, "model": row.model.key,
        "provider": row.model.provider, "state": row.state, "prompt": row.prompt, "request": row.request,
        "sent": row.sent, "notes": row.notes, "tags": row.tag_list, "num_images": row.num_images,
        "estimate": None if row.estimate_micros is None else format_amount(row.estimate_micros),
        "cost": format_amount(row.cost_micros), "currency": row.currency, "error": row.error,
        "reused_from": str(row.cache_source_id) if row.cache_source_id else None, "created_at": when(row.created_at),
        "finished_at": when(row.finished_at), "recipe_erased_at": when(row.recipe_erased_at),
    }  # fmt: skip


def attempt_line(row: Attempt) -> dict[str, Any]:
    return {
        "id": str(row.pk), "generation": str(row.generation_id), "slot": row.slot, "try": row.try_number,
        "num_images": row.num_images, "state": row.state, "vendor_job": row.remote_id or None,
        "vendor_request": row.vendor_request_id or None, "sent_at": when(row.sent_at), "ended_at": when(row.ended_at),
        "error": row.error,
    }  # fmt: skip


def image_line(row: Image, file: str | None) -> dict[str, Any]:
    return {
        "id": str(row.pk), "file": file, "user": row.user_id,
        "generation": str(row.generation_id) if row.generation_id else None,
        "attempt": str(row.attempt_id) if row.attempt_id else None, "index": row.index, "sha256": row.sha256 or None,
        "bytes": row.size_bytes, "width": row.width, "height": row.height, "mime_type": row.mime_type,
        "seed": row.seed, "revised_prompt": row.revised_prompt or None, "imported_prompt": row.prompt or None,
        "imported_from": row.made_with, "prompt_erased_at": when(row.prompt_erased_at),
        "created_at": when(row.created_at), "deleted_at": when(row.deleted_at), "gone_at": when(row.purged_at),
    }  # fmt: skip


def ledger_line(row: LedgerEntry) -> dict[str, Any]:
    return {
        "id": row.pk, "at": when(row.at), "held_at": when(row.held_at), "kind": row.kind,
        "held": format_amount(row.held_delta), "posted": format_amount(row.posted_delta), "currency": row.currency,
        "images": row.images, "user": row.user_id, "hub_key": row.hub_key_id, "model": row.model.key,
        "provider": row.provider, "tags": [tag for tag in row.tags.split("|") if tag], "hold": str(row.hold_id),
        "price_version": row.price.version if row.price else None, "billed": row.billed, "reason": row.reason or None,
        "decided_by": row.actor or None,
    }  # fmt: skip


def budget_line(row: Budget) -> dict[str, Any]:
    return {
        "id": row.pk, "name": row.name, "scope": row.scope, "target": row.target or None, "window": row.window_kind,
        "timezone": row.time_zone, "currency": row.currency, "limit": format_amount(row.limit_micros),
        "hard": row.hard, "alerts": row.alerts, "created_at": when(row.created_at), "ended_at": when(row.archived_at),
    }  # fmt: skip


def audit_line(row: AuditEntry) -> dict[str, Any]:
    return {
        "number": row.number, "at": when(row.at), "user": row.user_id, "hub_key": row.hub_key_id, "door": row.door,
        "action": row.action, "target_kind": row.target_kind, "target_id": row.target_id,
        "target_name": row.target_name, "who": row.who, "address": row.address, "details": row.details,
        "previous_hash": row.previous_hash, "hash": row.hash,
    }  # fmt: skip
