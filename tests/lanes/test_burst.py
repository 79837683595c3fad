"""A burst through the real engine at a vendor that counts: no call comes too fast, and nobody is left standing."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from cloudhub.catalog.find import provider_of
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.generations import perform
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation
from cloudhub.lanes import circuit, limits
from cloudhub.lanes.find import lane_name
from cloudhub.lanes.models import LaneCall
from providers.emulation.server import RunningServer
from providers.ideogram import errors as ideogram_errors
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import FLASH, assert_books_are_right, fault, submit
from tests.lanes.stage import limit_to, requests

SECONDS = 1


@pytest.fixture
def counting(gemini: RunningServer) -> Iterator[RunningServer]:
    """A vendor that takes ten calls a second, over any second."""
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
    hers = [submit(committed_cast.alice, FLASH, prompt=f"hers {number}").generation for number in range(16)]
    his = [submit(committed_cast.bob, FLASH, prompt=f"his {number}").generation for number in range(4)]
    engine.begin()
    done = finish_all([*hers, *his])
    assert {generation.state for generation in done} == {"succeeded"}
    assert refused(counting) == 0
    assert Attempt.objects.count() == 20
    people = [generation.user_id for generation in done]
    assert committed_cast.bob.user.pk not in people[-8:], "his few came after most of hers"
    check_invoice_against_ledger(counting)
    assert_books_are_right()


def test_one_wish_for_many_pictures_waits_in_the_lane_too(
    counting: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    # A call is counted from when it left; on a busy machine that is up to a second after its turn.
    span = 2 * SECONDS
    limit_to(requests(4, span), name=lane_of(gemini_flash))
    engine.begin()
    done = finish_all([submit(committed_cast.bob, FLASH, num_images=10).generation])
    assert done[0].state == "succeeded"
    times = sorted(LaneCall.objects.values_list("at", flat=True))
    assert all((later - earlier).total_seconds() > span for earlier, later in zip(times, times[4:], strict=False))
    check_invoice_against_ledger(counting)


@pytest.mark.parametrize(
    ("vendor", "model"),
    [("google-gemini", FLASH), ("openai", "gpt-image-2"), ("replicate", "black-forest-labs/flux-schnell"),
     ("ideogram", "ideogram-4")],
)  # fmt: skip
def test_after_the_first_wave_nothing_is_refused_and_no_job_fails(
    vendors: RunningServer, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, vendor: str, model: str
) -> None:
    """With the lanes as they come: whatever had left when the first refusal came may be refused, nothing later. The
    vendors name too short a pause, none, or how many at once."""
    # Two seconds more than the vendor counts over: on a busy machine calls arrive that much apart from their turns.
    monkeypatch.setattr(limits, "LEARNED_OVER", timedelta(seconds=4))
    monkeypatch.setattr(ideogram_errors, "USUAL_WAIT", 0.1)
    register_model(provider=vendor, cloud_model_id=model)
    vendors.exchange.limits.post({"vendor": vendor, "requests": 3, "seconds": 2}, (vendor,))
    generations = [submit(committed_cast.bob, model, prompt=f"fox {number}").generation for number in range(6)]
    engine.begin()
    done = finish_all(generations)
    assert {generation.state for generation in done} == {"succeeded"}
    refusals = Attempt.objects.filter(state="released").order_by("ended_at")
    assert refused(vendors) == len(refusals) > 0
    assert [refusal for refusal in refusals if refusal.sent_at > refusals[0].ended_at] == []
    check_invoice_against_ledger(vendors, booked_attempts(vendor))


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
