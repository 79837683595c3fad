"""Dated prices: which is in force, by hand or by catalogue, and what synchronising does to them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db.models import ProtectedError

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import price_in_force
from cloudhub.catalog.register import change_model, register_model, synchronise_catalog
from tests.billing.stage import submit
from tests.catalog.vendors import describe, practice_entry, price

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def model(db: None, monkeypatch: pytest.MonkeyPatch) -> CloudModel:
    describe(monkeypatch, practice_entry(prices=(price("0.01"), price("0.02", NOON))))
    return register_model(provider="practice", cloud_model_id="practice-1")


def amount_at(model: CloudModel, at: datetime) -> str | None:
    found = price_in_force(model, at)
    return found.lines[0]["amount"] if found else None


def test_the_newest_price_that_has_begun_is_in_force(model: CloudModel) -> None:
    moments = [datetime(2025, 12, 31, tzinfo=UTC), NOON - timedelta(microseconds=1), NOON, NOON + timedelta(days=900)]
    assert [amount_at(model, at) for at in moments] == [None, "0.01", "0.02", "0.02"]


def test_a_price_by_hand_wins_until_it_is_taken_back(model: CloudModel) -> None:
    with time_machine.travel(NOON - timedelta(days=1)):
        change_model(model, {"price_per_image": "0.0375"})
        assert price_in_force(model).by_hand
        assert price_in_force(model).currency == "XTS"
    later = NOON + timedelta(days=1)
    assert amount_at(model, later) == "0.037500"
    with time_machine.travel(later):
        change_model(model, {"price_per_image": None})
    assert amount_at(model, later + timedelta(seconds=1)) == "0.02"
    assert Price.objects.count() == 4


def test_a_free_model_has_a_known_price_of_nothing(model: CloudModel) -> None:
    change_model(model, {"price_per_image": "0"})
    assert amount_at(model, datetime.now(UTC)) == "0.000000"


def test_synchronising_twice_changes_nothing(model: CloudModel) -> None:
    before = list(Price.objects.order_by("id").values())
    synchronise_catalog()
    synchronise_catalog()
    assert list(Price.objects.filter(model=model).order_by("id").values()) == before


def test_a_new_price_of_the_catalogue_is_a_new_row(model: CloudModel, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (price("0.01"), price("0.02", NOON), price("0.03", NOON + timedelta(days=9)))
    describe(monkeypatch, practice_entry(prices=rows))
    synchronise_catalog()
    assert [row.lines[0]["amount"] for row in Price.objects.order_by("id")] == ["0.01", "0.02", "0.03"]


def test_a_corrected_price_counts_from_now_and_keeps_the_old_row(
    model: CloudModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(monkeypatch, practice_entry(prices=(price("0.01"), price("0.025", NOON))))
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        synchronise_catalog()
        synchronise_catalog()
    moments = [NOON, NOON + timedelta(days=2), NOON + timedelta(days=4)]
    assert [amount_at(model, at) for at in moments] == ["0.02", "0.02", "0.025"]
    assert Price.objects.count() == 3


def test_a_correction_of_todays_price_does_not_wait_for_the_next_one(
    model: CloudModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(monkeypatch, practice_entry(prices=(price("0.015"), price("0.02", NOON))))
    with time_machine.travel(NOON - timedelta(days=3), tick=False):
        synchronise_catalog()
    assert [amount_at(model, NOON - timedelta(days=days)) for days in (4, 2, 0)] == ["0.01", "0.015", "0.02"]


def test_a_price_that_a_ledger_line_names_stays(alice: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = submit(alice).attempts.get().hold
    describe(monkeypatch, practice_entry(prices=(price("0.5", NOON, unit="image:1K"),)))
    synchronise_catalog()
    hold.refresh_from_db()
    assert hold.price.lines[1]["amount"] == "0.010000"
    with pytest.raises(ProtectedError):
        hold.price.delete()


def test_synchronising_registers_what_is_there_from_the_start_once(db: None) -> None:
    assert "practice-1" in [model.key for model in synchronise_catalog()]
    assert synchronise_catalog() == []


def test_synchronising_keeps_what_people_have_set(model: CloudModel, monkeypatch: pytest.MonkeyPatch) -> None:
    change_model(model, {"name": "Ours", "enabled": False, "defaults": {"quality": "draft"}})
    describe(monkeypatch, practice_entry(aliases=("rehearsal",), name="Theirs"))
    synchronise_catalog()
    fresh = CloudModel.objects.get()
    assert (fresh.name, fresh.enabled, fresh.defaults) == ("Ours", False, {"quality": "draft"})
    assert fresh.aliases == ["rehearsal"]


def test_a_model_that_left_its_vendors_catalogue_stays_registered(
    model: CloudModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(monkeypatch)
    synchronise_catalog()
    assert amount_at(CloudModel.objects.get(), NOON) == "0.02"
