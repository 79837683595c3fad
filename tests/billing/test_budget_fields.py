"""Making, changing and ending budgets: every field, and who may."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry, Membership, User
from cloudhub.billing.budgets import (
    applicable_standings,
    budget_standing,
    budgets_for,
    change_budget,
    create_budget,
    end_budget,
    find_budget,
)
from cloudhub.billing.models import Budget
from cloudhub.catalog.access import restrict_model
from cloudhub.core.errors import BudgetExceeded, Forbidden, Invalid, NotFound
from tests.billing.stage import PRICE, attempt_of, budget, counters, differences, settle, submit
from tests.conftest import Cast
from tests.hub_keys import create_hub_key

GOOD = {"name": "Week", "scope": "hub", "window": "week", "limit": "10.000000", "currency": "XTS"}
HUGE = 10**30
MISTAKES: list[tuple[str, Any]] = [
    *[("name", value) for value in ("", "   ", "x" * 101, " " + "x" * 100, None, 5, ["x"], "a\x00b", "\ud800")],
    *[("scope", value) for value in ("", "planet", None, 5, ["hub"], {"hub": 1}, True)],
    *[("window", value) for value in ("", "year", None, 5, ["day"], True)],
    *[("timezone", value) for value in ("Mars/Olympus", "../UTC", 5, 0, False, [], ["UTC"], "UTC\x00", "x" * 9999)],
    *[
        ("limit", value)
        for value in (None, "", 10, 1.5, True, "-1", "+1", "1e3", "NaN", "inf", "1,5", "0.0000001", "٣")
    ],
    *[("limit", value) for value in ("1000000000", "9" * 5000, HUGE, ["1"], " 1", "1\n", "1_000", "0x10", ".5", "5.")],
    *[("currency", value) for value in ("", "usd", "EUR", None, 5, ["USD"])],
    *[("hard", value) for value in (None, 1, 0, "true", "", [])],
    *[("alerts", value) for value in (None, 50, "50", {}, [0], [101], [50.0], ["50"], [True], [HUGE], [50] * 11)],
    *[("target", value) for value in ("1", 1, HUGE, True, ["x"], {})],
    *[("colour", value) for value in ("red", None)],
]


@pytest.mark.parametrize("field", dict(MISTAKES))
def test_a_wrong_field_is_refused_by_name_and_makes_no_budget(alice: Actor, field: str) -> None:
    for value in (value for name, value in MISTAKES if name == field):
        with pytest.raises(Invalid) as refusal:
            create_budget(alice, {**GOOD, field: value})
        assert list(refusal.value.fields) == [field], repr(value)[:20]
    assert not Budget.objects.exists()


TARGETS = [None, "", 0, -1, HUGE, -HUGE, 2**63, 1.5, True, "0", "-1", "9" * 18, "9" * 19, "9" * 5000, "x", "²", "1 ",
           "\x00", [1], {"id": 1}, "x" * 300]  # fmt: skip


@pytest.mark.parametrize("scope", ["team", "user", "hub_key", "provider", "model", "tag"])
def test_a_target_that_does_not_exist_is_refused(alice: Actor, scope: str) -> None:
    for target in TARGETS:
        if scope == "tag" and isinstance(target, str) and 0 < len(target) <= 100:
            target = f"{target}|"
        with pytest.raises(Invalid) as refusal:
            create_budget(alice, {**GOOD, "scope": scope, "target": target})
        assert list(refusal.value.fields) == ["target"], repr(target)[:20]
    with pytest.raises(Invalid, match="Say what the budget is for"):
        create_budget(alice, {**GOOD, "scope": scope})


@pytest.mark.parametrize("field", ["name", "scope", "window", "limit"])
def test_a_missing_field_is_named(alice: Actor, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create_budget(alice, {name: value for name, value in GOOD.items() if name != field})
    assert list(refusal.value.fields) == [field]


def test_every_mistake_is_named_at_once(alice: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        create_budget(alice, {"scope": "planet", "limit": 1.5, "timezone": "Mars", "hard": "yes"})
    assert set(refusal.value.fields) == {"name", "scope", "window", "limit", "timezone", "hard"}


def test_the_rest_has_sensible_defaults(alice: Actor) -> None:
    made = create_budget(alice, {"name": "Hub", "scope": "hub", "window": "month", "limit": "10"})
    assert (made.currency, made.time_zone, made.hard, made.alerts) == ("USD", "UTC", True, [50, 80, 100])
    assert made.limit_micros == 10_000_000


def test_a_target_with_leading_zeros_still_limits_its_team(cast: Cast) -> None:
    limit = budget(cast.alice, PRICE, scope="team", target=f"000{cast.team.pk}")
    submit(cast.bob)
    assert counters(limit) == (PRICE, 0)
    assert differences() == []


@pytest.mark.parametrize("changes", [{"limit": "-1"}, {"limit": 1.5}, {"limit": HUGE}, {"hard": "no"}, {"hard": None},
                                     {"name": ""}, {"name": "\x00"}, {"alerts": [0]}, {"scope": "hub"},
                                     {"window": "day"}, {"currency": "USD"}, {"timezone": "UTC"}, {"target": "1"},
                                     {"id": 9}])  # fmt: skip
def test_a_wrong_change_is_refused_by_name_and_changes_nothing(alice: Actor, changes: dict[str, Any]) -> None:
    made = create_budget(alice, GOOD)
    with pytest.raises(Invalid) as refusal:
        change_budget(alice, made, {"name": "Other", "limit": "5", **changes})
    assert list(refusal.value.fields) == list(changes)
    fresh = Budget.objects.get()
    assert (fresh.name, fresh.limit_micros) == ("Week", 10_000_000)


def test_a_change_reaches_the_window_that_is_open(alice: Actor) -> None:
    made = budget(alice, PRICE)
    submit(alice)
    with pytest.raises(BudgetExceeded):
        submit(alice)
    change_budget(alice, made, {"limit": "0.020000"})
    submit(alice)
    change_budget(alice, made, {"hard": False})
    submit(alice)
    assert counters(made) == (3 * PRICE, 0)


def test_an_ended_budget_limits_nothing_more_and_its_books_stay_right(alice: Actor) -> None:
    made = budget(alice, PRICE)
    first = submit(alice)
    end_budget(alice, made)
    submit(alice)
    settle(first, 4_000)
    assert counters(made) == (0, 4_000)
    assert differences() == []


def test_an_ended_budget_is_gone_from_every_list(alice: Actor) -> None:
    made = budget(alice, PRICE)
    end_budget(alice, made)
    assert list(budgets_for(alice)) == []
    with pytest.raises(NotFound):
        find_budget(alice, made.pk)


@pytest.mark.parametrize("budget_id", ["", "x", "²", "-1", "9" * 19, "9" * 5000, HUGE, None, 1.5, [1]])
def test_a_malformed_id_is_no_budget(alice: Actor, budget_id: object) -> None:
    with pytest.raises(NotFound):
        find_budget(alice, budget_id)


def test_a_member_may_neither_make_nor_change_nor_end_a_budget(cast: Cast) -> None:
    made = budget(cast.alice, PRICE)
    for act in (lambda: budget(cast.bob, 1), lambda: change_budget(cast.bob, made, {"limit": "9"}),
                lambda: end_budget(cast.bob, made)):  # fmt: skip
        with pytest.raises(Forbidden):
            act()
    assert Budget.objects.get().limit_micros == PRICE


def scopes_beyond(cast: Cast) -> list[dict[str, Any]]:
    key, _text = create_hub_key(name="robot", user=cast.bob.user, team=cast.team)
    return [
        {"scope": "hub"}, {"scope": "team", "target": cast.team.pk}, {"scope": "user", "target": cast.bob.user.pk},
        {"scope": "hub_key", "target": key.pk}, {"scope": "model", "target": "practice-1"},
        {"scope": "provider", "target": "practice"}, {"scope": "tag", "target": "poster"},
    ]  # fmt: skip


def test_an_owner_of_another_team_may_not_limit_the_hub_or_this_team(cast: Cast) -> None:
    for scope in scopes_beyond(cast):
        with pytest.raises((Forbidden, Invalid)):
            budget(cast.charlie, 1, **scope)
        made = budget(cast.alice, PRICE, **scope)
        for act in (lambda made=made: change_budget(cast.charlie, made, {"limit": "9"}),
                    lambda made=made: end_budget(cast.charlie, made)):  # fmt: skip
            with pytest.raises(Forbidden):
                act()
    assert Budget.objects.filter(archived_at=None, limit_micros=PRICE).count() == len(scopes_beyond(cast))


def test_an_owner_limits_their_own_team_person_and_key(cast: Cast) -> None:
    key, _text = create_hub_key(name="robot", user=cast.charlie.user, team=cast.other_team)
    dora = User.objects.create_user("dora@example.org")
    Membership.objects.create(user=dora, team=cast.other_team)
    own = [("team", cast.other_team.pk), ("user", dora.pk), ("hub_key", key.pk)]
    made = [budget(cast.charlie, 1, scope=scope, target=target) for scope, target in own]
    assert list(budgets_for(cast.charlie)) == made
    assert list(budgets_for(cast.bob)) == []
    for limit in made:
        change_budget(cast.charlie, limit, {"limit": "2"})
        end_budget(cast.charlie, limit)
    lines = AuditEntry.objects.filter(target_kind="budget")
    assert set(lines.values_list("team", flat=True)) == {cast.other_team.pk}


def test_nobody_limits_themselves_or_who_works_in_other_teams_too(cast: Cast) -> None:
    """Else whoever owns any team of a person's would lift a limit that holds everywhere."""
    Membership.objects.create(user=cast.bob.user, team=cast.other_team)
    bobs = budget(cast.alice, PRICE, scope="user", target=cast.bob.user.pk)
    charlies = budget(cast.alice, PRICE, scope="user", target=cast.charlie.user.pk)
    assert list(budgets_for(cast.charlie)) == [charlies]
    assert list(budgets_for(cast.bob)) == [bobs]
    for person, limit in ((cast.bob, bobs), (cast.charlie, charlies)):
        for act in (lambda person=person: budget(cast.charlie, 1, scope="user", target=person.user.pk),
                    lambda limit=limit: change_budget(cast.charlie, limit, {"limit": "9"}),
                    lambda limit=limit: end_budget(cast.charlie, limit)):  # fmt: skip
            with pytest.raises(Forbidden):
                act()
    told = {line.target_name: line.team for line in AuditEntry.objects.filter(target_kind="budget")}
    assert told == {bobs.name: cast.team, charlies.name: cast.other_team}


