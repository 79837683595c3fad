"""What each lane has used of its limits, as pages and doors show it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.identifiers import new_id
from cloudhub.lanes.change import set_limits
from cloudhub.lanes.find import LaneName, lanes_in_use
from cloudhub.lanes.models import Lane, LaneWaiter
from cloudhub.lanes.usage import LaneUse, uses_of
from providers.base import Limit
from providers.emulation.server import RunningServer
from providers.gemini.client import Gemini
from tests.conftest import Cast
from tests.generations.stage import FLASH, NANO
from tests.health.stage import key_lane, lane_calls, model_lane

MINUTE = {"kind": "requests", "count": 10, "seconds": 60}
EVERY_KIND = [
    MINUTE,
    {"kind": "images", "count": 100, "seconds": 3600},
    {"kind": "spend", "count": 1_000_000, "seconds": 86400},
    {"kind": "parallel", "count": 4},
]


@pytest.fixture
def nano(gemini: RunningServer, cast: Cast) -> CloudModel:
    return register_model(provider="google-gemini", cloud_model_id=NANO)


def use_of(lane: Lane) -> LaneUse:
    return uses_of([lane], timezone.now())[0]


def used(lane: Lane) -> list[int]:
    return [limit.used for limit in use_of(lane).limits]


def test_every_kind_of_limit_is_counted_in_its_own_window(nano: CloudModel, cast: Cast) -> None:
    lane = set_limits(cast.alice, model_lane(nano), EVERY_KIND)
    now = timezone.now()
    lane_calls(nano, 3, images=2)
    lane_calls(nano, 2, at=now - timedelta(minutes=5))
    lane_calls(nano, at=now - timedelta(hours=3), ended_at=None)
    assert used(lane) == [3, 8, 6 * 39_000, 1]


def test_a_call_counts_in_its_models_and_in_its_keys_lane(nano: CloudModel, cast: Cast) -> None:
    other = register_model(provider="google-gemini", cloud_model_id=FLASH)
    whole = set_limits(cast.alice, key_lane(nano), [MINUTE])
    lane = set_limits(cast.alice, model_lane(nano), [MINUTE])
    lane_calls(nano, 2)
    lane_calls(other, 3)
    assert [used(whole), used(lane)] == [[5], [2]]


def test_what_the_vendor_refused_is_not_counted(nano: CloudModel, cast: Cast) -> None:
    lane = set_limits(cast.alice, model_lane(nano), [MINUTE])
    lane_calls(nano, 2)
    lane_calls(nano, 5, was_refused=True)
    assert used(lane) == [2]


def test_a_full_limit_is_told(nano: CloudModel, cast: Cast) -> None:
    lane = set_limits(cast.alice, model_lane(nano), [{**MINUTE, "count": 2}])
    assert not use_of(lane).limits[0].is_full
    lane_calls(nano, 2)
    assert use_of(lane).limits[0].is_full


def test_the_vendors_limits_are_told_as_the_vendors(nano: CloudModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gemini, "limits", (Limit(kind="requests", count=5, seconds=60, source="https://example.org"),))
    limit = use_of(key_lane(nano)).limits[0]
    assert (limit.source, limit.words, limit.limit.source) == ("vendor", "5 requests a minute", "https://example.org")


def test_an_owners_limits_are_told_as_the_owners(nano: CloudModel, cast: Cast) -> None:
    lane = set_limits(cast.alice, model_lane(nano), [MINUTE])
    assert [limit.source for limit in use_of(lane).limits] == ["owner"]


def test_a_limit_that_a_refusal_taught_is_told_and_when_it_ends(nano: CloudModel) -> None:
    lane_calls(nano, 6)
    refused_at = timezone.now()
    use = use_of(model_lane(nano, refused_at=refused_at))
    assert [(limit.source, limit.words, limit.used) for limit in use.limits] == [("learned", "6 requests a minute", 6)]
    assert use.learned_until == refused_at + timedelta(minutes=15)


def test_those_who_wait_are_counted_without_those_who_are_gone(nano: CloudModel) -> None:
    whole, lane = key_lane(nano), model_lane(nano)
    now = timezone.now()
    for late in (0, 2, 60):
        LaneWaiter.objects.create(attempt_id=new_id(), lane=lane, key_lane=whole, user_id=1, since=now,
                                  due_at=now - timedelta(seconds=late))  # fmt: skip
    assert [use.waiting for use in uses_of([whole, lane], now)] == [2, 2]


def test_queries_do_not_grow_with_lanes_and_calls(
    nano: CloudModel, cast: Cast, django_assert_num_queries: Callable
) -> None:
    lanes = lanes_in_use([LaneName("google-gemini", "print", f"model-{number}") for number in range(30)])
    Lane.objects.update(limits=EVERY_KIND)
    lanes = list(Lane.objects.all())
    assert len(lanes) == 31
    lane_calls(nano, 50)
    # Three windows, the calls under way, and the waiting.
    with django_assert_num_queries(5):
        uses_of(lanes, timezone.now())


def test_lanes_are_made_once_the_keys_first(cast: Cast, django_assert_num_queries: Callable) -> None:
    names = [LaneName("google-gemini", "print", model) for model in ("b", "a")]
    made = lanes_in_use(names)
    assert [lane.model for lane in made] == ["", "a", "b"]
    assert all(lane.pk for lane in made)
    with django_assert_num_queries(1):
        assert lanes_in_use(names) == made


def test_lanes_of_another_key_are_not_among_them(cast: Cast) -> None:
    lanes_in_use([LaneName("google-gemini", "old", "a"), LaneName("other", "print", "a")])
    found = lanes_in_use([LaneName("google-gemini", "print", "a")])
    assert {(lane.provider, lane.key_print) for lane in found} == {("google-gemini", "print")}
