"""What a model claims is really sent; what it lacks is refused by name or told; every flag is true or absent."""

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from django.apps import apps

from cloudhub.vault.keys import environment_key
from providers.base import CloudGenerationRequest, InvalidField, ModelEntry, Provider, ProviderError
from providers.catalogue import ProviderConfig, ability_problems
from providers.emulation.server import RunningServer
from tests.contract.claims import Claim, claims, lacking, wanted
from tests.contract.drive import begin, fit
from tests.contract.subjects import Subject, documents_of, subjects
from tests.contract.tap import Tap, refusing_work
from tests.contract.wire import Flat, differs, flat
from tests.contract.wishes import needed, usual

# What no database changes is not asked twice.
pytestmark = [pytest.mark.usefixtures("widest"), pytest.mark.sqlite_only]
CATALOGUES = {
    config.provider.id: Path(config.path) / "catalog.toml"
    for config in apps.get_app_configs()
    if isinstance(config, ProviderConfig)
}


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=vendor) for vendor, path in CATALOGUES.items() if path.exists()]
)
def test_every_flag_is_true_or_absent(path: Path) -> None:
    for model in tomllib.loads(path.read_text("utf-8")).get("models", []):
        for name, value in model.get("capabilities", {}).items():
            assert value is not False, f"{model['id']}: {name}"
            assert value not in ([], {}, ""), f"{model['id']}: {name}"


@pytest.mark.parametrize("subject", subjects(emulated=False), ids=str)
def test_the_abilities_make_sense_together(emulator: RunningServer, subject: Subject) -> None:
    assert ability_problems(subject.entry().capabilities) == {}


def sent(tap: Tap, provider: Provider, request: CloudGenerationRequest) -> Flat:
    """What reaches the vendor for a wish, up to the costly call, which is not carried out."""
    tap.calls.clear()
    tap.hook = refusing_work
    refusal = ""
    try:
        begin(provider, request, environment_key(provider))
    except ProviderError as error:
        refusal = error.message
    assert tap.work(), f"no costly call was sent: {refusal}"
    return flat(tap.calls)


@pytest.mark.parametrize("subject", subjects(), ids=str)
def test_each_claimed_ability_reaches_the_vendor(tap: Tap, subject: Subject) -> None:
    provider, entry = subject.provider, subject.entry()
    documents = documents_of(subject.provider_id)
    # What a first call brings along, such as a token, is not part of what a wish says.
    with suppress(AssertionError):
        sent(tap, provider, fit(provider, entry, usual(provider, entry)).request)
    unsent = []
    for claim in claims(entry, needed(provider, entry), documents.values):
        if {claim.name, f"{entry.id}:{claim.name}"} & set(documents.same_on_the_wire):
            continue
        problem = problem_with(tap, provider, entry, claim)
        if problem:
            unsent.append(f"{claim.name}: {problem}")
    assert "\n".join(unsent) == ""


def problem_with(tap: Tap, provider: Provider, entry: ModelEntry, claim: Claim) -> str:
    """Why an ability cannot be seen in what is sent, empty when it can."""
    try:
        base, *others = wanted(provider, entry, claim)
        first, *each = [sent(tap, provider, request) for request in (base, *others)]
        again = sent(tap, provider, others[0])
        chance = {place for place in {*again, *each[0]} if again.get(place) != each[0].get(place)}
    except InvalidField as refusal:
        return f"refused: {refusal}"
    except AssertionError as error:
        return str(error)
    as_usual = sum(not differs(first, one, chance) for one in each)
    if as_usual > (1 if len(each) > 1 else 0):
        return f"{as_usual} of {len(each)} values are sent as if nothing was asked"
    alike = sum(not differs(one, other, chance) for at, one in enumerate(each) for other in each[:at])
    return f"{alike} pairs of values are sent alike" if alike else ""


@pytest.mark.parametrize("subject", subjects(emulated=False), ids=str)
def test_each_ability_that_a_model_lacks_is_refused_by_name_or_told(emulator: RunningServer, subject: Subject) -> None:
    provider, entry = subject.provider, subject.entry()
    silent = []
    for name, change in lacking(provider, entry).items():
        try:
            fitted = fit(provider, entry, usual(provider, entry, **change))
        except InvalidField as refusal:
            if not any(field.partition("[")[0] in (name, "input_images") for field in refusal.fields):
                silent.append(f"{name}: refused as {sorted(refusal.fields)}")
        else:
            if not fitted.notes:
                silent.append(f"{name}: taken without a word")
    assert silent == []
