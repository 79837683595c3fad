"""Windows: half-open calendar windows of a time zone that tile the years, and calls that stay in theirs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
import time_machine
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.billing.budgets import budget_standing, change_budget
from cloudhub.billing.models import Budget, BudgetWindow
from cloudhub.billing.windows import create_windows, window_bounds
from cloudhub.core.errors import BudgetExceeded
from cloudhub.generations.errors import describe
from cloudhub.generations.settle import retry_attempt
from tests.billing.stage import PRICE, attempt_of, budget, counters, differences, send, settle, submit

BERLIN = ZoneInfo("Europe/Berlin")


def unsaved(kind: str, zone: str = "UTC") -> Budget:
    return Budget(window_kind=kind, time_zone=zone)


def chain(made: Budget, start: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The windows that follow one another from the one that holds `start`."""
    while start < until:
        bounds = window_bounds(made, start)
        yield bounds
        start = bounds[1]


@pytest.mark.parametrize("part", range(4))
def test_i28_days_of_every_zone_tile_without_gap(part: int) -> None:
    for zone in sorted(available_timezones())[part::4]:
        made, end = unsaved("day", zone), None
        local = ZoneInfo(zone)
        for first, following in chain(made, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)):
            assert end in (None, first), zone
            assert first.astimezone(local).date() + timedelta(days=1) == following.astimezone(local).date(), zone
            assert timedelta(hours=21) <= following - first <= timedelta(hours=27), zone
            end = following


@pytest.mark.parametrize("kind", ["day", "week", "month"])
def test_i28_every_instant_lies_in_the_window_of_its_local_date(kind: str) -> None:
    for zone in sorted(available_timezones())[::12]:
        made, local = unsaved(kind, zone), ZoneInfo(zone)
        for hours in range(0, 24 * 366 * 4, 37):
            at = datetime(2025, 1, 1, 0, 59, 59, tzinfo=UTC) + timedelta(hours=hours)
            first, following = window_bounds(made, at)
            assert first <= at < following, (zone, at)
            assert period(kind, at.astimezone(local).date()) == period(kind, first.astimezone(local).date()), (zone, at)


def period(kind: str, day: date) -> tuple[int, ...]:
    """The day, ISO week or month of a date, written down without any arithmetic of instants."""
    return {"day": (day.toordinal(),), "week": day.isocalendar()[:2], "month": (day.year, day.month)}[kind]


@pytest.mark.parametrize(("kind", "zone"), [("week", "America/Havana"), ("month", "Africa/Cairo"),
                                            ("week", "Asia/Beirut"), ("month", "Australia/Lord_Howe")])  # fmt: skip
def test_i28_weeks_and_months_tile_over_a_decade(kind: str, zone: str) -> None:
    end = None
    for first, following in chain(
        unsaved(kind, zone), datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    ):
        assert end in (None, first)
        start = first.astimezone(ZoneInfo(zone))
        assert (start.weekday() if kind == "week" else start.day - 1) == 0
        end = following


def test_i28_the_days_of_a_clock_change_have_23_and_25_hours() -> None:
    made = unsaved("day", "Europe/Berlin")
    spring = window_bounds(made, datetime(2026, 3, 29, 12, tzinfo=BERLIN))
    autumn = window_bounds(made, datetime(2026, 10, 25, 12, tzinfo=BERLIN))
    assert spring == (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert autumn == (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))


def test_i28_a_day_that_begins_at_one_o_clock_begins_at_the_change() -> None:
    # In Cairo the clock goes from 00:00 to 01:00, so that Friday has no midnight.
    first, following = window_bounds(unsaved("day", "Africa/Cairo"), datetime(2026, 4, 24, 12, tzinfo=UTC))
    assert (first, following - first) == (datetime(2026, 4, 23, 22, tzinfo=UTC), timedelta(hours=23))


def test_i28_february_of_a_leap_year_has_29_days() -> None:
    first, following = window_bounds(unsaved("month"), datetime(2028, 2, 29, 23, 59, tzinfo=UTC))
    assert (first, following) == (datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 1, 31, 22, 59, 59, tzinfo=UTC), tick=False) as coordinates:
        yield coordinates


def test_i28_a_window_ends_at_local_midnight_and_not_before(clock: time_machine.Traveller, alice: Actor) -> None:
    made = [budget(alice, PRICE, window=kind, timezone="Europe/Berlin") for kind in ("day", "month")]
    submit(alice)
    clock.shift(timedelta(microseconds=999_999))
    with pytest.raises(BudgetExceeded):
        submit(alice)
    clock.shift(timedelta(microseconds=1))
    submit(alice)
    assert [counters(one) for one in made] == [(PRICE, 0)] * 2
    assert BudgetWindow.objects.count() == 4
    assert differences() == []


def test_i28_a_hold_made_before_midnight_is_settled_in_its_own_window(
    clock: time_machine.Traveller, alice: Actor
) -> None:
    made = budget(alice, PRICE, timezone="Europe/Berlin")
    generation = submit(alice)
    clock.shift(timedelta(hours=3))
    settle(generation, 4_000)
    yesterday = attempt_of(generation).hold.held_at
    assert (counters(made, yesterday), counters(made)) == ((0, 4_000), (0, 0))
    submit(alice)
    assert (counters(made, yesterday), counters(made)) == ((0, 4_000), (PRICE, 0))
    assert differences() == []


def test_i28_a_retry_after_midnight_moves_its_money_to_the_new_window(
    clock: time_machine.Traveller, alice: Actor
) -> None:
    made = budget(alice, PRICE, timezone="Europe/Berlin")
    attempt = send(submit(alice))
    clock.shift(timedelta(hours=3))
    assert retry_attempt(attempt.pk, describe("unknown_outcome", "Busy."))
    assert (counters(made, attempt.hold.held_at), counters(made)) == ((0, 0), (PRICE, 0))
    assert differences() == []


def test_i28_a_total_window_never_ends(clock: time_machine.Traveller, alice: Actor) -> None:
    made = budget(alice, PRICE, window="total")
    submit(alice)
    clock.shift(timedelta(days=4000))
    with pytest.raises(BudgetExceeded):
        submit(alice)
    assert budget_standing(made).held == PRICE


def test_a_new_window_takes_the_limit_of_its_moment(clock: time_machine.Traveller, alice: Actor) -> None:
    made = budget(alice, PRICE, timezone="Europe/Berlin")
    clock.shift(timedelta(hours=3))
    change_budget(alice, Budget.objects.get(), {"limit": "0.000001"})
    assert made.limit_micros == PRICE
    create_windows([made], timezone.now())
    assert list(BudgetWindow.objects.order_by("starts_at").values_list("limit_micros", flat=True)) == [PRICE, 1]
