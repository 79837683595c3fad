"""What a vendor announces of its models' ends reaches the registrations, is told once, and outlives a restart."""

from datetime import date

import pytest

from cloudhub.catalog.lifecycle import standing
from cloudhub.catalog.lifecycle_news import refresh_lifecycles
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model, synchronise_catalog
from providers.base import Busy, Key
from providers.catalogue import find_provider
from providers.emulation.server import RunningServer

OPENAI = find_provider("openai")
SOURCE = "https://api.openai.com/v1/models"


@pytest.fixture
def model(vendors: RunningServer, db: None) -> CloudModel:
    """GPT Image 1.5 as a hub knows it whose catalogue was written before its end was announced."""
    model = register_model(provider="openai", cloud_model_id="gpt-image-1.5")
    CloudModel.objects.filter(id=model.pk).update(
        shut_down_on=None, lifecycle_read_on=date(2026, 5, 1), lifecycle_source="https://example.org/old"
    )
    return CloudModel.objects.get(id=model.pk)


def again(model: CloudModel) -> CloudModel:
    return CloudModel.objects.get(id=model.pk)


def test_a_new_date_is_stored_with_its_source_and_told_once(model: CloudModel) -> None:
    (sentence,) = refresh_lifecycles(OPENAI)
    assert sentence == (
        "GPT Image 1.5 (gpt-image-1.5) has the shut-down date 2026-12-01, OpenAI says; until now no date was known."
    )
    known = again(model)
    assert (known.shut_down_on, known.lifecycle_source) == (date(2026, 12, 1), SOURCE)
    assert known.lifecycle_read_on > date(2026, 5, 1)
    assert standing(known, date(2026, 11, 22)).days_left == 9
    assert refresh_lifecycles(OPENAI) == []


def test_a_moved_date_tells_the_one_that_was_known(model: CloudModel) -> None:
    CloudModel.objects.update(shut_down_on=date(2027, 3, 1))
    assert "2026-12-01, OpenAI says; until now 2027-03-01 was known." in refresh_lifecycles(OPENAI)[0]


def test_models_without_a_date_keep_what_the_catalogue_says(model: CloudModel) -> None:
    living = register_model(provider="openai", cloud_model_id="gpt-image-2")
    gone = register_model(provider="openai", cloud_model_id="dall-e-3")
    refresh_lifecycles(OPENAI)
    assert again(living).shut_down_on is None
    assert again(gone).shut_down_on == date(2026, 5, 12)
    assert again(gone).lifecycle_source == "https://developers.openai.com/api/docs/deprecations"


def test_a_restart_does_not_forget_what_was_read_after_the_catalogue(model: CloudModel) -> None:
    CloudModel.objects.update(
        shut_down_on=date(2027, 1, 31), lifecycle_source=SOURCE, lifecycle_read_on=date(2026, 12, 24)
    )
    synchronise_catalog()
    kept = again(model)
    assert (kept.shut_down_on, kept.lifecycle_source) == (date(2027, 1, 31), SOURCE)
    assert kept.successor == "gpt-image-2.6-sunburst"


def test_a_newer_catalogue_has_the_last_word(model: CloudModel) -> None:
    synchronise_catalog()
    entry = OPENAI.model("gpt-image-1.5")
    assert again(model).lifecycle_read_on == entry.lifecycle.read_on
    CloudModel.objects.update(shut_down_on=date(2027, 1, 31), lifecycle_read_on=date(2099, 1, 1))
    assert refresh_lifecycles(OPENAI) == []
    assert again(model).shut_down_on == date(2027, 1, 31)


def test_nothing_is_asked_without_a_key(model: CloudModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert refresh_lifecycles(OPENAI) == []
    assert again(model).shut_down_on is None


def test_a_vendor_that_does_not_answer_changes_nothing(model: CloudModel, vendors: RunningServer) -> None:
    vendors.exchange.faults.post({"vendor": "openai", "status": 500}, ("openai",))
    with pytest.raises(Busy, match="Nothing was billed"):
        refresh_lifecycles(OPENAI)
    assert again(model).shut_down_on is None


def test_a_vendor_that_announces_nothing_has_no_news() -> None:
    assert find_provider("practice").read_lifecycles(Key({})) == {}
