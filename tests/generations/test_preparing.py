"""Free work before a costly call, and costly calls that were accepted: nothing is sent twice, nothing is lost."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as hub_settings
from django.utils import timezone

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.database import release_connection
from cloudhub.generations import perform
from cloudhub.generations.models import Attempt, Generation
from cloudhub.health.traffic import traffic_by_vendor
from cloudhub.lanes import circuit
from cloudhub.lanes.models import Lane
from providers.catalogue import find_provider
from tests.conftest import Cast
from tests.generations.depot.server import Warehouse, warehouse
from tests.generations.stage import attempts_of, carry_out, ledger_of, states_of, submit


@pytest.fixture
def depot(settings: Any, monkeypatch: pytest.MonkeyPatch, any_cast: Cast) -> Iterator[Warehouse]:
    """The vendor that prepares, installed and registered."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.generations.depot"]
    with warehouse() as house:
        monkeypatch.setenv("DEPOT_BASE_URL", house.url)
        monkeypatch.setenv("DEPOT_KEY", "depot-key-0123456789")
        register_model(provider="depot", cloud_model_id="depot-1")
        yield house


def everything_stored() -> str:
    """Every column of what a generation leaves in the database, and every file that it leaves in the data folder."""
    rows = [*Generation.objects.values(), *Attempt.objects.values()]
    files = [path.read_bytes() for path in hub_settings.DATA_DIR.rglob("*.json")]
    return str(rows) + str(files)


def test_what_prepare_brings_reaches_start_and_is_not_stored(depot: Warehouse, cast: Cast) -> None:
    generation = carry_out(cast.bob, "depot-1")
    assert (generation.state, depot.uploads) == ("succeeded", [b"a red fox"])
    assert [json.loads(body)["shelf"] for body in depot.calls] == ["the-secret-shelf"]
    assert "the-secret-shelf" not in everything_stored()
    assert "prepared" not in generation.sent


