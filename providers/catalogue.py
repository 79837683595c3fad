"""Which vendors are installed (by Django's app registry), and what their `catalog.toml` files say."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from django.apps import AppConfig, apps

from providers.abilities import ability_problems
from providers.base import Capabilities, Lifecycle, Limit, ModelEntry, PriceLine, PriceList, PrivacyNote, Provider
from providers.privacy import read_privacy

__all__ = [
    "ProviderConfig", "UnavailableVendor", "ability_problems", "find_provider", "installed_providers", "read_catalog",
    "read_privacy_note", "unavailable_vendors",
]  # fmt: skip


class ProviderConfig(AppConfig):
    """Base of every vendor's AppConfig, which sets `default = True`, its name and its `provider`."""

    default = False
    default_auto_field = "django.db.models.BigAutoField"
    provider: ClassVar[Provider]
    emulator: ClassVar[str] = ""


def installed_providers() -> dict[str, Provider]:
    """Every installed vendor by its id, in the order of INSTALLED_APPS."""
    configs = (config for config in apps.get_app_configs() if isinstance(config, ProviderConfig))
    return {config.provider.id: config.provider for config in configs}


def find_provider(provider_id: str) -> Provider | None:
    """The installed vendor with that id, or None."""
    return installed_providers().get(provider_id)


@dataclass(frozen=True, kw_only=True)
class UnavailableVendor:
    """A vendor that people ask for and that cannot be served: why, what to do instead, and where that was read."""

    id: str
    label: str
    reason: str
    advice: str
    source: str
    read_on: date


def unavailable_vendors() -> tuple[UnavailableVendor, ...]:
    """Vendors without a lawful interface, from `unavailable.toml`."""
    document = tomllib.loads(Path(__file__).with_name("unavailable.toml").read_text("utf-8"))
    return tuple(UnavailableVendor(**vendor) for vendor in document["vendors"])


def read_catalog(path: Path) -> tuple[ModelEntry, ...]:
    """The models of a `catalog.toml`. Raises ValueError or KeyError on a file that is not well formed."""
    document = _document(path)
    tables = document.get("size_tables", {})
    return tuple(_entry(model, tables) for model in document["models"])


def read_privacy_note(path: Path) -> PrivacyNote:
    """What a `catalog.toml` says, in its table `privacy`, of prompts and pictures. Raises as `read_catalog`."""
    return read_privacy(_document(path))


@cache
def _document(path: Path) -> dict[str, Any]:
    """A file is asked for its models and for its privacy note, and does not change while the hub runs."""
    return tomllib.loads(path.read_text("utf-8"))


def _entry(model: Mapping[str, Any], tables: Mapping[str, Any]) -> ModelEntry:
    abilities = dict(model.get("capabilities", {}))
    abilities["sizes"] = _sizes(abilities.pop("sizes", {}), tables)
    return ModelEntry(
        id=model["id"],
        name=model["name"],
        description=model.get("description", ""),
        aliases=tuple(model.get("aliases", ())),
        lifecycle=Lifecycle(**model.get("lifecycle", {})),
        capabilities=Capabilities.from_json(abilities),
        prices=tuple(_price_list(price) for price in model.get("prices", ())),
        limits=tuple(Limit(**limit) for limit in model.get("limits", ())),
        registered_from_start=model.get("registered_from_start", False),
    )


def _sizes(sizes: Mapping[str, Any], tables: Mapping[str, Any]) -> dict[str, Any]:
    """A resolution's sizes stand in the model itself or name one of the file's `size_tables`."""
    return {resolution: tables[size] if isinstance(size, str) else size for resolution, size in sizes.items()}


def _price_list(price: Mapping[str, Any]) -> PriceList:
    effective_from = price["effective_from"]
    if not isinstance(effective_from, datetime):
        effective_from = datetime(effective_from.year, effective_from.month, effective_from.day, tzinfo=UTC)
    lines = tuple(PriceLine(**line) for line in price["lines"])
    return PriceList(
        currency=price["currency"],
        effective_from=effective_from,
        lines=lines,
        source=price["source"],
        read_on=price["read_on"],
    )