def test_what_an_owner_of_the_hub_limits_no_teams_owner_lifts(cast: Cast) -> None:
    made = budget(cast.alice, PRICE, scope="team", target=cast.other_team.pk)
    for act in (lambda: change_budget(cast.charlie, made, {"limit": "9"}), lambda: end_budget(cast.charlie, made)):
        with pytest.raises(Forbidden, match="An owner of the hub made this budget"):
            act()
    assert find_budget(cast.charlie, made.pk).archived_at is None
    change_budget(cast.alice, made, {"limit": "9"})


def test_a_foreign_target_is_as_absent_as_nobodys(cast: Cast) -> None:
    key, _text = create_hub_key(name="robot", user=cast.bob.user, team=cast.team)
    restrict_model(cast.alice, cast.practice, teams=[cast.team.pk], people=[])
    for scope, foreign, nobodys in (("team", cast.team.pk, 987654), ("user", cast.bob.user.pk, 987654),
                                    ("hub_key", key.pk, 987654), ("model", "practice-1", "practice-9")):  # fmt: skip
        told = []
        for target in (foreign, nobodys):
            with pytest.raises(Invalid) as refusal:
                create_budget(cast.charlie, {**GOOD, "scope": scope, "target": target, "limit": "much"})
            told.append(refusal.value.fields)
        assert told[0] == told[1]
        assert set(told[0]) == {"target", "limit"}


