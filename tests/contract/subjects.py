"""Whom the contract test asks: every installed vendor, each of its models, and what its tests folder says of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps

from cloudhub.catalog.describe import find_entry
from cloudhub.catalog.models import Price
from providers.base import KeyForm, ModelEntry, Provider
from providers.catalogue import ProviderConfig, find_provider, installed_providers
from tests.providers.documented import DocumentedError

USUAL_KEY = "test-key-0123456789"


@dataclass(frozen=True)
class Documents:
    """What a vendor's `tests/documented.py` says; its docstring in `tests/providers/documented.py` names the parts."""

    errors: tuple[DocumentedError, ...] = ()
    registrations: tuple[Mapping[str, Any], ...] = ()
    together: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    same_on_the_wire: Mapping[str, str] = field(default_factory=dict)
    unpriced: Mapping[str, str] = field(default_factory=dict)
    module: Any = None

    def credentials(self, form: KeyForm, folder: Path, canary: str) -> dict[str, str]:
        """Values for a form's variables in which every secret holds `canary`."""
        own = getattr(self.module, "credentials", None)
        if own is not None:
            given = own(form.name, folder, canary)
            if given is not None:
                return dict(given)
        return {name: f"public-{name.lower()}" if name in form.public else canary for name in form.variables}


def documents_of(provider_id: str) -> Documents:
    """What the vendor's folder says, empty where it says nothing."""
    config = next(
        config for config in apps.get_app_configs()
        if isinstance(config, ProviderConfig) and config.provider.id == provider_id
    )  # fmt: skip
    name = f"{config.name}.tests.documented"
    if find_spec(f"{config.name}.tests") is None or find_spec(name) is None:
        return Documents()
    module = import_module(name)
    return Documents(
        errors=tuple(getattr(module, "ERRORS", ())),
        registrations=tuple(getattr(module, "REGISTRATIONS", ())),
        together=getattr(module, "TOGETHER", {}),
        same_on_the_wire=getattr(module, "SAME_ON_THE_WIRE", {}),
        unpriced=getattr(module, "UNPRICED", {}),
        module=module,
    )


@dataclass(frozen=True)
class Subject:
    """One model under the contract. `registration` are the arguments of `register_model`."""

    provider_id: str
    model_id: str
    registration: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.provider_id}:{self.model_id}"

    @property
    def provider(self) -> Provider:
        found = find_provider(self.provider_id)
        assert found is not None
        return found

    def entry(self) -> ModelEntry:
        """The model's description as its registration would hold it; may ask the vendor."""
        known = self.registration
        return find_entry(self.provider_id, self.model_id, known.get("address") or "", known.get("capabilities"))[0]

    def price(self, entry: ModelEntry) -> Price | None:
        """The price in force, unsaved: by hand where the registration has one, else the catalogue's."""
        amount = self.registration.get("price_per_image")
        if amount is not None:
            return Price(currency="USD", lines=[{"unit": "image", "amount": amount, "per": 1, "description": ""}])
        now = datetime.now(UTC)
        begun = [prices for prices in entry.prices if prices.effective_from <= now]
        newest = max(begun, key=lambda prices: prices.effective_from, default=None)
        if newest is None:
            return None
        lines = [{"unit": line.unit, "amount": line.amount, "per": line.per, "description": line.description}
                 for line in newest.lines]  # fmt: skip
        return Price(currency=newest.currency, lines=lines)


def has_emulator(provider_id: str) -> bool:
    configs = [config for config in apps.get_app_configs() if isinstance(config, ProviderConfig)]
    return any(config.provider.id == provider_id and config.emulator for config in configs)


def vendors(*, emulated: bool = True) -> list[str]:
    """Ids of the installed vendors, by default of those that have a part in the emulator."""
    return [vendor for vendor in installed_providers() if has_emulator(vendor) or not emulated]


def subjects(*, emulated: bool = True) -> list[Subject]:
    """Every model of those vendors: the catalogue's, and the registrations that a vendor's tests describe."""
    found: list[Subject] = []
    for vendor in vendors(emulated=emulated):
        registrations = documents_of(vendor).registrations
        listed = [{"cloud_model_id": entry.id} for entry in installed_providers()[vendor].models]
        named = {registration["cloud_model_id"] for registration in registrations}
        for registration in [*registrations, *(one for one in listed if one["cloud_model_id"] not in named)]:
            found.append(Subject(vendor, registration["cloud_model_id"], {**registration, "provider": vendor}))
    return found


def usual_subject(vendor: str) -> Subject:
    """The model that stands for its vendor: the first that draws from words and is not past its end, else the first."""
    own = [subject for subject in subjects() if subject.provider_id == vendor]
    entries = {str(subject): find_provider(vendor).model(subject.model_id) for subject in own}  # type: ignore[union-attr]

    def draws(subject: Subject) -> bool:
        entry = entries[str(subject)]
        is_past = entry and entry.lifecycle.shut_down and entry.lifecycle.shut_down <= datetime.now(UTC).date()
        return not is_past and (entry is None or "text-to-image" in entry.capabilities.modes)

    return next((subject for subject in own if draws(subject)), own[0])


def set_credentials(vendor: str, folder: Path, monkeypatch: Any, *, form: int = 0, canary: str = USUAL_KEY) -> None:
    """Put a key for the vendor into the environment: its form by number, and no other."""
    provider = installed_providers()[vendor]
    for other in provider.forms():
        for name in other.variables:
            monkeypatch.delenv(name, raising=False)
    chosen = provider.forms()[form]
    wanted = documents_of(vendor).credentials(chosen, folder, canary)
    for name, value in wanted.items():
        if name in chosen.required or canary != USUAL_KEY or name not in os.environ:
            monkeypatch.setenv(name, value)
