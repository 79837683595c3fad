"""What a model can do: from its vendor's catalogue, or outside it from the vendor itself and the owner's own words."""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from cloudhub.core.database import release_connection
from cloudhub.core.errors import Invalid
from cloudhub.core.text import is_storable
from cloudhub.vault.keys import keys_for
from providers.base import Capabilities, Key, ModelEntry, Provider, ProviderError
from providers.catalogue import ability_problems, installed_providers, unavailable_vendors

logger = logging.getLogger(__name__)
LONGEST_ID = 200


def find_entry(
    provider: object, model_id: object, address: str = "", capabilities: Mapping[str, Any] | None = None,
    key: Key | None = None, team_id: int | None = None,
) -> tuple[ModelEntry, bool]:  # fmt: skip
    """A vendor's model, and whether it lies outside the vendor's catalogue.

    Asks the vendor where its catalogue is open, by default with the first key that the team may use, without a team
    that every team may; a read, nothing is billed. Raises `Invalid` naming the field at fault.
    """
    vendor = _find_vendor(provider)
    if not isinstance(model_id, str) or not 0 < len(model_id) <= LONGEST_ID or not is_storable(model_id):
        raise Invalid.of({"cloud_model_id": f"A model's id is text of 1 to {LONGEST_ID} characters."})
    listed = vendor.model(model_id)
    problems = _address_problems(vendor, address)
    if capabilities is not None and not (vendor.open_catalogue and listed is None):
        problems["capabilities"] = f"What {vendor.label}'s models can do stands in its catalogue."
    if problems:
        raise Invalid.of(problems)
    if listed is not None:
        return (replace(listed, address=address) if address else listed), False
    if model_id in vendor.retired:
        raise Invalid.of({"cloud_model_id": _farewell(vendor, model_id)})
    if not vendor.open_catalogue:
        offer = ", ".join(entry.id for entry in vendor.models)
        raise Invalid.of({"cloud_model_id": f"{vendor.label} has no model {model_id!r}. It has {offer}."})
    key = key or next(iter(keys_for(vendor, team_id)), Key({}))
    return _with_abilities(_ask(vendor, model_id, address, key), capabilities), True


def _farewell(vendor: Provider, model_id: str) -> str:
    """Why a model that is gone cannot be registered, and what takes its place."""
    told = vendor.retired[model_id]
    facts = told if isinstance(told, Mapping) else {"successor": told}
    since = f" on {facts['retired_on']}" if "retired_on" in facts else ""
    source = f" The vendor says so at {facts['source']}." if "source" in facts else ""
    return (
        f"{vendor.label} retired {model_id}{since}, so that it cannot be called any more. "
        f"Register its successor {facts['successor']} instead.{source}"
    )


def usual_key(model_id: str) -> str:
    """The hub's key for a vendor's id: its characters where a key may have them, a dash elsewhere."""
    return re.sub(r"[^a-z0-9._-]+", "-", model_id.lower()).strip("-")[:100]


def _find_vendor(provider: object) -> Provider:
    vendors = installed_providers()
    if isinstance(provider, str) and provider in vendors:
        return vendors[provider]
    unavailable = next((vendor for vendor in unavailable_vendors() if vendor.id == provider), None)
    if unavailable is not None:
        raise Invalid.of({"provider": f"{unavailable.label} cannot be registered. {unavailable.reason}"})
    raise Invalid.of({"provider": f"There is no vendor {provider!r}. Choose one of {', '.join(vendors)}."})


def _address_problems(vendor: Provider, address: object) -> dict[str, str]:
    if not address:
        return {}
    if not vendor.takes_address:
        return {"address": f"{vendor.label} has one address, which the environment sets."}
    try:
        parts = urlsplit(str(address))
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        is_address = False
    if not is_address or len(str(address)) > 500 or not is_storable(str(address)):
        return {"address": "An address looks like https://images.example.org/v1, without a password in it."}
    return {}


def _ask(vendor: Provider, model_id: str, address: str, key: Key) -> ModelEntry:
    release_connection()
    try:
        return vendor.describe(model_id, key, address=address)
    except ProviderError as error:
        raise Invalid.of({"cloud_model_id": f"{error.message} {error.remedy}".strip()}) from error
    except Exception as error:
        logger.exception("The adapter of %s failed when it described %r.", vendor.id, model_id)
        raise Invalid.of({"cloud_model_id": f"The hub could not read {vendor.label}'s description of it."}) from error


def _with_abilities(entry: ModelEntry, given: Mapping[str, Any] | None) -> ModelEntry:
    """The owner's words over the vendor's."""
    if given is None:
        return entry
    try:
        stored = {**entry.capabilities.as_json(), **given}
        abilities = Capabilities.from_json(stored)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise Invalid.of({"capabilities": f"They cannot be read: {error}"}) from error
    problems = ability_problems(abilities)
    if problems:
        raise Invalid.of({f"capabilities.{name}": sentence for name, sentence in problems.items()})
    return replace(entry, capabilities=abilities)