def test_another_teams_budget_does_not_exist_for_an_owner(cast: Cast) -> None:
    made = budget(cast.alice, PRICE, scope="team", target=cast.team.pk)
    with pytest.raises(NotFound):
        find_budget(cast.charlie, made.pk)
    assert find_budget(cast.alice, str(made.pk)) == made


@pytest.mark.parametrize("window", ["day", "week", "month"])
def test_a_budget_counts_what_was_spent_and_is_held_before_it_existed(alice: Actor, window: str) -> None:
    settle(submit(alice), 4_000)
    waiting = submit(alice)
    made = budget(alice, 4 * PRICE, window=window)
    assert counters(made) == (PRICE, 4_000)
    settle(waiting, 6_000)
    assert counters(made) == (0, 10_000)
    assert differences() == []


def test_a_total_budget_counts_from_its_making(alice: Actor) -> None:
    with time_machine.travel(datetime(2026, 5, 4, 12, tzinfo=UTC), tick=False) as clock:
        settle(submit(alice), 4_000)
        waiting = submit(alice)
        clock.shift(timedelta(seconds=1))
        made = budget(alice, 4 * PRICE, window="total")
        submit(alice)
        settle(waiting)
        assert counters(made) == (PRICE, 0)
        assert differences() == []


def test_a_call_priced_before_a_total_budget_was_made_is_not_stopped_by_it(alice: Actor) -> None:
    now = datetime.now(UTC)
    made = budget(alice, 0, window="total")
    with time_machine.travel(now - timedelta(seconds=1), tick=False):
        submit(alice)
    assert counters(made) == (0, 0)
    assert differences() == []


