"""What is wrong, in sentences, the worst first; nothing when all is well."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.register import change_model, register_model
from cloudhub.generations.models import Worker
from cloudhub.health.attention import Concern, concerns, count_for_owner
from cloudhub.health.check import check_now
from cloudhub.health.facts import gather
from cloudhub.health.models import KeyCheck
from cloudhub.lanes.circuit import note_success
from cloudhub.lanes.find import LaneName
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.stage import NANO, carry_out, fault
from tests.health.stage import a_runner, attempts, key_lane, model_lane

GEMINI = "google-gemini"


def found(actor: Actor) -> list[Concern]:
    return concerns(gather(actor), may_decide=actor.may("manage"))


def said(actor: Actor) -> list[str]:
    return [concern.what for concern in found(actor)]


@pytest.fixture(autouse=True)
def _a_runner(cast: Cast) -> None:
    a_runner()


def test_a_hub_in_order_has_nothing_to_say(nano: CloudModel, cast: Cast) -> None:
    check_now(cast.alice, GEMINI)
    assert found(cast.alice) == []
    assert count_for_owner(cast.alice) == 0


def test_vendors_that_nobody_uses_are_no_concern(cast: Cast) -> None:
    assert found(cast.alice) == []


def test_a_model_without_its_vendors_key_is_no_error(cast: Cast) -> None:
    register_model(provider=GEMINI, cloud_model_id=NANO)
    assert found(cast.alice) == []


def test_a_refused_key_says_what_to_do(nano: CloudModel, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "invalid-key-0123456789")
    check_now(cast.alice, GEMINI)
    (concern,) = found(cast.alice)
    assert (concern.level, concern.what) == ("stopped", "Google Gemini: the key was refused")
    assert "https://aistudio.google.com/apikey" in concern.advice
    assert concern.at == KeyCheck.objects.get().checked_at


def test_a_key_that_a_real_call_found_refused_is_told_before_the_next_check(
    nano: CloudModel, cast: Cast, gemini: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_now(cast.alice, GEMINI)
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    error = {"code": 400, "status": "INVALID_ARGUMENT", "message": "API key not valid.", "details": [reason]}
    fault(gemini, status=400, body={"error": error})
    carry_out(cast.bob, NANO)
    (concern,) = found(cast.alice)
    assert concern.what == "Google Gemini: the key was refused"
    assert "Google AI Studio" in concern.advice
    carry_out(cast.bob, NANO)
    assert found(cast.alice) == []


def test_a_check_after_the_failure_has_the_last_word(nano: CloudModel, cast: Cast) -> None:
    at = timezone.now() - timedelta(minutes=5)
    key_lane(nano, failures=1, last_failure_code="key_invalid", last_failure="Refused.", last_failure_at=at)
    assert said(cast.alice) == ["Google Gemini: the key was refused"]
    check_now(cast.alice, GEMINI)
    assert found(cast.alice) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("billing_disabled", "billing is switched off or the credit is used up"),
        ("org_unverified", "the organisation is not verified"),
        ("permission_region", "the account may not use this"),
        ("capability", "the check of the key failed"),
    ],
)
def test_other_refusals_are_called_by_their_names(nano: CloudModel, cast: Cast, code: str, words: str) -> None:
    check_now(cast.alice, GEMINI)
    KeyCheck.objects.update(state="refused", code=code, remedy="Do something.")
    (concern,) = found(cast.alice)
    assert words in concern.what
    assert concern.advice == "Do something."


def test_a_vendor_that_could_not_be_asked_is_a_note(nano: CloudModel, cast: Cast) -> None:
    check_now(cast.alice, GEMINI)
    KeyCheck.objects.update(state="unreachable", code="connect_failed_not_sent", sentence="Nobody answers.")
    (concern,) = found(cast.alice)
    assert (concern.level, concern.advice) == ("note", "Nobody answers.")
    assert count_for_owner(cast.alice) == 0


def test_an_open_circuit_and_its_trial_are_told(nano: CloudModel, cast: Cast) -> None:
    now = timezone.now()
    failed = {"failures": 5, "last_failure": "HTTP 503.", "last_failure_code": "provider_5xx", "last_failure_at": now}
    key_lane(nano, opened_until=now + timedelta(seconds=30), **failed)
    (concern,) = found(cast.alice)
    assert (concern.level, concern.what) == ("stopped", "Google Gemini: 5 calls failed in a row")
    assert (
        f"Calls wait until {now + timedelta(seconds=30):%H:%M:%S} UTC; then one is tried. HTTP 503." == concern.advice
    )
    key_lane(nano, opened_until=now - timedelta(seconds=1))
    (concern,) = found(cast.alice)
    assert (concern.level, concern.advice) == ("note", "The next call is a trial: when it works, all go again.")
    note_success(LaneName(GEMINI, key_lane(nano).key_print, NANO))
    assert found(cast.alice) == []


def test_a_few_failures_are_no_concern_yet(nano: CloudModel, cast: Cast) -> None:
    key_lane(nano, failures=4, last_failure_code="provider_5xx", last_failure_at=timezone.now())
    assert found(cast.alice) == []


def test_the_lane_of_an_old_key_says_nothing(nano: CloudModel, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    key_lane(nano, failures=5, opened_until=timezone.now() + timedelta(minutes=9), last_failure_at=timezone.now())
    monkeypatch.setenv("GOOGLE_API_KEY", "a-new-key-0123456789")
    assert found(cast.alice) == []


def test_a_day_limit_is_a_note_with_its_end_and_a_minutes_pause_is_nothing(nano: CloudModel, cast: Cast) -> None:
    until = timezone.now() + timedelta(hours=3)
    model_lane(nano, paused_until=until, pause_code="rate_minute", pause_reason="Slower, please.")
    assert found(cast.alice) == []
    model_lane(nano, pause_code="rate_day")
    (concern,) = found(cast.alice)
    assert concern.what == f"Google Gemini, {NANO}: the day's limit is used up"
    assert f"{until:%Y-%m-%d %H:%M} UTC" in concern.advice


def test_unknown_outcomes_wait_for_those_who_may_decide(cast: Cast) -> None:
    attempts(cast.bob, cast.practice, state="unknown")
    assert said(cast.alice) == ["1 unknown outcome waits for your decision"]
    assert said(cast.bob) == ["1 unknown outcome waits for an owner's decision"]
    attempts(cast.bob, cast.practice, state="unknown")
    assert said(cast.alice) == ["2 unknown outcomes wait for your decision"]


def test_another_teams_unknown_outcomes_are_not_there(cast: Cast) -> None:
    attempts(cast.bob, cast.practice, state="unknown")
    assert found(cast.charlie) == []
    attempts(cast.charlie, cast.practice, state="unknown")
    assert said(cast.bob) == ["1 unknown outcome waits for an owner's decision"]
    assert said(cast.alice) == ["2 unknown outcomes wait for your decision"]


def test_models_past_or_near_their_end_name_the_successor(cast: Cast) -> None:
    model, today = cast.practice, timezone.now().date()
    CloudModel.objects.update(shut_down_on=today - timedelta(days=1), successor="practice-2")
    (concern,) = found(cast.alice)
    assert concern.level == "decide"
    assert concern.what == f"{model.name} is past its shut-down date, {today - timedelta(days=1)}"
    assert concern.advice.startswith("Its successor is practice-2.")
    CloudModel.objects.update(shut_down_on=today + timedelta(days=30))
    (concern,) = found(cast.alice)
    assert (concern.level, concern.what) == ("note", f"{model.name} shuts down in 30 days")
    CloudModel.objects.update(shut_down_on=today + timedelta(days=31))
    assert found(cast.alice) == []


def test_a_model_that_is_switched_off_may_retire_in_peace(cast: Cast) -> None:
    CloudModel.objects.update(shut_down_on=timezone.now().date())
    change_model(cast.practice, {"enabled": False})
    assert found(cast.alice) == []


def test_a_stopped_price_is_told_while_it_is_in_force(cast: Cast) -> None:
    Price.objects.filter(model=cast.practice).update(blocked_at=timezone.now())
    assert said(cast.alice) == [
        "Practice 1: new calls are stopped, because the vendor billed more than its price list says"
    ]
    change_model(cast.practice, {"price_per_image": "0.02"})
    assert found(cast.alice) == []


def test_the_worst_stands_first(nano: CloudModel, cast: Cast) -> None:
    CloudModel.objects.filter(pk=nano.pk).update(shut_down_on=timezone.now().date() + timedelta(days=3))
    attempts(cast.bob, cast.practice, state="unknown")
    key_lane(nano, failures=5, opened_until=timezone.now() + timedelta(minutes=1), last_failure_at=timezone.now())
    assert [concern.level for concern in found(cast.alice)] == ["stopped", "decide", "note"]
    assert count_for_owner(cast.alice) == 2


def test_the_mark_is_for_those_who_can_do_something(cast: Cast) -> None:
    attempts(cast.bob, cast.practice, state="unknown")
    assert [count_for_owner(actor) for actor in (cast.alice, cast.bob, cast.victor)] == [1, 0, 0]


def test_a_hub_whose_runner_is_gone_says_so_first(cast: Cast) -> None:
    attempts(cast.bob, cast.practice, state="unknown")
    Worker.objects.update(lease_until=timezone.now() - timedelta(minutes=10))
    assert said(cast.alice)[0] == "No runner takes queued work"


def test_looking_takes_six_queries_whatever_there_is(
    nano: CloudModel, cast: Cast, django_assert_num_queries: object
) -> None:
    for number in range(20):
        register_model(provider=GEMINI, cloud_model_id=NANO, key=f"copy-{number}")
    attempts(cast.bob, nano, 200, state="unknown")
    with django_assert_num_queries(6):  # type: ignore[operator]
        found(cast.alice)
