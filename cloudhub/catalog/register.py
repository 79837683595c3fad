"""Register, change and synchronise models."""

import re
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.owners import require_hub_owner
from cloudhub.catalog.describe import find_entry, usual_key
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import OWNERS_ALONE, currency_of
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Invalid
from cloudhub.core.money import format_price, parse_price
from cloudhub.core.text import is_storable
from providers.base import CloudGenerationRequest, InvalidField, ModelEntry, PriceList
from providers.catalogue import find_provider, installed_providers

_KEY = re.compile(r"[a-z0-9._-]{1,100}")
_NOT_DEFAULTS = {"prompt", "input_images", "mask", "model", "entry", "prepared", "seed"}


def register_model(
    *,
    provider: str,
    cloud_model_id: str,
    name: str | None = None,
    key: str | None = None,
    description: str | None = None,
    enabled: bool = True,
    defaults: Mapping[str, Any] | None = None,
    price_per_image: str | None = None,
    address: str | None = None,
    capabilities: Mapping[str, Any] | None = None,
    actor: Actor | None = None,
) -> CloudModel:
    """Register a model by the vendor's id or an alias: of its catalogue, or any other where the vendor is open.

    A model outside the catalogue is described by the vendor itself, a free read; `capabilities` (as in a catalogue)
    say what it does not tell, `address` is the base address of a self-hosted server or gateway. `actor` is an owner of
    the hub, None the hub itself. Raises `Forbidden` for anybody else, `Invalid` naming each field at fault, `Conflict`
    (already_registered) when the key is taken.
    """
    if actor is not None:
        require_hub_owner(actor, OWNERS_ALONE)
    team_id = actor.team.pk if actor else None
    entry, by_hand = find_entry(provider, cloud_model_id, address or "", capabilities, team_id=team_id)
    # Only what was left out gets the vendor's word; 0 or [] is a mistake that the field's check names.
    name = entry.name if name in (None, "") else name
    key = usual_key(entry.id) if key in (None, "") else key
    description = entry.description if description in (None, "") else description
    problems = _text_problems(name=name, key=key, description=description, enabled=enabled)
    problems |= _default_problems(defaults) | _price_problems(price_per_image)
    if problems:
        raise Invalid.of(problems)
    model = CloudModel(key=key, provider=provider, cloud_model_id=entry.id, name=name, enabled=enabled, by_hand=by_hand,
                       address=entry.address, description=description, defaults=dict(defaults or {}))  # fmt: skip
    _copy_entry(model, entry)
    _insert(model, entry, price_per_image, actor)
    return model


def _insert(model: CloudModel, entry: ModelEntry, price_per_image: str | None, actor: Actor | None) -> None:
    """The registration with its prices in one transaction. Raises `Conflict` when the key is taken."""

    def work() -> None:
        model.save(force_insert=True)
        _add_prices(model, entry)
        if price_per_image is not None:
            _set_price_by_hand(model, price_per_image)
        details = {"provider": model.provider, "cloud_model_id": model.cloud_model_id, "enabled": model.enabled}
        _record(actor, "model.registered", model, {**details, "price_per_image": price_per_image})

    try:
        run_transaction(work)
    except IntegrityError as error:
        taken = f"The key {model.key} is already registered. Choose another key, or change the model that has it."
        raise Conflict(taken, code="already_registered") from error


def change_model(model: CloudModel, changes: Mapping[str, Any], *, actor: Actor | None = None) -> CloudModel:
    """Change name, description, enabled, defaults or price_per_image (null gives the word back to the catalogue).

    `actor` is an owner of the hub, None the hub itself. Raises `Forbidden` for anybody else, and `Invalid`.
    """
    if actor is not None:
        require_hub_owner(actor, OWNERS_ALONE)
    allowed = {"name", "description", "enabled", "defaults", "price_per_image"}
    problems = {field: "This field cannot be changed." for field in changes if field not in allowed}
    values = {"name": model.name, "description": model.description, "enabled": model.enabled, **changes}
    problems |= _text_problems(key=model.key, **{field: values[field] for field in ("name", "description", "enabled")})
    if "defaults" in changes:
        problems |= _default_problems(changes["defaults"])
    if changes.get("price_per_image") is not None:
        problems |= _price_problems(changes["price_per_image"])
    if problems:
        raise Invalid.of(problems)

    def update() -> None:
        columns = {field: value for field, value in changes.items() if field != "price_per_image"}
        if columns:
            CloudModel.objects.filter(id=model.pk).update(**columns)
        if "price_per_image" in changes:
            _set_price_by_hand(model, changes["price_per_image"])
        told = {name: changes[name] for name in ("enabled", "price_per_image") if name in changes}
        _record(actor, "model.changed", model, {**told, "fields": sorted(changes)})

    if changes:
        run_transaction(update)
        model.refresh_from_db()
    return model


def _record(actor: Actor | None, action: str, model: CloudModel, details: dict[str, Any]) -> None:
    record(actor, action, target_kind="model", target_id=model.key, target_name=model.name, details=details)


