"""What people are told of a call that waits for its lane."""

from typing import Any

import pytest

from cloudhub.catalog.find import provider_of
from cloudhub.catalog.models import CloudModel
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt
from cloudhub.generations.perform import perform_to_end
from cloudhub.generations.waiting import lane_waits
from cloudhub.lanes.find import lane_name
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.stage import FLASH, again, submit
from tests.lanes.stage import let_through, limit_to, requests, seconds_to


def full_lane(model: CloudModel) -> None:
    name = lane_name(provider_of(model), model.cloud_model_id)
    assert name is not None
    limit_to(requests(2, 60), name=name)
    let_through(2, name=name)


def test_what_waits_for_its_lane_says_how_long_and_why(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    full_lane(gemini_flash)
    generations = [submit(cast.bob, FLASH, prompt=f"fox {number}").generation for number in range(3)]
    assert engine.run_once() == 0
    with django_assert_max_num_queries(7):
        waits = lane_waits([again(generation) for generation in generations[:1]])
    assert set(waits) == {generations[0].id}
    wait = waits[generations[0].id]
    assert 55 < seconds_to(wait) < 64
    assert "2 requests a minute" in wait.reason
    assert len(lane_waits([again(generation) for generation in generations])) == 3


def test_what_may_go_waits_for_nothing(gemini: RunningServer, gemini_flash: CloudModel, cast: Cast) -> None:
    generation = submit(cast.bob, FLASH).generation
    assert lane_waits([again(generation)]) == {}
    assert lane_waits([again(submit(cast.bob).generation)]) == {}


def test_a_caller_at_the_door_is_told_when_waiting_is_hopeless(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast
) -> None:
    name = lane_name(provider_of(gemini_flash), FLASH)
    assert name is not None
    limit_to(requests(1, 86_400), name=name)
    let_through(1, name=name)
    generation = submit(cast.bob, FLASH, worker_id=engine.worker_id).generation
    perform_to_end(generation.attempts.get().pk, engine.stopping)
    ended = again(generation)
    assert (ended.state, ended.error["code"], ended.error["billed"]) == ("failed", "rate_day", "no")


@pytest.mark.parametrize(("kind", "count"), [("spend", 60_000), ("images", 2)])
def test_a_wait_is_told_for_as_much_as_the_call_uses(
    gemini: RunningServer, gemini_flash: CloudModel, cast: Cast, kind: str, count: int
) -> None:
    """One picture of 39,000 has left room for a call of one picture at no cost, but not for this one."""
    name = lane_name(provider_of(gemini_flash), FLASH)
    assert name is not None
    limit_to({"kind": kind, "count": count, "seconds": 60}, name=name)
    let_through(1, name=name, micros=39_000)
    generation = submit(cast.bob, FLASH).generation
    if kind == "images":
        Attempt.objects.filter(generation=generation).update(num_images=2)
    assert set(lane_waits([again(generation)])) == {generation.id}
