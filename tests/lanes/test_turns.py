"""Turns go round between people, whoever waits longest within one person's first; who is gone is not waited for."""

from datetime import timedelta

from django.utils import timezone

from cloudhub.core.identifiers import new_id
from cloudhub.lanes.models import LaneWaiter
from cloudhub.lanes.turn import Wait
from tests.lanes.stage import age_calls, ask, let_through, limit_to, requests

ALICE, BOB = 1, 2


def test_who_had_fewer_turns_is_first(db: None) -> None:
    limit_to(requests(3, 60))
    let_through(3, ALICE)
    hers, his = new_id(), new_id()
    assert isinstance(ask(ALICE, attempt=hers), Wait)
    assert isinstance(ask(BOB, attempt=his), Wait)
    age_calls(64)
    let_through(2, 3)
    wait = ask(ALICE, attempt=hers)
    assert isinstance(wait, Wait)
    assert "turns go round" in wait.reason
    assert ask(BOB, attempt=his) is True
    assert isinstance(ask(ALICE, attempt=hers), Wait)


def test_of_one_persons_calls_the_oldest_is_first(db: None) -> None:
    limit_to(requests(1, 60))
    let_through(1, ALICE)
    first, second = new_id(), new_id()
    for attempt in (first, second):
        ask(ALICE, attempt=attempt)
    age_calls(64)
    assert isinstance(ask(ALICE, attempt=second), Wait)
    assert ask(ALICE, attempt=first) is True


def test_a_newcomer_does_not_pass_those_who_wait(db: None) -> None:
    limit_to(requests(1, 60))
    let_through(1, 3)
    waiting = new_id()
    ask(ALICE, attempt=waiting)
    age_calls(64)
    assert isinstance(ask(BOB), Wait)
    assert ask(ALICE, attempt=waiting) is True


def test_a_hundred_of_one_person_do_not_hold_up_another(db: None) -> None:
    limit_to(requests(2, 60))
    hers = [new_id() for _ in range(20)]
    order = []
    for attempt in hers:
        if ask(ALICE, attempt=attempt) is True:
            order.append("alice")
    his = new_id()
    ask(BOB, attempt=his)
    age_calls(64)
    waiting = [*hers[2:], his]
    while his in waiting:
        for attempt in list(waiting):
            if ask(BOB if attempt == his else ALICE, attempt=attempt) is True:
                waiting.remove(attempt)
                order.append("bob" if attempt == his else "alice")
    assert order.index("bob") <= 3


def test_who_does_not_ask_again_is_not_waited_for(db: None) -> None:
    limit_to(requests(1, 60))
    let_through(1, 3)
    ask(ALICE)
    age_calls(64)
    LaneWaiter.objects.update(due_at=timezone.now() - timedelta(seconds=6))
    assert ask(BOB) is True


def test_who_got_a_turn_waits_no_more(db: None) -> None:
    limit_to(requests(1, 60))
    let_through(1)
    attempt = new_id()
    ask(attempt=attempt)
    age_calls(64)
    assert ask(attempt=attempt) is True
    assert not LaneWaiter.objects.exists()