def synchronise_catalog() -> list[CloudModel]:
    """Bring every registration up to its vendor's catalogue and register what is there from the start.

    A changed price becomes a new row; past rows and the ledger lines that name them stay. Returns new registrations.
    """
    for model in CloudModel.objects.filter(by_hand=False):
        vendor = find_provider(model.provider)
        entry = vendor.model(model.cloud_model_id) if vendor else None
        if entry is not None:
            run_transaction(lambda model=model, entry=entry: _synchronise(model, entry))  # type: ignore[misc]
    taken = set(CloudModel.objects.values_list("key", flat=True))
    return [
        register_model(provider=vendor.id, cloud_model_id=entry.id)
        for vendor in installed_providers().values()
        for entry in vendor.models
        if entry.registered_from_start and usual_key(entry.id) not in taken
    ]


def _synchronise(model: CloudModel, entry: ModelEntry) -> None:
    _copy_entry(model, entry)
    model.save(update_fields=[*_ENTRY_FIELDS])
    _add_prices(model, entry)


_ENTRY_FIELDS = (
    "aliases", "capabilities", "released_on", "deprecated_on", "shut_down_on", "successor", "lifecycle_note",
    "lifecycle_source", "lifecycle_read_on",
)  # fmt: skip


def _copy_entry(model: CloudModel, entry: ModelEntry) -> None:
    life = entry.lifecycle
    model.aliases = list(entry.aliases)
    model.capabilities = entry.capabilities.for_database()
    model.released_on, model.deprecated_on = life.released, life.deprecated
    model.successor, model.lifecycle_note = life.successor, life.note
    if model.lifecycle_read_on and life.read_on and life.read_on < model.lifecycle_read_on:
        # The vendor itself was asked after the catalogue was written.
        return
    model.shut_down_on, model.lifecycle_source, model.lifecycle_read_on = life.shut_down, life.source, life.read_on


def _add_prices(model: CloudModel, entry: ModelEntry) -> None:
    now = timezone.now()
    stored = {price.effective_from: price for price in model.prices.filter(by_hand=False)}
    in_force = max((date for date in stored if date <= now), default=None)
    for price_list in entry.prices:
        if price_list.effective_from not in stored:
            _insert_price(model, price_list)
    begun = [price_list for price_list in entry.prices if price_list.effective_from <= now]
    listed = max(begun, key=lambda price_list: price_list.effective_from, default=None)
    if in_force is None or listed is None or in_force < listed.effective_from:
        return
    if (stored[in_force].lines, stored[in_force].currency) != (_lines(listed), listed.currency):
        # The catalogue corrected a price without a new date: it counts from now, past quotes keep theirs.
        _insert_price(model, listed, effective_from=now)


def _insert_price(model: CloudModel, price_list: PriceList, **changes: Any) -> None:
    values = {
        "currency": price_list.currency,
        "effective_from": price_list.effective_from,
        "lines": _lines(price_list),
        "source": price_list.source,
        "read_on": price_list.read_on,
        **changes,
    }
    Price.objects.create(model=model, **values)


def _lines(price_list: PriceList) -> list[dict[str, Any]]:
    return [
        {"unit": line.unit, "amount": line.amount, "per": line.per, "description": line.description}
        for line in price_list.lines
    ]


def _set_price_by_hand(model: CloudModel, amount: str | None) -> None:
    lines = []
    if amount is not None:
        lines = [{"unit": "image", "amount": format_price(parse_price(amount)), "per": 1, "description": "picture"}]
    Price.objects.create(model=model, currency=currency_of(model), effective_from=timezone.now(),
                         lines=lines, source="set by hand", read_on=timezone.now().date(), by_hand=True)  # fmt: skip


def _text_problems(*, name: Any, key: Any, description: Any, enabled: Any) -> dict[str, str]:
    problems = {}
    if not isinstance(name, str) or not name.strip() or len(name) > 120 or not is_storable(name):
        problems["name"] = "A name is text of 1 to 120 characters."
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        problems["key"] = "A key has 1 to 100 of the characters a-z, 0-9, dot, dash and underscore."
    if not isinstance(description, str) or not is_storable(description):
        problems["description"] = "A description is text."
    if not isinstance(enabled, bool):
        problems["enabled"] = "Must be true or false."
    return problems


def _default_problems(defaults: Any) -> dict[str, str]:
    if defaults is None:
        return {}
    if not isinstance(defaults, Mapping):
        return {"defaults": "Defaults are an object of field names and values."}
    known = set(CloudGenerationRequest.__dataclass_fields__) - _NOT_DEFAULTS
    unknown = sorted(set(defaults) - known)
    if unknown:
        return {f"defaults.{field}": "There is no such field to set." for field in unknown}
    try:
        CloudGenerationRequest(prompt="a picture", **defaults)
    except InvalidField as error:
        return {f"defaults.{field}": sentence for field, sentence in error.fields.items()}
    return {}


def _price_problems(amount: Any) -> dict[str, str]:
    if amount is None:
        return {}
    try:
        parse_price(amount)
    except ValueError:
        return {"price_per_image": 'A price is decimal text in dollars, such as "0.039".'}
    return {}
