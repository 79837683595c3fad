"""A burst through the real engine at a vendor that counts: no call comes too fast, and nobody is left standing."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from cloudhub.catalog.find import provider_of
from cloudhub.catalog.models import CloudModel
from cloudhub.generations import perform
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation
from cloudhub.lanes import circuit
from cloudhub.lanes.find import lane_name
from cloudhub.lanes.models import LaneCall
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.stage import FLASH, assert_books_are_right, fault, submit
from tests.lanes.stage import limit_to, requests

SECONDS = 2


@pytest.fixture
def counting(gemini: RunningServer) -> Iterator[RunningServer]:
    """A vendor that takes ten calls in two seconds, over any two seconds."""
    gemini.exchange.limits.post({"vendor": "google-gemini", "requests": 10, "seconds": SECONDS}, ("google-gemini",))
    yield gemini
    gemini.exchange.limits.clear()


def finish_all(generations: list[Generation], seconds: float = 60) -> list[Generation]:
    last = time.monotonic() + seconds
    ids = [generation.id for generation in generations]
    while Generation.objects.filter(id__in=ids, finished_at=None).exists():
        assert time.monotonic() < last, "they do not finish"
        time.sleep(0.05)
    return list(Generation.objects.filter(id__in=ids).order_by("finished_at"))


def refused(emulator: RunningServer) -> int:
    return sum(row["refused"] for row in emulator.exchange.limits.as_json()["limits"])


def lane_of(model: CloudModel) -> Any:
    name = lane_name(provider_of(model), model.cloud_model_id)
    assert name is not None
    return name


def test_a_burst_of_two_people_meets_no_refusal_and_takes_turns(
    counting: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    limit_to(requests(10, SECONDS), name=lane_of(gemini_flash))
    hers = [submit(committed_cast.alice, FLASH, prompt=f"hers {number}").generation for number in range(25)]
    his = [submit(committed_cast.bob, FLASH, prompt=f"his {number}").generation for number in range(5)]
    engine.begin()
    done = finish_all([*hers, *his])
    assert {generation.state for generation in done} == {"succeeded"}
    assert refused(counting) == 0
    assert Attempt.objects.count() == 30
    people = [generation.user_id for generation in done]
    assert committed_cast.bob.user.pk not in people[-8:], "his few came after most of hers"
    check_invoice_against_ledger(counting)
    assert_books_are_right()


def test_one_wish_for_many_pictures_waits_in_the_lane_too(
    counting: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    limit_to(requests(4, SECONDS), name=lane_of(gemini_flash))
    engine.begin()
    done = finish_all([submit(committed_cast.bob, FLASH, num_images=10).generation])
    assert done[0].state == "succeeded"
    times = sorted(LaneCall.objects.values_list("at", flat=True))
    assert all((later - earlier).total_seconds() > SECONDS for earlier, later in zip(times, times[4:], strict=False))
    check_invoice_against_ledger(counting)


def test_after_a_refusal_nothing_more_is_refused(
    counting: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor says its limit with the first refusals; whatever had left by then may be refused, nothing later."""
    monkeypatch.setattr(perform, "PAUSES", (0.01, 0.02))
    counting.exchange.limits.post({"vendor": "google-gemini", "requests": 3, "seconds": 3}, ("google-gemini",))
    first = [submit(committed_cast.bob, FLASH, prompt=f"first {number}").generation for number in range(8)]
    engine.begin()
    last = time.monotonic() + 20
    while refused(counting) == 0:
        assert time.monotonic() < last, "nothing is refused"
        time.sleep(0.01)
    time.sleep(0.5)
    in_first_wave = refused(counting)
    # The quota that the vendor names is one of a minute; nobody wants to wait for it here.
    limit_to(requests(3, 3), name=lane_of(gemini_flash))
    more = [submit(committed_cast.bob, FLASH, prompt=f"more {number}").generation for number in range(4)]
    assert {generation.state for generation in finish_all([*first, *more])} == {"succeeded"}
    assert refused(counting) == in_first_wave
    check_invoice_against_ledger(counting)


def test_a_failing_vendor_is_left_alone_until_a_trial_succeeds(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perform, "PAUSES", (0.01, 0.02))
    monkeypatch.setattr(circuit, "FIRST_OPENING", circuit.FIRST_OPENING / 20)
    fault(gemini, status=503, times=5)
    engine.begin()
    generations = [submit(committed_cast.bob, FLASH, prompt=f"fox {number}").generation for number in range(6)]
    done = finish_all(generations)
    assert [generation.state for generation in done].count("succeeded") >= 5
    assert Attempt.objects.filter(state="released").count() == 5
    check_invoice_against_ledger(gemini)
