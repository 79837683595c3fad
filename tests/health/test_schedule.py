"""What the runner does on the side: who is asked, how often, and by which process."""

import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import change_model, register_model
from cloudhub.generations import engine as engine_module
from cloudhub.generations.engine import engine
from cloudhub.health.models import Chore, KeyCheck
from cloudhub.health.schedule import CLEAR_EVERY, do_chores, take_chore, vendors_in_use
from cloudhub.lanes.models import Lane, LaneCall
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.errand.client import Errand
from tests.generations.stage import NANO, all_at_once

NEVER = threading.Event()


def checked() -> set[str]:
    return set(KeyCheck.objects.exclude(checked_at=None).values_list("provider", flat=True))


def test_vendors_with_a_key_and_a_model_are_looked_at(nano: CloudModel) -> None:
    do_chores(NEVER)
    assert checked() == {"google-gemini", "practice"}


def test_a_vendor_without_a_model_in_use_is_left_alone(nano: CloudModel) -> None:
    change_model(nano, {"enabled": False})
    do_chores(NEVER)
    assert checked() == {"practice"}


def test_a_vendor_without_a_key_is_left_alone(cast: Cast) -> None:
    register_model(provider="google-gemini", cloud_model_id=NANO)
    assert [vendor.id for vendor in vendors_in_use()] == ["practice"]


def test_what_fails_at_one_vendor_does_not_keep_the_others_waiting(
    nano: CloudModel, settings: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.INSTALLED_APPS = ["tests.generations.errand", *settings.INSTALLED_APPS]  # type: ignore[attr-defined]
    monkeypatch.setenv("ERRAND_KEY", "errand-key-0123456789")
    register_model(provider="errand", cloud_model_id="errand-1")

    def fail(*_: object) -> dict[str, object]:
        raise KeyError("unforeseen")

    monkeypatch.setattr(Errand, "read_lifecycles", fail)
    do_chores(NEVER)
    assert checked() == {"errand", "google-gemini", "practice"}
    assert "Errand could not be looked at" in caplog.text


def test_a_hub_that_stops_begins_no_chore(nano: CloudModel) -> None:
    stopping = threading.Event()
    stopping.set()
    do_chores(stopping)
    assert checked() == set()


def test_a_chore_is_done_once_in_its_time(cast: Cast) -> None:
    now = timezone.now()
    assert take_chore("clear", CLEAR_EVERY, now)
    assert not take_chore("clear", CLEAR_EVERY, now + CLEAR_EVERY - timedelta(seconds=1))
    assert take_chore("clear", CLEAR_EVERY, now + CLEAR_EVERY)


def test_of_many_processes_one_does_the_chore(committed_cast: Cast) -> None:
    taken: list[bool] = []
    all_at_once(6, lambda: taken.append(take_chore("clear", CLEAR_EVERY)))
    assert sorted(taken) == [False] * 5 + [True]


def test_old_calls_of_lanes_are_forgotten_however_many(cast: Cast) -> None:
    lane = Lane.objects.create(provider="practice", model="a")
    old = timezone.now() - timedelta(days=40)
    LaneCall.objects.bulk_create(
        LaneCall(attempt_id=uuid4(), lane=lane, key_lane=lane, user_id=1, at=old, ended_at=old, images=1, micros=1)
        for _ in range(2100)
    )
    kept = LaneCall.objects.create(attempt_id=uuid4(), lane=lane, key_lane=lane, user_id=1, at=timezone.now(), images=1,
                                   micros=1)  # fmt: skip
    do_chores(NEVER)
    assert list(LaneCall.objects.all()) == [kept]
    assert Chore.objects.get(name="clear").next_at > timezone.now()


def test_the_runner_does_it_beside_its_loop(
    gemini: RunningServer, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_model(provider="google-gemini", cloud_model_id=NANO)
    monkeypatch.setattr(engine_module, "CHORES_EVERY", 0.05)
    engine.begin()
    last = time.monotonic() + 20
    while "google-gemini" not in checked():
        assert time.monotonic() < last
        time.sleep(0.02)


def test_a_chore_that_fails_is_tried_again(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine_module, "CHORES_EVERY", 0.02)
    tries = threading.Semaphore(0)

    def fail(stopping: threading.Event) -> None:
        tries.release()
        raise ValueError("unforeseen")

    monkeypatch.setattr(engine, "chores", {"failing": fail})
    engine.begin()
    assert tries.acquire(timeout=20)
    assert tries.acquire(timeout=20)
    assert "unforeseen" in caplog.text


def test_a_visit_brings_home_what_the_vendor_says_of_its_models_ends(vendors: RunningServer, cast: Cast) -> None:
    model = register_model(provider="openai", cloud_model_id="gpt-image-1.5")
    CloudModel.objects.filter(id=model.pk).update(shut_down_on=None, lifecycle_read_on=None)
    do_chores(NEVER)
    assert str(CloudModel.objects.get(id=model.pk).shut_down_on) == "2026-12-01"
