"""Finding the model that a text means, and where it stands in its life."""

from datetime import date, timedelta

import pytest

from cloudhub.catalog.find import default_model, find_model, models_for_picking, successor_of
from cloudhub.catalog.lifecycle import lifecycle_warnings, standing
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import change_model, register_model
from cloudhub.core.errors import AmbiguousModel, Invalid, NotFound
from tests.conftest import Cast

TODAY = date(2026, 6, 15)


@pytest.fixture
def flash(db: None) -> CloudModel:
    return register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image", key="flash")


def test_a_model_is_found_by_key_id_vendor_id_and_alias(flash: CloudModel) -> None:
    for reference in ("flash", str(flash.pk), "gemini-2.5-flash-image", "gemini-2.5-flash"):
        assert find_model(reference) == flash


def test_a_key_wins_over_an_id_and_a_vendors_id(flash: CloudModel) -> None:
    by_id = register_model(provider="practice", cloud_model_id="practice-1", key=str(flash.pk))
    by_name = register_model(provider="practice", cloud_model_id="practice-1", key="gemini-2.5-flash-image")
    assert find_model(str(flash.pk)) == by_id
    assert find_model("gemini-2.5-flash-image") == by_name
    assert find_model("gemini-2.5-flash") == flash


def test_a_vendor_id_of_several_registrations_is_ambiguous_and_names_the_keys(flash: CloudModel) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image", key="draft")
    for reference in ("gemini-2.5-flash-image", "gemini-2.5-flash"):
        with pytest.raises(AmbiguousModel, match="draft, flash") as refusal:
            find_model(reference)
        assert (refusal.value.code, list(refusal.value.fields)) == ("model_ambiguous", ["model"])
    assert find_model("flash") == flash


def test_a_model_that_is_switched_off_is_not_found_and_makes_nothing_ambiguous(flash: CloudModel) -> None:
    other = register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image", key="draft")
    change_model(flash, {"enabled": False})
    assert find_model("gemini-2.5-flash-image") == other
    with pytest.raises(NotFound, match="switched off") as refusal:
        find_model("flash")
    assert refusal.value.code == "model_not_found"
    with pytest.raises(NotFound):
        find_model(str(flash.pk))


UNKNOWN = ["nothing", "²", "9" * 18, "9" * 5000, "-1", " flash", "FLASH", "a\x00", "\ud800"]


@pytest.mark.parametrize("reference", UNKNOWN)
def test_an_unknown_text_is_no_model(flash: CloudModel, reference: str) -> None:
    with pytest.raises(NotFound) as refusal:
        find_model(reference)
    assert refusal.value.code == "model_not_found"


@pytest.mark.parametrize("reference", ["", None, 5, 10**30, True, ["flash"], {}])
def test_what_is_no_text_is_refused(flash: CloudModel, reference: object) -> None:
    with pytest.raises(Invalid) as refusal:
        find_model(reference)
    assert list(refusal.value.fields) == ["model"]


LIVES = [
    ({}, "active", ""),
    ({"deprecated_on": TODAY + timedelta(days=1)}, "active", ""),
    ({"deprecated_on": TODAY}, "deprecated", "deprecated since 2026-06-15; no end date is known"),
    ({"shut_down_on": TODAY + timedelta(days=10)}, "retiring", "shuts down on 2026-06-25, in 10 days"),
    ({"deprecated_on": TODAY, "shut_down_on": TODAY + timedelta(days=10)}, "retiring", "in 10 days"),
    ({"shut_down_on": TODAY}, "shut_down", "shut-down date of 2026-06-15, which has passed; calls may fail"),
    ({"shut_down_on": TODAY - timedelta(days=400)}, "shut_down", "calls may fail"),
]


@pytest.mark.parametrize(("dates", "state", "words"), LIVES)
def test_dates_say_where_a_model_stands(dates: dict[str, date], state: str, words: str) -> None:
    model = CloudModel(name="Old One", successor="new-one", **dates)
    assert standing(model, TODAY).state == state
    warnings = lifecycle_warnings(model, TODAY)
    assert len(warnings) == bool(words)
    for warning in warnings:
        assert words in warning
        assert warning.startswith("Old One")
        assert warning.endswith("Its successor is new-one.")


def test_a_successor_at_another_vendor_is_found_by_its_id(cast: Cast) -> None:
    old = register_model(provider="google-imagen", cloud_model_id="imagen-4.0-generate-001")
    assert successor_of(old) is None
    model_id = old.successor
    gateway = CloudModel.objects.create(key="a-gateway", provider="openai-compatible", cloud_model_id=model_id)
    assert successor_of(old) == gateway
    nano = register_model(provider="google-gemini", cloud_model_id=model_id, key="nano")
    assert successor_of(old) == nano
    own = CloudModel.objects.create(key="own", provider="google-imagen", cloud_model_id=model_id)
    assert successor_of(old) == own


def test_a_warning_without_a_successor_names_none() -> None:
    [warning] = lifecycle_warnings(CloudModel(name="Old One", deprecated_on=TODAY), TODAY)
    assert "successor" not in warning


def test_a_model_past_its_date_registers_stands_last_and_is_never_the_default(flash: CloudModel) -> None:
    CloudModel.objects.filter(id=flash.pk).update(shut_down_on=date(2020, 1, 1), name="AAA")
    practice = register_model(provider="practice", cloud_model_id="practice-1")
    assert models_for_picking(None) == [practice, flash]
    assert default_model(None) == practice
    assert find_model("flash") == flash


def test_the_default_is_a_real_vendors_model_when_there_is_one(flash: CloudModel) -> None:
    CloudModel.objects.filter(id=flash.pk).update(shut_down_on=None)
    register_model(provider="practice", cloud_model_id="practice-1", name="AAA")
    assert default_model(None) == flash


def test_without_any_model_there_is_no_default(db: None) -> None:
    assert default_model(None) is None
