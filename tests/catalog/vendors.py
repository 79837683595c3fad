"""A vendor's description that tests change at will, standing in the app registry's place of a real one."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from providers.base import Lifecycle, ModelEntry, PriceLine, PriceList
from providers.catalogue import find_provider


def describe(monkeypatch: pytest.MonkeyPatch, *entries: ModelEntry, provider: str = "practice") -> None:
    """From here on the vendor's catalogue lists these models."""
    monkeypatch.setattr(find_provider(provider), "models", entries)


def practice_entry(**changes: object) -> ModelEntry:
    """The practice model as it stands, with changes."""
    provider = find_provider("practice")
    assert provider is not None
    return replace(provider.models[0], **changes)  # type: ignore[arg-type]


def price(amount: str, since: datetime = datetime(2026, 1, 1, tzinfo=UTC), unit: str = "image") -> PriceList:
    return PriceList(currency="XTS", effective_from=since, source="a page", read_on=date(2026, 1, 1),
                     lines=(PriceLine(unit=unit, amount=amount),))  # fmt: skip


def life(**dates: date | str) -> Lifecycle:
    return Lifecycle(**dates)  # type: ignore[arg-type]
