"""Whom the contract test asks: every installed vendor, each of its models, and what its tests folder says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from cloudhub.catalog.describe import find_entry
from cloudhub.catalog.models import Price
from cloudhub.vault.keys import environment_key
from providers.base import KeyForm, ModelEntry, Provider
from providers.catalogue import ProviderConfig, find_provider, installed_providers
from tests.canary import TEST_KEY
from tests.providers.documented import DocumentedError

LONGEST_PROMPT = 30_000
USUAL_KEY = TEST_KEY


@dataclass(frozen=True)
class Documents:
    """A vendor's `tests/documented.py`; the docstring of `tests/providers/documented.py` names the parts."""

    errors: tuple[DocumentedError, ...] = ()
    registrations: tuple[Mapping[str, Any], ...] = ()
    form: str = ""
    values: Mapping[str, list[Any]] = field(default_factory=dict)
    same_on_the_wire: Mapping[str, str] = field(default_factory=dict)
    unpriced: Mapping[str, str] = field(default_factory=dict)
    bills_nobody: bool = False
    finds_lost_jobs: bool = False
    longest_prompt: int = LONGEST_PROMPT
    module: Any = None

    def credentials(self, form: KeyForm, folder: Path, canary: str) -> Mapping[str, str]:
        """Values for a form's variables in which every secret holds `canary`."""
        own = getattr(self.module, "credentials", None)
        given: Mapping[str, str] | None = own(form.name, folder, canary) if own else None
        usual = {name: f"public-{name.lower()}" if name in form.public else canary for name in form.variables}
        return usual if given is None else given


def _config(provider_id: str) -> ProviderConfig:
    configs = [config for config in apps.get_app_configs() if isinstance(config, ProviderConfig)]
    return next(config for config in configs if config.provider.id == provider_id)


@cache
def documents_of(provider_id: str) -> Documents:
    """What the vendor's folder says, empty where it says nothing."""
    package = f"{_config(provider_id).name}.tests"
    if find_spec(package) is None or find_spec(f"{package}.documented") is None:
        return Documents()
    module = import_module(f"{package}.documented")
    return Documents(
        errors=tuple(getattr(module, "ERRORS", ())),
        registrations=tuple(getattr(module, "REGISTRATIONS", ())),
        form=getattr(module, "FORM", ""),
        values=getattr(module, "VALUES", {}),
        same_on_the_wire=getattr(module, "SAME_ON_THE_WIRE", {}),
        unpriced=getattr(module, "UNPRICED", {}),
        bills_nobody=getattr(module, "BILLS_NOBODY", False),
        finds_lost_jobs=getattr(module, "FINDS_LOST_JOBS", False),
        longest_prompt=getattr(module, "LONGEST_PROMPT", LONGEST_PROMPT),
        module=module,
    )


_entries: dict[str, ModelEntry] = {}


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
        """The model's description as its registration would hold it; asks the vendor once where it must."""
        if str(self) not in _entries:
            known = self.registration
            found = find_entry(
                self.provider_id, self.model_id, known.get("address") or "", known.get("capabilities"),
                environment_key(self.provider),
            )  # fmt: skip
            _entries[str(self)] = found[0]
        return _entries[str(self)]

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

    @property
    def is_unpriced(self) -> bool:
        return self.model_id in documents_of(self.provider_id).unpriced


def vendors(*, emulated: bool = True) -> list[str]:
    """Ids of the installed vendors, by default of those that have a part in the emulator."""
    return [vendor for vendor in installed_providers() if _config(vendor).emulator or not emulated]


def subjects(*, emulated: bool = True) -> list[Subject]:
    """Every model of those vendors: the catalogue's, and the registrations that a vendor's tests describe."""
    return [subject for vendor in vendors(emulated=emulated) for subject in subjects_of(vendor)]


def subjects_of(vendor: str) -> list[Subject]:
    registrations = documents_of(vendor).registrations
    named = {registration["cloud_model_id"] for registration in registrations}
    listed = [{"cloud_model_id": entry.id} for entry in installed_providers()[vendor].models if entry.id not in named]
    return [
        Subject(vendor, registration["cloud_model_id"], {**registration, "provider": vendor})
        for registration in [*registrations, *listed]
    ]


def usual_subject(vendor: str, model_id: str = "") -> Subject:
    """The named model, or the vendor's usual one: the first that draws from words and is not past its end."""
    own, today = subjects_of(vendor), datetime.now(UTC).date()
    if model_id:
        return next(subject for subject in own if subject.model_id == model_id)
    assert own, f"{vendor} has no model: its tests/documented.py names none in REGISTRATIONS"

    def draws(subject: Subject) -> bool:
        entry = subject.provider.model(subject.model_id)
        end = entry.lifecycle.shut_down if entry else None
        return (end is None or end > today) and (entry is None or "text-to-image" in entry.capabilities.modes)

    return next((subject for subject in own if draws(subject)), own[0])


def widest_form(vendor: str) -> KeyForm:
    """The credentials with which most can be asked for."""
    forms, name = installed_providers()[vendor].forms(), documents_of(vendor).form
    return next((form for form in forms if form.name == name), forms[0])


def set_credentials(
    vendor: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, form: KeyForm | None = None, canary: str = USUAL_KEY
) -> None:
    """Put a key for the vendor into the environment: by one form, the preferred one unless another is given.

    Without a canary optional variables stay unset, but for vendors that make their credentials themselves.
    """
    forms = installed_providers()[vendor].forms()
    for other in forms:
        for name in other.variables:
            monkeypatch.delenv(name, raising=False)
    chosen, documents = form or forms[0], documents_of(vendor)
    has_own = hasattr(documents.module, "credentials")
    for name, value in documents.credentials(chosen, folder, canary).items():
        if name in chosen.required or has_own or canary != USUAL_KEY:
            monkeypatch.setenv(name, value)