def test_it_runs_before_the_attempt_counts_as_sent(
    depot: Warehouse, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[tuple[str, int, int]] = []

    def look(point: str) -> None:
        if point in ("before_sent", "after_sent"):
            states.append((Attempt.objects.get().state, len(depot.uploads), len(depot.calls)))

    monkeypatch.setattr(perform, "reach", look)
    carry_out(cast.bob, "depot-1")
    assert states == [("held", 1, 0), ("sent", 1, 0)]


def test_the_ten_seconds_begin_after_it(depot: Warehouse, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perform, "SEND_WITHIN_SECONDS", 0.3)
    depot.upload_answer = b'{"shelf": "slow"}' + b" " * 10
    original = depot.answer

    def slowly(*arguments: Any) -> None:
        if not depot.uploads:
            threading.Event().wait(0.6)
        original(*arguments)

    depot.answer = slowly  # type: ignore[method-assign]
    assert carry_out(cast.bob, "depot-1").state == "succeeded"


FAILURES = [
    ([401], b"{}", "key_invalid", "Depot does not know the key."),
    ([200], b"this is no JSON", "interrupted", "The hub could not prepare the call; nothing was sent."),
    ([200], b"{}", "interrupted", "The hub could not prepare the call; nothing was sent."),
]


@pytest.mark.parametrize(("statuses", "answer", "code", "message"), FAILURES)
def test_when_it_fails_nothing_is_sent_and_the_money_comes_back(
    depot: Warehouse, cast: Cast, statuses: list[int], answer: bytes, code: str, message: str
) -> None:
    depot.upload_statuses, depot.upload_answer = statuses, answer
    generation = carry_out(cast.bob, "depot-1")
    assert depot.calls == []
    assert (generation.state, states_of(generation)) == ("failed", ["released"])
    assert ledger_of(generation) == [("hold", 50_000, 0), ("release", -50_000, 0)]
    error = generation.error
    assert (error["code"], error["message"], error["billed"]) == (code, message, "no")
    assert attempts_of(generation)[0].sent_at is None


def test_a_vendor_that_cannot_be_reached_for_it_is_not_billed(
    depot: Warehouse, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPOT_BASE_URL", "http://127.0.0.1:9")
    generation = carry_out(cast.bob, "depot-1")
    assert (states_of(generation), generation.error["code"]) == (["released"] * 3, "connect_failed_not_sent")
    assert "nothing was sent" in generation.error["message"]
    assert sum(held for _, held, _ in ledger_of(generation)) == 0


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_vendor_that_is_busy_with_it_is_asked_three_times_at_most(depot: Warehouse, cast: Cast, times: int) -> None:
    depot.upload_statuses = [500] * times
    generation = carry_out(cast.bob, "depot-1")
    tries = ["released"] * times + ["settled"]
    assert (states_of(generation), len(depot.calls)) == (tries[:3], 1 if times < 3 else 0)
    assert [attempt.try_number for attempt in attempts_of(generation)] == list(range(min(3, times + 1)))
    assert sum(held for _, held, _ in ledger_of(generation)) == 0
    if times == 3:
        assert (generation.error["code"], generation.error["billed"]) == ("provider_5xx", "no")


def test_its_failures_open_the_circuit_and_are_shown(
    depot: Warehouse, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "FAILURES_TO_OPEN", 3)
    depot.upload_statuses = [500] * 3
    CloudModel.objects.filter(key="depot-1").update(address="http://one.example.org")
    carry_out(cast.bob, "depot-1")
    assert set(Lane.objects.values_list("address", flat=True)) == {"http://one.example.org"}
    lane = Lane.objects.get(provider="depot", model="")
    assert (lane.failures, lane.opened_until is not None) == (3, True)
    told = traffic_by_vendor(timezone.now())["depot"].outcomes
    assert [(outcome.calls, outcome.words) for outcome in told] == [(3, "vendor failed")]


def test_a_refused_key_is_told_to_the_lane(depot: Warehouse, cast: Cast) -> None:
    depot.upload_statuses = [401]
    carry_out(cast.bob, "depot-1")
    assert Lane.objects.get(provider="depot", model="").last_failure_code == "key_invalid"


def test_each_call_of_a_wish_is_prepared_for_itself(depot: Warehouse, cast: Cast) -> None:
    generation = carry_out(cast.bob, "depot-1", num_images=6)
    assert (generation.state, len(depot.uploads), len(depot.calls)) == ("succeeded", 2, 2)


def test_a_repeated_attempt_is_prepared_again(depot: Warehouse, cast: Cast) -> None:
    depot.call_statuses = [503]
    generation = carry_out(cast.bob, "depot-1")
    assert (generation.state, states_of(generation)) == ("succeeded", ["released", "settled"])
    assert (len(depot.uploads), len(depot.calls)) == (2, 2)


def test_a_wish_cancelled_while_it_is_prepared_is_not_sent(depot: Warehouse, committed_cast: Cast) -> None:
    submission = submit(committed_cast.bob, "depot-1")
    attempt = attempts_of(submission.generation)[0]
    original = depot.answer

    def cancelling(*arguments: Any) -> None:
        Attempt.objects.filter(pk=attempt.pk).update(state="released")
        release_connection()
        original(*arguments)

    depot.answer = cancelling  # type: ignore[method-assign]
    perform.perform_attempt(attempt.pk, threading.Event())
    Attempt.objects.filter(pk=attempt.pk).update(state="held")
    assert (len(depot.uploads), depot.calls) == (1, [])


# Busy after the vendor took the call


@pytest.mark.parametrize("word", ["#busy-afterwards", "#second-call"])
def test_i12_a_busy_after_an_accepted_call_is_unknown_and_never_a_second_call(
    depot: Warehouse, cast: Cast, word: str
) -> None:
    generation = carry_out(cast.bob, "depot-1", prompt=f"a fox {word}")
    assert (len(depot.calls), states_of(generation)) == (1, ["unknown"])
    assert (generation.state, generation.error["billed"]) == ("unknown", "unknown")
    assert generation.error["message"].startswith("The vendor took the call, and then: ")
    assert ledger_of(generation) == [("hold", 50_000, 0)]


def test_a_busy_before_anything_was_accepted_is_repeated(depot: Warehouse, cast: Cast) -> None:
    depot.call_statuses = [503, 503, 503]
    generation = carry_out(cast.bob, "depot-1", prompt="a fox #busy-afterwards")
    assert (len(depot.calls), states_of(generation)) == (3, ["released"] * 3)


def test_the_kept_answer_of_an_accepted_call_that_came_back_busy_is_not_thrown_away(
    depot: Warehouse, cast: Cast
) -> None:
    generation = carry_out(cast.bob, "depot-1", prompt="a fox #busy-afterwards")
    kept = list((hub_settings.DATA_DIR / "incoming").glob(f"{attempts_of(generation)[0].pk}-*"))
    assert [path.suffix for path in kept] == [".answer"]


@pytest.mark.parametrize(("asked_before", "state"), [(False, "released"), (True, "unknown")])
def test_an_adapter_that_fails_before_it_asked_for_anything_has_sent_nothing(
    depot: Warehouse, cast: Cast, monkeypatch: pytest.MonkeyPatch, asked_before: bool, state: str
) -> None:
    provider = find_provider("depot")
    assert provider
    begin = provider.start

    def start(request: Any, key: Any) -> Any:
        if asked_before:
            begin(request, key)
        raise OSError("broken data stream when reading image file")

    monkeypatch.setattr(provider, "start", start)
    generation = carry_out(cast.bob, "depot-1")
    assert states_of(generation) == [state]
    if not asked_before:
        assert (generation.error or {})["billed"] == "no"
        assert "nothing was sent" in (generation.error or {})["message"]
        assert depot.calls == []