@pytest.mark.parametrize("scope", ["hub", "team", "user", "hub_key", "provider", "model", "tag"])
def test_every_scope_counts_its_own_calls_and_no_others(cast: Cast, scope: str) -> None:
    key, _text = create_hub_key(name="robot", user=cast.bob.user, team=cast.team)
    robot = Actor(cast.bob.user, cast.team, "member", key, frozenset({"generate", "read"}))
    targets = {"hub": {}, "team": {"target": cast.team.pk}, "user": {"target": cast.bob.user.pk},
               "hub_key": {"target": key.pk}, "provider": {"target": "practice"}, "model": {"target": "practice-1"},
               "tag": {"target": "poster"}}  # fmt: skip
    made = budget(cast.alice, 100 * PRICE, scope=scope, **targets[scope])
    submit(cast.charlie)
    submit(cast.alice)
    submit(cast.bob)
    submit(robot, tags=["poster", "autumn"])
    expected = {"hub": 4, "team": 3, "user": 2, "hub_key": 1, "provider": 4, "model": 4, "tag": 1}
    assert counters(made) == (expected[scope] * PRICE, 0)
    assert differences() == []


def test_tags_are_told_apart_by_case_and_whole(alice: Actor) -> None:
    submit(alice, tags=["Poster"])
    submit(alice, tags=["post", "%", "poster_x"])
    made = budget(alice, PRICE, scope="tag", target="poster")
    any_tag = budget(alice, PRICE, scope="tag", target="%")
    submit(alice, tags=["POSTER"])
    assert (counters(made), counters(any_tag)) == ((0, 0), (PRICE, 0))
    assert differences() == []


def test_the_tightest_hard_budget_stands_first(alice: Actor) -> None:
    soft, wide = budget(alice, 1, hard=False), budget(alice, 9 * PRICE)
    tight = budget(alice, 2 * PRICE)
    hold = attempt_of(submit(alice)).hold
    assert [standing.budget for standing in applicable_standings(hold)] == [tight, wide, soft]
    assert budget_standing(tight).remaining == PRICE


def test_a_budget_whose_person_left_the_team_keeps_counting_them(cast: Cast) -> None:
    made = budget(cast.alice, 5 * PRICE, scope="user", target=cast.bob.user.pk)
    cast.bob.user.memberships.all().delete()
    submit(cast.bob)
    assert counters(made) == (PRICE, 0)
    assert differences() == []
