"""A lane lets through exactly what its limits allow, of every kind, and says when it opens."""

import base64
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from cloudhub.core.errors import Forbidden, Invalid
from cloudhub.lanes.change import open_again, set_limits
from cloudhub.lanes.find import lanes_named
from cloudhub.lanes.limits import in_words, limits_of, read_limits
from cloudhub.lanes.models import Lane, LaneCall
from cloudhub.lanes.opening import opening_of
from cloudhub.lanes.turn import Wait, forget_old, note_departure
from cloudhub.vault.stored import add_key, revoke_key
from providers.base import Limit
from tests.conftest import Cast
from tests.generations.stage import all_at_once
from tests.lanes.stage import NAME, OTHER_MODEL, age_calls, ask, end, let_through, limit_to, requests, seconds_to


def test_without_limits_every_call_goes(db: None) -> None:
    limit_to()
    let_through(50)
    assert opening_of(NAME).free is None


def test_as_many_requests_pass_as_the_window_holds(db: None) -> None:
    limit_to(requests(3, 60))
    let_through(3)
    wait = ask()
    assert isinstance(wait, Wait)
    assert 60 < seconds_to(wait) < 64
    assert wait.code == "rate_minute"
    assert "3 requests a minute" in wait.reason
    age_calls(64)
    let_through(3)
    assert ask() is not True


def test_the_window_rolls_call_by_call(db: None) -> None:
    limit_to(requests(2, 60))
    let_through(1)
    age_calls(40)
    let_through(1)
    assert 20 < seconds_to(ask()) < 24
    age_calls(24)
    let_through(1)
    assert 38 < seconds_to(ask()) < 41


def test_pictures_are_counted_and_not_calls(db: None) -> None:
    limit_to({"kind": "images", "count": 10, "seconds": 60})
    let_through(2, images=4)
    assert ask(images=4) is not True
    assert ask(images=2) is True


def test_a_call_larger_than_its_limit_passes_alone(db: None) -> None:
    limit_to({"kind": "images", "count": 2, "seconds": 60})
    assert ask(images=4) is True
    assert ask(images=1) is not True


def test_money_in_a_window_is_a_limit(db: None) -> None:
    limit_to({"kind": "spend", "count": 100_000, "seconds": 600})
    let_through(2, micros=40_000)
    assert isinstance(ask(micros=40_000), Wait)
    assert ask(micros=20_000) is True


def test_calls_at_once_make_room_when_they_end(db: None) -> None:
    limit_to({"kind": "parallel", "count": 2})
    first, _ = let_through(2)
    assert seconds_to(ask()) <= 1
    end(first)
    assert ask() is True


def test_a_limit_of_the_key_counts_all_its_models(db: None) -> None:
    limit_to(requests(3, 60), whole_key=True)
    let_through(2)
    let_through(1, name=OTHER_MODEL)
    assert ask() is not True
    assert ask(name=OTHER_MODEL) is not True


def test_a_day_limit_says_so(db: None) -> None:
    limit_to(requests(1, 86_400))
    let_through(1)
    wait = ask()
    assert isinstance(wait, Wait)
    assert wait.code == "rate_day"


def test_what_is_not_sent_any_more_does_not_count(db: None) -> None:
    limit_to(requests(1, 60))
    assert ask(sends=False) is False
    assert not LaneCall.objects.exists()
    assert ask() is True


def test_a_call_counts_from_when_it_left(db: None) -> None:
    limit_to(requests(1, 60))
    attempt = let_through(1)[0]
    age_calls(60)
    note_departure(attempt, timezone.now() - timedelta(seconds=10))
    assert 50 < seconds_to(ask()) < 54


def test_the_limit_holds_however_many_ask_at_once(transactional_db: None) -> None:
    limit_to(requests(7, 60), {"kind": "images", "count": 50, "seconds": 60})
    granted: list[Any] = []
    users = iter(range(30))
    all_at_once(30, lambda: granted.append(ask(next(users))))
    assert granted.count(True) == 7
    assert LaneCall.objects.count() == 7


def test_two_first_calls_make_one_pair_of_lanes(transactional_db: None) -> None:
    all_at_once(8, lambda: ask())
    assert Lane.objects.count() == 2


