"""Pauses that a vendor names, limits that its refusals teach, and the circuit that repeated failures open."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from cloudhub.core.identifiers import new_id
from cloudhub.lanes.circuit import note_error, note_success
from cloudhub.lanes.find import lanes_named
from cloudhub.lanes.limits import in_words, limits_of
from cloudhub.lanes.models import Lane
from cloudhub.lanes.turn import Wait
from providers.base import Busy, Limit, OutcomeUnknown, ProviderError, Rejected
from tests.lanes.stage import NAME, OTHER_MODEL, ask, end, let_through, limit_to, seconds_to

DOWN = OutcomeUnknown("Gemini API error (HTTP 500).", code="provider_5xx")


def fail(times: int, error: ProviderError = DOWN) -> None:
    for _ in range(times):
        note_error(NAME, new_id(), error)


def test_the_vendors_pause_stops_the_lane_and_only_it(db: None) -> None:
    let_through(1)
    note_error(NAME, new_id(), Busy("rate_minute", "Rate limit exceeded.", retry_after=42))
    wait = ask()
    assert isinstance(wait, Wait)
    assert 41 < seconds_to(wait) <= 42
    assert (wait.code, wait.reason) == ("rate_minute", "Rate limit exceeded.")
    assert ask(name=OTHER_MODEL) is True


def test_a_shorter_pause_does_not_end_a_longer_one(db: None) -> None:
    let_through(1)
    for seconds in (60, 5):
        note_error(NAME, new_id(), Busy("rate_minute", "Slower.", retry_after=seconds))
    assert seconds_to(ask()) > 55


def test_a_day_limit_stops_the_lane_until_its_reset(db: None) -> None:
    let_through(1)
    note_error(NAME, new_id(), Busy("rate_day", "Used up.", retry_after=5 * 3600))
    wait = ask()
    assert isinstance(wait, Wait)
    assert (wait.code, round(seconds_to(wait) / 3600)) == ("rate_day", 5)
    with time_machine.travel(timezone.now() + timedelta(hours=5, seconds=1)):
        assert ask() is True


def test_a_refusal_teaches_how_many_the_vendor_takes(db: None) -> None:
    limit_to()
    Lane.objects.update(limits=None)
    for attempt in let_through(6):
        end(attempt)
    refused = let_through(1)[0]
    note_error(NAME, refused, Busy("rate_minute", "Slower.", retry_after=30))
    _, lane = lanes_named(NAME)
    assert [in_words(limit) for limit in limits_of(lane, timezone.now())] == ["6 requests a minute"]
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert limits_of(lane, timezone.now()) == ()


@pytest.mark.parametrize("taken", [10, 12])
def test_a_limit_that_the_vendor_names_is_kept(db: None, taken: int) -> None:
    let_through(taken)
    told = Limit(kind="requests", count=10, seconds=60)
    note_error(NAME, let_through(1)[0], Busy("rate_minute", "Slower.", retry_after=1, limit=told))
    _, lane = lanes_named(NAME)
    assert limits_of(lane, timezone.now()) == (told,)


def test_a_vendor_that_refuses_below_the_limit_it_names_gets_as_many_as_it_took(db: None) -> None:
    """Others use the same key, or it counts otherwise than it says."""
    let_through(3)
    told = Limit(kind="requests", count=10, seconds=60)
    for refused in let_through(3):
        note_error(NAME, refused, Busy("rate_minute", "Slower.", retry_after=0.02, limit=told))
    _, lane = lanes_named(NAME)
    assert [limit.count for limit in limits_of(lane, timezone.now())] == [10, 3]
    with time_machine.travel(timezone.now() + timedelta(seconds=20)):
        assert isinstance(ask(), Wait)


def test_an_owners_limits_are_not_overruled_by_what_was_learned(db: None) -> None:
    limit_to({"kind": "requests", "count": 50, "seconds": 60})
    told = Limit(kind="requests", count=10, seconds=60)
    note_error(NAME, new_id(), Busy("rate_minute", "Slower.", retry_after=1, limit=told))
    _, lane = lanes_named(NAME)
    assert [limit.count for limit in limits_of(lane, timezone.now())] == [50]


@pytest.mark.parametrize(("seconds", "taken"), [(1, 2), (0.4, 1), (None, 3), (42, 4)])
def test_how_soon_to_come_again_is_no_measure_of_a_quota(db: None, seconds: float | None, taken: int) -> None:
    for attempt in let_through(taken):
        end(attempt)
    for refused in let_through(3):
        note_error(NAME, refused, Busy("rate_minute", "Slower.", retry_after=seconds))
    _, lane = lanes_named(NAME)
    assert [(limit.count, limit.seconds) for limit in limits_of(lane, timezone.now())] == [(taken, 60)]
    with time_machine.travel(timezone.now() + timedelta(seconds=50)):
        assert isinstance(ask(), Wait)
    with time_machine.travel(timezone.now() + timedelta(seconds=64)):
        let_through(taken)
        assert isinstance(ask(), Wait)


def test_how_many_at_once_the_vendor_names_does_not_hide_how_many_it_took(db: None) -> None:
    let_through(2)
    told = Limit(kind="parallel", count=10)
    note_error(NAME, let_through(1)[0], Busy("rate_minute", "Slower.", retry_after=1, limit=told))
    _, lane = lanes_named(NAME)
    assert [(limit.kind, limit.count) for limit in limits_of(lane, timezone.now())] == [
        ("parallel", 10),
        ("requests", 2),
    ]


def test_a_vendor_that_took_nothing_gets_one_call_at_a_time(db: None) -> None:
    for refused in let_through(2):
        note_error(NAME, refused, Busy("rate_minute", "Slower.", retry_after=1))
        end(refused)
    with time_machine.travel(timezone.now() + timedelta(seconds=2)):
        (tried,) = let_through(1)
        assert isinstance(ask(), Wait)
        end(tried)
        let_through(1)


def test_a_refusal_in_spite_of_a_pause_is_followed_by_a_whole_minute(db: None) -> None:
    for refused in let_through(2):
        note_error(NAME, refused, Busy("rate_minute", "Slower.", retry_after=1))
        end(refused)
    assert seconds_to(ask()) <= 1, "both had left when the first refusal came"
    with time_machine.travel(timezone.now() + timedelta(seconds=2)):
        (again,) = let_through(1)
        note_error(NAME, again, Busy("rate_minute", "Slower.", retry_after=1))
        assert 59 < seconds_to(ask()) <= 60


@pytest.mark.parametrize("code", ["provider_5xx", "connect_failed_not_sent"])
def test_a_failing_vendor_that_names_a_time_is_not_asked_before(db: None, code: str) -> None:
    let_through(1)
    note_error(NAME, new_id(), Busy(code, "Overloaded.", retry_after=60))
    wait = ask()
    assert isinstance(wait, Wait)
    assert (59 < seconds_to(wait) <= 60, wait.reason) == (True, "Overloaded.")
    assert lanes_named(NAME)[0].failures == 1
    assert ask(name=OTHER_MODEL) is True


def test_a_pause_has_an_end_however_long_a_vendor_names(db: None) -> None:
    let_through(1)
    note_error(NAME, new_id(), Busy("rate_day", "Used up.", retry_after=float("inf")))
    assert round(seconds_to(ask()) / 3600) == 48


def test_repeated_failures_open_the_circuit_for_every_model_of_the_key(db: None) -> None:
    let_through(1)
    fail(4)
    assert ask() is True
    fail(1)
    for name in (NAME, OTHER_MODEL):
        wait = ask(name=name)
        assert isinstance(wait, Wait)
        assert (wait.code, round(seconds_to(wait))) == ("provider_5xx", 30)
        assert "5 times in a row" in wait.reason


@pytest.mark.parametrize("code", ["key_invalid", "billing_disabled", "org_unverified"])
def test_a_key_that_the_vendor_refuses_is_counted_and_passed_over(db: None, code: str) -> None:
    let_through(1)
    note_error(NAME, new_id(), Rejected(code, "Not with this key."))
    key_lane, _ = lanes_named(NAME)
    assert (key_lane.failures, key_lane.last_failure_code) == (1, code)


@pytest.mark.parametrize("answer", [None, Rejected("refused_prompt", "No."), Rejected("capability", "Not so.")])
def test_an_answer_in_between_starts_the_count_again(db: None, answer: ProviderError | None) -> None:
    let_through(1)
    fail(4)
    if answer is None:
        note_success(NAME)
    else:
        note_error(NAME, new_id(), answer)
    fail(4)
    assert ask() is True


def test_a_models_own_failure_leaves_the_vendors_other_models_open(db: None) -> None:
    let_through(1)
    fail(4)
    fail(6, Rejected("provider_5xx", "Replicate: The model failed. CUDA out of memory."))
    fail(4)
    assert (ask(), ask(name=OTHER_MODEL)) == (True, True)
    fail(1)
    assert isinstance(ask(name=OTHER_MODEL), Wait)


def test_a_dead_server_does_not_stop_a_living_one(db: None) -> None:
    dead, living = (replace(NAME, address=f"http://{host}.example.org/v1") for host in ("dead", "living"))
    for name in (dead, living):
        let_through(1, name=name)
    for _ in range(5):
        note_error(dead, new_id(), DOWN)
    assert isinstance(ask(name=dead), Wait)
    assert (ask(name=living), ask()) == (True, True)
    note_success(living)
    assert isinstance(ask(name=dead), Wait)


def test_one_trial_goes_first_and_its_success_closes_the_circuit(db: None) -> None:
    let_through(1)
    fail(5)
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert ask() is True
        assert isinstance(ask(), Wait)
        note_success(NAME)
        let_through(3)


def test_a_failed_trial_opens_it_for_longer(db: None) -> None:
    let_through(1)
    fail(5)
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert ask() is True
        fail(1)
        assert round(seconds_to(ask())) == 60


def test_a_trial_whose_process_died_is_made_again(db: None) -> None:
    let_through(1)
    fail(5)
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert ask() is True
    with time_machine.travel(timezone.now() + timedelta(seconds=95)):
        assert ask() is True


def test_a_late_failure_does_not_lengthen_an_open_circuit(db: None) -> None:
    let_through(1)
    fail(5)
    before = lanes_named(NAME)[0].opened_until
    fail(3)
    assert lanes_named(NAME)[0].opened_until == before


def test_success_writes_nothing_when_all_is_well(db: None, django_assert_num_queries: object) -> None:
    let_through(1)
    with django_assert_num_queries(1):  # type: ignore[operator]
        note_success(NAME)
