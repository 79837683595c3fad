"""The whole of the hub's health: who sees what, lanes before the first call, a fixed number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import change_model, register_model
from cloudhub.core.errors import Forbidden
from cloudhub.health.report import VendorReport, report
from cloudhub.lanes.change import open_again
from cloudhub.lanes.models import Lane
from tests.api.caller import caller_of
from tests.conftest import Cast
from tests.generations.stage import FLASH, NANO
from tests.health.stage import attempts, key_lane, lane_calls, model_lane

GEMINI = "google-gemini"


def vendor_of(actor: Actor, provider: str = GEMINI) -> VendorReport:
    return next(found for found in report(actor).vendors if found.vendor.provider.id == provider)


def test_lanes_are_there_before_the_first_call(nano: CloudModel, cast: Cast) -> None:
    assert not Lane.objects.exists()
    lanes = vendor_of(cast.alice).lanes
    assert [use.lane.model for use in lanes] == ["", NANO]
    assert all(use.lane.pk for use in lanes)
    assert [use.lane.pk for use in vendor_of(cast.alice).lanes] == [use.lane.pk for use in lanes]


def test_two_registrations_of_one_model_share_a_lane(nano: CloudModel, cast: Cast) -> None:
    register_model(provider=GEMINI, cloud_model_id=NANO, key="again")
    assert [use.lane.model for use in vendor_of(cast.alice).lanes] == ["", NANO]


def test_without_a_key_or_a_model_in_use_there_is_no_lane(
    nano: CloudModel, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_model(nano, {"enabled": False})
    assert (vendor_of(cast.alice).lanes, vendor_of(cast.alice).circuit) == ((), None)
    change_model(nano, {"enabled": True})
    monkeypatch.delenv("GOOGLE_API_KEY")
    assert (vendor_of(cast.alice).lanes, vendor_of(cast.alice).circuit) == ((), None)
    assert not Lane.objects.exists()


def test_a_vendor_without_lanes_has_none(cast: Cast) -> None:
    assert vendor_of(cast.alice, "practice").lanes == ()


def test_of_several_servers_circuits_the_worst_is_told(nano: CloudModel, cast: Cast) -> None:
    register_model(provider=GEMINI, cloud_model_id=NANO, key="elsewhere")
    CloudModel.objects.filter(key="elsewhere").update(address="http://dead.example.org")
    lanes = [use.lane for use in vendor_of(cast.alice).lanes]
    assert [(lane.address, lane.model) for lane in lanes] == [
        (address, model) for address in ("", "http://dead.example.org") for model in ("", NANO)
    ]
    Lane.objects.filter(id=lanes[2].pk).update(failures=5, opened_until=timezone.now() + timedelta(minutes=1))
    circuit = vendor_of(cast.alice).circuit
    assert (circuit.state, circuit.lane) == ("open", lanes[2])
    assert any("5 calls failed" in concern.what for concern in vendor_of(cast.alice).concerns)


def test_the_circuit_is_told_in_each_of_its_states(nano: CloudModel, cast: Cast) -> None:
    now = timezone.now()
    assert vendor_of(cast.alice).circuit.state == "closed"
    lane = key_lane(nano, failures=5, opened_until=now + timedelta(minutes=1), last_failure="HTTP 503.")
    circuit = vendor_of(cast.alice).circuit
    assert (circuit.state, circuit.failures, circuit.until) == ("open", 5, lane.opened_until)
    key_lane(nano, opened_until=now - timedelta(seconds=1))
    circuit = vendor_of(cast.alice).circuit
    assert (circuit.state, circuit.is_tried, circuit.until) == ("half_open", False, None)
    key_lane(nano, trial_until=now + timedelta(minutes=1))
    assert vendor_of(cast.alice).circuit.is_tried
    open_again(cast.alice, key_lane(nano))
    assert vendor_of(cast.alice).circuit.state == "closed"


def test_a_pause_is_told_until_it_is_over(nano: CloudModel, cast: Cast) -> None:
    model_lane(nano, paused_until=timezone.now() + timedelta(seconds=30), pause_reason="Slower.")
    assert [lane.model for lane in vendor_of(cast.alice).paused] == [NANO]
    model_lane(nano, paused_until=timezone.now() - timedelta(seconds=1))
    assert vendor_of(cast.alice).paused == []


def test_retirements_within_ninety_days_are_told_the_nearest_first(nano: CloudModel, cast: Cast) -> None:
    today = timezone.now().date()
    for model, days in ((nano, 90), (cast.practice, -3)):
        CloudModel.objects.filter(pk=model.pk).update(shut_down_on=today + timedelta(days=days))
    assert [(model.key, standing.days_left) for model, standing in report(cast.alice).retirements] == [
        (cast.practice.key, -3), (NANO, 90)
    ]  # fmt: skip
    CloudModel.objects.filter(pk=nano.pk).update(shut_down_on=today + timedelta(days=91))
    assert len(report(cast.alice).retirements) == 1


def test_unknown_outcomes_say_from_when_the_money_can_be_given_back(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano, state="unknown", ago=timedelta(hours=1))
    (late,) = attempts(cast.bob, nano, state="unknown", ago=timedelta(minutes=1))
    old, new = report(cast.alice).unknown
    assert old.too_early == ""
    # The vendor's longest time-out, 300 seconds, and ten minutes.
    earliest = late.sent_at + timedelta(seconds=900)
    assert new.too_early.endswith(f"can be given back from {earliest:%Y-%m-%d %H:%M} UTC.")


def test_an_unknown_outcome_of_a_vendor_that_is_gone_is_shown_all_the_same(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano, state="unknown")
    CloudModel.objects.filter(pk=nano.pk).update(provider="gone")
    assert report(cast.alice).unknown[0].too_early == "The vendor gone is not installed here."


def test_unknown_outcomes_are_those_of_the_team_the_oldest_first(cast: Cast) -> None:
    attempts(cast.charlie, cast.practice, 2, state="unknown", ago=timedelta(hours=2))
    attempts(cast.bob, cast.practice, 30, state="unknown")
    assert [len(report(actor).unknown) for actor in (cast.bob, cast.charlie, cast.alice)] == [20, 2, 20]
    assert report(cast.alice).unknown[0].attempt.generation.team_id == cast.other_team.pk
    assert vendor_of(cast.bob, "practice").unknown == 30
    assert report(cast.alice).facts.unknown == 32


def test_without_the_right_to_read_nothing_is_told(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        report(Actor(cast.bob.user, cast.team, "member"))
    assert caller_of(cast.bob, "generate").get("/api/v1/providers").status_code == 403


def test_queries_do_not_grow_with_attempts_models_and_lanes(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano)
    attempts(cast.bob, nano, state="unknown")
    lane_calls(nano)
    report(cast.alice)
    few = _queries(cast.alice)
    for model in (FLASH, "gemini-3-pro-image"):
        register_model(provider=GEMINI, cloud_model_id=model)
    attempts(cast.bob, nano, 500)
    attempts(cast.bob, nano, 50, state="unknown")
    attempts(cast.bob, cast.practice, 100, state="released", code="refused_prompt")
    lane_calls(nano, 200)
    report(cast.alice)
    assert _queries(cast.alice) == few
    assert few <= 12


def _queries(actor: Actor) -> int:
    with CaptureQueriesContext(connection) as queries:
        report(actor)
    return len(queries)


def test_the_report_is_read_without_a_transaction(committed_cast: Cast) -> None:
    with CaptureQueriesContext(connection) as queries:
        report(committed_cast.alice)
    assert not [query for query in queries.captured_queries if "BEGIN" in query["sql"]]