def test_no_window_of_that_length_ever_holds_more(transactional_db: None) -> None:
    limit_to(requests(5, 1))
    granted: list[float] = []
    last = time.monotonic() + 3.5

    def press() -> None:
        while time.monotonic() < last:
            before = time.monotonic()
            if ask() is True:
                granted.append(before)
            time.sleep(0.01)

    all_at_once(4, press)
    granted.sort()
    assert 10 <= len(granted) <= 15
    assert all(later - earlier > 1 for earlier, later in zip(granted, granted[5:], strict=False))


def test_an_owner_sets_limits_and_gives_the_word_back(cast: Cast) -> None:
    lane = limit_to()
    set_limits(cast.alice, lane, [requests(4, 60), {"kind": "parallel", "count": 2}])
    assert [in_words(limit) for limit in limits_of(lane, timezone.now())] == ["4 requests a minute", "2 calls at once"]
    set_limits(cast.alice, lane, None)
    assert lane.limits is None
    with pytest.raises(Forbidden):
        set_limits(cast.bob, lane, None)


def test_a_teams_owner_changes_the_lanes_of_their_own_key_alone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = base64.urlsafe_b64encode(b"o" * 32).decode()
    lane = Lane.objects.create(provider="openai", key_print="")
    for team, allowed in ((None, False), (cast.other_team, True), (cast.team, False)):
        values = {"OPENAI_API_KEY": "sk-one-for-several-0123456789"}
        owner = cast.charlie if team == cast.other_team else cast.alice
        stored = add_key(owner, provider="openai", values=values, team=team)
        Lane.objects.filter(id=lane.pk).update(key_print=stored.key_print)
        lane.refresh_from_db()
        if allowed:
            assert open_again(cast.charlie, set_limits(cast.charlie, lane, [])).limits == []
            monkeypatch.setenv("OPENAI_API_KEY", values["OPENAI_API_KEY"])
        for change in (lambda: set_limits(cast.charlie, lane, []), lambda: open_again(cast.charlie, lane)):
            with pytest.raises(Forbidden, match="only an owner of the hub"):
                change()
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        if team != cast.other_team:
            revoke_key(cast.alice, stored.pk)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("fast", "limits"), ([5], "limits[0]"), ([{"kind": "speed", "count": 1, "seconds": 1}], "limits[0]"),
        ([{"kind": "requests", "count": 0, "seconds": 60}], "limits[0].count"),
        ([{"kind": "requests", "count": True, "seconds": 60}], "limits[0].count"),
        ([{"kind": "requests", "count": 5}], "limits[0].seconds"),
        ([{"kind": "images", "count": 5, "seconds": 10**9}], "limits[0].seconds"),
        ([{"kind": "parallel", "count": 1}] * 9, "limits"),
    ],
)  # fmt: skip
def test_a_wrong_limit_is_named(given: Any, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_limits(given)
    assert list(refusal.value.fields) == [field]


def test_an_opened_lane_lets_calls_through_at_once(cast: Cast) -> None:
    make = limit_to()
    key_lane, lane = lanes_named(NAME)
    later = timezone.now() + timedelta(hours=1)
    Lane.objects.filter(id__in=[make.pk, key_lane.pk]).update(paused_until=later, pause_code="rate_day")
    assert isinstance(ask(), Wait)
    open_again(cast.alice, lane)
    open_again(cast.alice, key_lane)
    assert ask() is True


def test_calls_that_no_limit_looks_back_to_are_forgotten(db: None) -> None:
    limit_to(requests(10, 60))
    ended, running = let_through(2)
    end(ended)
    forget_old(timezone.now() + timedelta(days=33))
    assert list(LaneCall.objects.values_list("attempt_id", flat=True)) == [running]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit(kind="requests", count=150, seconds=10), "150 requests in 10 seconds"),
        (Limit(kind="spend", count=5_500_000, seconds=3600), "$5.50 an hour"),
        (Limit(kind="spend", count=4_000, seconds=86400), "$0.004 a day"),
        (Limit(kind="images", count=5, seconds=60), "5 pictures a minute"),
    ],
)
def test_limits_are_said_in_words(limit: Limit, words: str) -> None:
    assert in_words(limit) == words
