"""What a model claims is really sent; what it lacks is refused by name or told; every flag is true or absent."""

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from cloudhub.vault.keys import key_for
from providers.abilities import ability_problems
from providers.base import CloudGenerationRequest, InvalidField, ModelEntry, Provider, ProviderError
from providers.catalogue import ProviderConfig
from providers.catalogue import ability_problems as published
from tests.contract.drive import begin, fit
from tests.contract.subjects import Subject, documents_of, subjects
from tests.contract.tap import Tap, refusing_work
from tests.contract.wire import Flat, differs, flat
from tests.contract.wishes import Claim, claims, lacking, merged, plain

CATALOGUES = [
    Path(config.path) / "catalog.toml" for config in apps.get_app_configs() if isinstance(config, ProviderConfig)
]


def folder(path: Path) -> str:
    return path.parent.name


@pytest.mark.parametrize("path", [path for path in CATALOGUES if path.exists()], ids=folder)
def test_every_flag_is_true_or_absent(path: Path) -> None:
    for model in tomllib.loads(path.read_text("utf-8")).get("models", []):
        for name, value in model.get("capabilities", {}).items():
            assert value is not False, f"{model['id']}: {name}"
            assert value not in ([], {}, ""), f"{model['id']}: {name}"


@pytest.mark.parametrize("subject", subjects(emulated=False), ids=str)
def test_the_abilities_make_sense_together(emulator: Any, subject: Subject) -> None:
    assert ability_problems is published
    assert ability_problems(subject.entry().capabilities) == {}


def sent(tap: Tap, provider: Provider, request: CloudGenerationRequest) -> Flat:
    """What reaches the vendor for a wish, up to the costly call, which is not carried out."""
    tap.calls.clear()
    tap.hook = refusing_work
    with suppress(ProviderError):
        begin(provider, request, key_for(provider))
    assert tap.work(), "no costly call was sent"
    return flat(tap.calls)


@pytest.mark.parametrize("subject", subjects(), ids=str)
def test_each_claimed_ability_reaches_the_vendor(tap: Tap, subject: Subject) -> None:
    provider, entry = subject.provider, subject.entry()
    documents = documents_of(subject.provider_id)
    unsent = []
    for claim in claims(entry, documents.together):
        allowed = documents.same_on_the_wire.get(f"{entry.id}:{claim.name}") or documents.same_on_the_wire.get(
            claim.name
        )
        problem = "" if allowed else problem_with(tap, provider, entry, claim)
        if problem:
            unsent.append(f"{claim.name}: {problem}")
    assert unsent == []


def problem_with(tap: Tap, provider: Provider, entry: ModelEntry, claim: Claim) -> str:
    """Why an ability cannot be seen in what is sent: at most one of its values may be the vendor's usual one."""
    try:
        base = fit(provider, entry, wish(entry, claim.beside)).request
        wanted = [fit(provider, entry, wish(entry, merged(claim.beside, value))).request for value in claim.values]
    except InvalidField as refusal:
        return f"refused: {refusal}"
    first, second = sent(tap, provider, base), sent(tap, provider, base)
    chance = {place for place in {*first, *second} if first.get(place) != second.get(place)}
    each = [sent(tap, provider, request) for request in wanted]
    usual = sum(not differs(first, one, chance) for one in each)
    if usual > (1 if len(each) > 1 else 0):
        return f"{usual} of {len(each)} values are sent as if nothing was asked"
    alike = sum(not differs(one, other, chance) for at, one in enumerate(each) for other in each[:at])
    return f"{alike} pairs of values are sent alike" if alike else ""


def wish(entry: ModelEntry, fields: Any) -> CloudGenerationRequest:
    return plain(entry, **fields)


@pytest.mark.parametrize("subject", subjects(emulated=False), ids=str)
def test_each_ability_that_a_model_lacks_is_refused_by_name_or_told(emulator: Any, subject: Subject) -> None:
    provider, entry = subject.provider, subject.entry()
    silent = []
    for name, change in lacking(entry).items():
        try:
            told = fit(provider, entry, plain(entry, **change))
        except InvalidField as refusal:
            if not any(field.partition("[")[0] in (name, "input_images") for field in refusal.fields):
                silent.append(f"{name}: refused as {sorted(refusal.fields)}")
        else:
            if not told.notes:
                silent.append(f"{name}: taken without a word")
    assert silent == []
