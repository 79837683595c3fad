"""Vendors and lanes at the REST door: what they say, who sees what, and an owner's hand on a lane."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.health.models import KeyCheck
from cloudhub.lanes.models import Lane
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer
from tests.api.caller import Caller, caller_of
from tests.conftest import Cast
from tests.generations.stage import NANO, fault
from tests.health.stage import attempts, key_lane, lane_calls, model_lane

PATH = "/api/v1/providers"
GEMINI = f"{PATH}/google-gemini"
LIMITS = [{"kind": "requests", "count": 10, "seconds": 60}, {"kind": "parallel", "count": 2, "seconds": 0}]


@pytest.fixture
def nano(gemini: RunningServer, cast: Cast) -> CloudModel:
    return register_model(provider="google-gemini", cloud_model_id=NANO)


def test_every_installed_vendor_is_listed(alices: Caller) -> None:
    answer = alices.get(PATH).json()
    assert [provider["id"] for provider in answer["results"]] == list(installed_providers())
    assert answer["next"] is None


def test_the_list_comes_in_pages_too(alices: Caller) -> None:
    first = alices.get(f"{PATH}?limit=1").json()
    second = alices.get(first["next"].removeprefix("http://testserver")).json()
    names = [provider["id"] for provider in (*first["results"], *second["results"])]
    assert names == list(installed_providers())[:2]
    assert alices.get(f"{PATH}?cursor=nobody").json()["error"]["fields"].keys() == {"cursor"}
    assert alices.get(f"{PATH}?limit=0").status_code == 400
    assert alices.get(f"{PATH}?state=open").status_code == 400


def test_described_fields_are_the_fields_that_come(nano: CloudModel, alices: Caller, bob: Actor) -> None:
    shapes = yaml.safe_load(Client().get("/api/schema").content)["components"]["schemas"]
    key_lane(nano, failures=5, opened_until=timezone.now() + timedelta(minutes=1), last_failure_at=timezone.now())
    CloudModel.objects.filter(pk=nano.pk).update(shut_down_on=timezone.now().date())
    attempts(bob, nano)
    alices.patch(f"/api/v1/lanes/{model_lane(nano).pk}", {"limits": LIMITS})
    alices.post(f"{GEMINI}/check")
    provider = alices.get(GEMINI).json()
    assert set(provider) == set(shapes["ProviderRecord"]["properties"])
    parts = {"key": "ProviderKey", "check": "ProviderCheckRecord", "traffic": "TrafficRecord",
             "circuit": "CircuitRecord"}  # fmt: skip
    for part, shape in parts.items():
        assert set(provider[part]) == set(shapes[shape]["properties"]), part
    lists = {"lanes": "LaneRecord", "retirements": "Retirement", "concerns": "ConcernRecord"}
    for part, shape in lists.items():
        assert set(provider[part][0]) == set(shapes[shape]["properties"]), part
    assert set(provider["lanes"][1]["limits"][0]) == set(shapes["LimitRecord"]["properties"])
    assert set(provider["traffic"]["outcomes"][0]) == set(shapes["OutcomeCount"]["properties"])
    assert set(provider["traffic"]["latency"]) == set(shapes["LatencyRecord"]["properties"])


def test_a_vendor_without_a_key_says_what_is_missing(alices: Caller) -> None:
    provider = alices.get(GEMINI).json()
    message, remedy = provider["key"].pop("message"), provider["key"].pop("remedy")
    assert provider["key"] == {"needed": True, "found": False, "source": None, "last_four": None}
    assert message.endswith("Please set GOOGLE_API_KEY in .env file or environment variables.")
    assert "https://aistudio.google.com/apikey" in remedy
    assert (provider["check"], provider["circuit"], provider["lanes"], provider["concerns"]) == (None, None, [], [])


def test_the_last_four_are_for_those_who_manage(nano: CloudModel, alices: Caller, bobs: Caller, alice: Actor) -> None:
    assert alices.get(GEMINI).json()["key"] == {
        "needed": True, "found": True, "source": "environment", "last_four": "6789", "message": None, "remedy": None,
    }  # fmt: skip
    assert bobs.get(GEMINI).json()["key"]["last_four"] is None
    assert caller_of(alice, "read", "generate").get(GEMINI).json()["key"]["last_four"] is None
    assert "test-key" not in alices.get(PATH).content.decode()


def test_a_check_is_answered_with_the_vendors_word(nano: CloudModel, alices: Caller) -> None:
    assert alices.get(GEMINI).json()["check"]["state"] == "unchecked"
    answer = alices.post(f"{GEMINI}/check")
    check = answer.json()["check"]
    assert (answer.status_code, check["state"], check["code"]) == (200, "valid", None)
    assert check["message"].startswith("API credentials are valid")
    assert alices.get(GEMINI).json()["check"] == check


def test_hammering_the_check_asks_the_vendor_once(nano: CloudModel, alices: Caller, gemini: RunningServer) -> None:
    first = alices.post(f"{GEMINI}/check").json()["check"]
    fault(gemini, status=500, times=None)
    assert [alices.post(f"{GEMINI}/check").json()["check"] for _ in range(5)] == [first] * 5


def test_a_refused_key_is_an_answer_and_a_missing_one_a_conflict(
    nano: CloudModel, alices: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "invalid-key-0123456789")
    answer = alices.post(f"{GEMINI}/check")
    assert (answer.status_code, answer.json()["check"]["code"]) == (200, "key_invalid")
    assert answer.json()["concerns"][0]["message"] == "Google Gemini: the key was refused."
    monkeypatch.delenv("GOOGLE_API_KEY")
    answer = alices.post(f"{GEMINI}/check")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_key")
    assert KeyCheck.objects.count() == 1


def test_traffic_is_told_in_counts_and_seconds(nano: CloudModel, bobs: Caller, bob: Actor) -> None:
    attempts(bob, nano, 3, took=[1.0, 2.0, 4.0])
    attempts(bob, nano, 2, state="released", code="rate_minute")
    traffic = bobs.get(GEMINI).json()["traffic"]
    assert (traffic["calls"], traffic["succeeded"]) == (5, 3)
    assert traffic["outcomes"][1] == {
        "state": "released", "code": "rate_minute", "words": "too fast for the vendor", "calls": 2,
    }  # fmt: skip
    assert traffic["latency"] == {"p50_seconds": 2.0, "p95_seconds": 4.0, "calls": 3}


def test_an_owner_sets_a_lanes_limits_and_gives_the_word_back(nano: CloudModel, alices: Caller) -> None:
    lane = alices.get(GEMINI).json()["lanes"][1]
    assert (lane["model"], lane["limits"]) == (NANO, [])
    lane_calls(nano, 3)
    changed = alices.patch(f"/api/v1/lanes/{lane['id']}", {"limits": LIMITS})
    assert changed.status_code == 200
    assert changed.json()["limits"][0] == {
        "kind": "requests", "count": 10, "seconds": 60, "words": "10 requests a minute", "source": "owner",
        "source_url": None, "used": 3,
    }  # fmt: skip
    assert alices.get(GEMINI).json()["lanes"][1] == changed.json()
    assert alices.patch(f"/api/v1/lanes/{lane['id']}", {"limits": None}).json()["limits"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "limits"),
        ({"limits": 5}, "limits"),
        ({"limits": [{"kind": "smiles", "count": 1, "seconds": 1}]}, "limits[0]"),
        ({"limits": [*LIMITS, {"kind": "requests", "count": 0, "seconds": 60}]}, "limits[2].count"),
        ({"limits": [{"kind": "requests", "count": 1}]}, "limits[0].seconds"),
        ({"limits": [], "paused_until": None}, "paused_until"),
    ],
)
def test_limits_are_read_strictly(nano: CloudModel, alices: Caller, body: object, field: str) -> None:
    lane = model_lane(nano)
    answer = alices.patch(f"/api/v1/lanes/{lane.pk}", body)
    assert (answer.status_code, set(answer.json()["error"]["fields"])) == (400, {field})
    assert Lane.objects.get(pk=lane.pk).limits is None


def test_an_owner_opens_a_lane_early(nano: CloudModel, alices: Caller) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    lane = model_lane(nano, paused_until=soon, pause_code="rate_minute", pause_reason="Slower, please.")
    shown = alices.get(GEMINI).json()["lanes"][1]
    assert (shown["pause_code"], shown["pause_reason"]) == ("rate_minute", "Slower, please.")
    opened = alices.post(f"/api/v1/lanes/{lane.pk}/open").json()
    assert (opened["paused_until"], opened["pause_reason"]) == (None, None)
    whole = key_lane(nano, failures=5, opened_until=soon)
    assert alices.get(GEMINI).json()["circuit"]["state"] == "open"
    alices.post(f"/api/v1/lanes/{whole.pk}/open")
    assert alices.get(GEMINI).json()["circuit"] == {
        "state": "closed", "failures": 0, "open_until": None, "trial_under_way": False, "last_failure": None,
        "last_failure_at": None,
    }  # fmt: skip


@pytest.mark.parametrize("lane_id", ["x", "²", "9" * 30, "0"])
def test_a_lane_that_is_not_there_is_404(alices: Caller, lane_id: str) -> None:
    assert alices.patch(f"/api/v1/lanes/{lane_id}", {"limits": None}).status_code == 404
    assert alices.post(f"/api/v1/lanes/{lane_id}/open").status_code == 404


def test_unknown_outcomes_are_those_of_the_own_team(alices: Caller, bobs: Caller, charlies: Caller, cast: Cast) -> None:
    attempts(cast.bob, cast.practice, 2, state="unknown")
    counts = [caller.get(f"{PATH}/practice").json()["unknown_outcomes"] for caller in (alices, bobs, charlies)]
    assert counts == [2, 2, 0]


def test_the_list_costs_the_same_however_much_there_is(
    nano: CloudModel, alices: Caller, cast: Cast, django_assert_max_num_queries: Callable
) -> None:
    alices.get(PATH)
    attempts(cast.bob, nano, 300)
    attempts(cast.bob, nano, 30, state="unknown")
    with django_assert_max_num_queries(15):
        alices.get(PATH)


def test_every_vendor_says_what_becomes_of_prompts_and_pictures(bobs: Caller) -> None:
    told = {provider["id"]: provider["privacy"]["words"] for provider in bobs.get(PATH).json()["results"]}
    assert told["practice"].startswith("Prompt and pictures stay on this machine;")
    assert all(words.startswith("Prompt and pictures ") for words in told.values())
