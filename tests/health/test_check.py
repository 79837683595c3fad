"""The free check of a key: on demand or when it is time, once among many, and never while the database is held."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Conflict, Forbidden, NotFound
from cloudhub.health.check import CHECK_EVERY, check_now, check_when_due, find_vendor
from cloudhub.health.models import KeyCheck
from providers.emulation.server import RunningServer
from tests.canary import TEST_KEY
from tests.conftest import Cast
from tests.generations.errand.client import Errand
from tests.generations.stage import all_at_once, fault, invoice

GEMINI = "google-gemini"


def grow_old(by: timedelta) -> None:
    KeyCheck.objects.update(began_at=F("began_at") - by, checked_at=F("checked_at") - by, next_at=F("next_at") - by)


def test_a_key_that_works_is_told_with_the_vendors_sentence(gemini: RunningServer, cast: Cast) -> None:
    check = check_now(cast.alice, GEMINI)
    assert (check.state, check.code, check.remedy) == ("valid", "", "")
    assert check.sentence.startswith("API credentials are valid")
    assert timezone.now() - check.checked_at < timedelta(minutes=1)


def test_i14_a_check_costs_nothing(gemini: RunningServer, cast: Cast) -> None:
    check_now(cast.alice, GEMINI)
    assert invoice(gemini) == []


def test_a_refused_key_is_told_with_what_to_do(
    gemini: RunningServer, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "invalid-key-0123456789")
    check = check_now(cast.alice, GEMINI)
    assert (check.state, check.code) == ("refused", "key_invalid")
    assert "aistudio.google.com" in check.remedy
    assert "invalid-key-0123456789" not in f"{check.sentence} {check.remedy} {vars(check)}"


def test_a_vendor_out_of_reach_says_nothing_about_the_key(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", TEST_KEY)
    check = check_now(cast.alice, GEMINI)
    assert (check.state, check.code) == ("unreachable", "connect_failed_not_sent")


def test_pressed_again_at_once_the_vendor_is_not_asked(gemini: RunningServer, cast: Cast) -> None:
    first = check_now(cast.alice, GEMINI)
    fault(gemini, status=500, times=None)
    assert check_now(cast.alice, GEMINI).checked_at == first.checked_at
    grow_old(timedelta(seconds=14))
    assert check_now(cast.alice, GEMINI).state == "valid"
    grow_old(timedelta(seconds=2))
    assert check_now(cast.alice, GEMINI).state == "unreachable"


def test_by_itself_a_key_is_checked_every_six_hours_and_a_little(gemini: RunningServer, cast: Cast) -> None:
    vendor = find_vendor(GEMINI)
    assert check_when_due(vendor)
    check = KeyCheck.objects.get()
    assert CHECK_EVERY <= check.next_at - check.began_at <= CHECK_EVERY * 1.1
    assert not check_when_due(vendor)
    grow_old(timedelta(hours=6, seconds=-5))
    assert not check_when_due(vendor)
    grow_old(timedelta(minutes=37))
    assert check_when_due(vendor)


def test_a_check_on_demand_puts_the_next_one_off(gemini: RunningServer, cast: Cast) -> None:
    vendor = find_vendor(GEMINI)
    check_when_due(vendor)
    grow_old(timedelta(hours=5))
    check_now(cast.alice, GEMINI)
    assert KeyCheck.objects.get().next_at > timezone.now() + timedelta(hours=5, minutes=59)


def test_of_many_processes_one_asks(gemini: RunningServer, committed_cast: Cast) -> None:
    asked: list[bool] = []
    all_at_once(6, lambda: asked.append(check_when_due(find_vendor(GEMINI))))
    assert sorted(asked) == [False] * 5 + [True]


def test_the_database_is_let_go_while_the_vendor_is_asked(
    settings: object, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.generations.errand"]  # type: ignore[attr-defined]
    monkeypatch.setenv("ERRAND_KEY", "errand-key-0123456789")
    Errand.connections_during_calls.clear()
    check_now(committed_cast.alice, "errand")
    assert Errand.connections_during_calls == [False]


def test_an_adapter_that_fails_by_itself_is_no_refusal(
    settings: object, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.generations.errand"]  # type: ignore[attr-defined]
    monkeypatch.setenv("ERRAND_KEY", "errand-key-0123456789")

    def fail(*_: object) -> str:
        raise KeyError("unforeseen")

    monkeypatch.setattr(Errand, "validate_credentials", fail)
    check = check_now(cast.alice, "errand")
    assert (check.state, check.sentence) == ("unreachable", "The hub could not carry the check out; its log says why.")
    assert "unforeseen" in caplog.text


def test_another_key_is_another_check(gemini: RunningServer, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    check_now(cast.alice, GEMINI)
    monkeypatch.setenv("GOOGLE_API_KEY", "invalid-key-0123456789")
    assert check_now(cast.alice, GEMINI).state == "refused"
    monkeypatch.setenv("GOOGLE_API_KEY", TEST_KEY)
    assert check_now(cast.alice, GEMINI).state == "valid"
    assert KeyCheck.objects.count() == 2


def test_only_who_manages_may_ask(gemini: RunningServer, cast: Cast) -> None:
    for actor in (cast.bob, cast.victor):
        with pytest.raises(Forbidden):
            check_now(actor, GEMINI)
    assert not KeyCheck.objects.exists()


def test_without_a_key_it_says_what_to_set(cast: Cast) -> None:
    with pytest.raises(Conflict, match="Please set GOOGLE_API_KEY in .env") as refused:
        check_now(cast.alice, GEMINI)
    assert refused.value.code == "no_key"


@pytest.mark.parametrize("name", ["nobody", "", None, 7, "google\x00gemini"])
def test_an_unknown_vendor_is_not_found(cast: Cast, name: object) -> None:
    with pytest.raises(NotFound):
        check_now(cast.alice, name)


def test_a_vendor_without_keys_is_checked_too(cast: Cast) -> None:
    assert check_now(cast.alice, "practice").sentence == "The practice vendor needs no key."


def test_a_retired_key_print_does_not_speak_for_the_new_key(nano: CloudModel, cast: Cast) -> None:
    KeyCheck.objects.create(provider=GEMINI, key_print="another", state="refused", code="key_invalid")
    assert check_now(cast.alice, GEMINI).state == "valid"
