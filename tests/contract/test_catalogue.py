"""Catalogues make sense: dates, sources, successors, prices, names; and .env.example knows every variable."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from django.conf import settings

from cloudhub.core.money import parse_price
from providers.base import ModelEntry, Provider
from providers.catalogue import installed_providers
from tests.contract.subjects import documents_of, subjects_of, vendors

ROOT = Path(settings.BASE_DIR)
VENDORS = vendors(emulated=False)
MODELS = [
    pytest.param(vendor, entry, id=f"{vendor}:{entry.id}")
    for vendor in VENDORS
    for entry in installed_providers()[vendor].models
]
TODAY = datetime.now(UTC).date()


def provider_of(vendor: str) -> Provider:
    return installed_providers()[vendor]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_says_who_it_is_and_how_long_it_may_take(vendor: str) -> None:
    provider = provider_of(vendor)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", provider.id)
    assert provider.label
    assert provider.error_prefix
    assert 1 <= provider.longest_wait_seconds <= 24 * 3600
    assert provider.result_seconds is None or provider.result_seconds > 0
    assert {provider.billed_on_filter, provider.billed_on_cancel, provider.billed_on_timeout} <= {
        "yes",
        "no",
        "unknown",
    }
    if provider.can_cancel:
        assert provider.status_by_id, "what cannot be asked for cannot be cancelled"


@pytest.mark.parametrize("vendor", vendors())
def test_a_vendor_has_models_to_be_asked_for(vendor: str) -> None:
    assert subjects_of(vendor), "no model, and no REGISTRATIONS in its tests/documented.py"


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_form_of_credentials_has_its_own_name_and_sensible_variables(vendor: str) -> None:
    forms = provider_of(vendor).forms()
    assert len({form.name for form in forms}) == len(forms)
    for form in forms:
        assert len(set(form.variables)) == len(form.variables)
        assert set(form.public) <= set(form.variables)
        assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", name) for name in form.variables)
    needs_key = all(form.required for form in forms)
    assert not needs_key or provider_of(vendor).key_help or all(form.help for form in forms), (
        "no word on how to get a key"
    )


@pytest.mark.parametrize("vendor", VENDORS)
def test_env_example_lists_every_variable_of_a_vendor(vendor: str) -> None:
    provider = provider_of(vendor)
    listed = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    wanted = {name for form in provider.forms() for name in form.variables} | set(provider.address_variables)
    assert wanted - listed == set()


@pytest.mark.parametrize("vendor", VENDORS)
def test_names_are_unique_over_a_vendor(vendor: str) -> None:
    models = provider_of(vendor).models
    names = Counter(name for entry in models for name in (entry.id, *entry.aliases))
    assert [name for name, count in names.items() if count > 1] == []
    assert len({entry.name for entry in models}) == len(models)
    for name in names:
        found = provider_of(vendor).model(name)
        assert found is not None
        assert name in (found.id, *found.aliases)


@pytest.mark.parametrize("vendor", VENDORS)
def test_nothing_that_costs_is_registered_from_the_start(vendor: str) -> None:
    provider = provider_of(vendor)
    registered = [entry.id for entry in provider.models if entry.registered_from_start]
    assert registered == [] or not any(form.required for form in provider.forms())


@pytest.mark.parametrize(("vendor", "entry"), MODELS)
def test_a_life_cycle_has_dates_in_order_a_source_and_the_day_it_was_read(vendor: str, entry: ModelEntry) -> None:
    life = entry.lifecycle
    dates = [day for day in (life.released, life.deprecated, life.shut_down) if day is not None]
    assert all(type(day) is date for day in dates)
    assert dates == sorted(dates)
    if dates or life.successor or life.note:
        assert life.source.startswith("https://") or vendor == "practice"
        assert life.read_on is not None or vendor == "practice"
    if life.read_on is not None:
        assert date(2026, 1, 1) <= life.read_on <= TODAY
    if life.released is not None:
        assert life.released <= TODAY, "not there yet"


@pytest.mark.parametrize(("vendor", "entry"), MODELS)
def test_a_model_that_ends_names_what_comes_after_it(vendor: str, entry: ModelEntry) -> None:
    life = entry.lifecycle
    if life.deprecated or life.shut_down:
        assert life.successor or life.note
    if life.successor:
        assert life.successor not in (entry.id, *entry.aliases)
        everywhere = [provider.model(life.successor) for provider in installed_providers().values()]
        following = next((found for found in everywhere if found is not None), None)
        assert following is not None or life.note, f"nobody has {life.successor}, and no note says what it is"
        if following is not None and life.shut_down and following.lifecycle.shut_down:
            assert following.lifecycle.shut_down >= life.shut_down, "its successor is gone before it"


@pytest.mark.parametrize(("vendor", "entry"), MODELS)
def test_prices_have_a_source_a_day_and_exact_amounts(vendor: str, entry: ModelEntry) -> None:
    starts = [prices.effective_from for prices in entry.prices]
    assert len(set(starts)) == len(starts)
    for prices in entry.prices:
        assert re.fullmatch(r"[A-Z]{3}", prices.currency)
        assert (prices.currency == "XTS") is (vendor == "practice")
        assert prices.source.startswith("https://") or vendor == "practice"
        assert date(2026, 1, 1) <= prices.read_on <= TODAY
        assert prices.effective_from.tzinfo is not None
        units = [line.unit for line in prices.lines]
        assert units
        assert len(set(units)) == len(units)
        for line in prices.lines:
            assert type(line.per) is int
            assert line.per >= 1
            assert parse_price(line.amount) >= Fraction(0)


@pytest.mark.parametrize(("vendor", "entry"), MODELS)
def test_a_price_is_in_force_or_its_absence_has_a_reason(vendor: str, entry: ModelEntry) -> None:
    if any(prices.effective_from <= datetime.now(UTC) for prices in entry.prices):
        return
    documents = documents_of(vendor)
    by_hand = {one["cloud_model_id"] for one in documents.registrations if one.get("price_per_image") is not None}
    assert entry.id in {*documents.unpriced, *by_hand}


@pytest.mark.parametrize(("vendor", "entry"), MODELS)
def test_limits_can_be_kept(vendor: str, entry: ModelEntry) -> None:
    for limit in (*provider_of(vendor).limits, *entry.limits):
        assert limit.count >= 1
        assert (limit.seconds == 0) is (limit.kind == "parallel")
        assert limit.source


@pytest.mark.parametrize(("vendor", "entry"), MODELS)
def test_a_model_has_a_name_and_a_sentence_for_people(vendor: str, entry: ModelEntry) -> None:
    assert entry.name.strip() == entry.name != ""
    assert len(entry.id) <= 200
    assert entry.description == "" or entry.description.endswith(".")
    for option in entry.capabilities.options:
        assert not option.description[:1].islower()


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_says_what_becomes_of_prompts_and_pictures(vendor: str) -> None:
    provider = provider_of(vendor)
    note = provider.privacy
    assert note is not Provider.privacy, "no table [privacy] in catalog.toml, or not read by the client"
    assert re.fullmatch(r"Prompt and pictures (go to|stay) \S.*[^.];.*[^.]; \S.*[^.]\.", note.words)
    assert note.details == "" or note.details.endswith(".")
    assert all(part and not part.endswith(".") for part in (note.goes_to, note.kept, note.training))
    if note.hosts:
        assert note.source.startswith("https://")
        assert note.read_on is not None
        assert date(2026, 1, 1) <= note.read_on <= TODAY
    else:
        assert note.stays or provider.takes_address or provider.address_variables, "whose server is it?"


@pytest.mark.parametrize("vendor", VENDORS)
def test_another_address_is_named_instead_of_the_vendors_own(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = provider_of(vendor)
    variables = [name for name in provider.address_variables if name.endswith("_BASE_URL")]
    for name in provider.address_variables:
        monkeypatch.delenv(name, raising=False)
    assert provider.privacy_for() == provider.privacy
    for name in variables:
        monkeypatch.setenv(name, "http://user:secret@gateway.example:8080/prefix")
    note = provider.privacy_for()
    assert ("gateway.example:8080" in note.words) is bool(variables)
    assert "secret" not in note.words
    if variables and provider.privacy.hosts:
        assert "how long they are kept is not documented" in note.words
