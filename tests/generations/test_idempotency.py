"""The same key means the same generation and no second charge, whatever happened since; an automatic repeat joins."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from cloudhub.accounts.actor import Actor, actor_of_hub_key
from cloudhub.catalog.register import change_model
from cloudhub.core.errors import BudgetExceeded, HubError, IdempotencyMismatch, Invalid
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.run import refuse_in_progress, submit_and_wait
from cloudhub.generations.submit import Submission
from tests.conftest import Cast
from tests.generations.stage import all_at_once, budget, carry_out, ledger_of, submit
from tests.hub_keys import create_hub_key


def with_key(actor: Actor) -> Actor:
    key, _ = create_hub_key(name="program", user=actor.user, team=actor.team, scopes=("generate", "read"))
    return actor_of_hub_key(key)


def at_once(count: int, press: Any) -> list[Any]:
    """What each of `count` threads got from `press`, or the hub's error."""
    outcomes: list[Any] = []

    def run() -> None:
        try:
            outcomes.append(press())
        except HubError as error:
            outcomes.append(error)

    all_at_once(count, run)
    return outcomes


def test_i23_the_same_key_and_body_is_the_same_generation(cast: Cast) -> None:
    first = submit(cast.bob, idempotency_key="k-1", seed=5)
    again = submit(cast.bob, idempotency_key="k-1", seed=5)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.generation.id == first.generation.id
    assert len(ledger_of(first.generation)) == 1


def test_i23_many_at_once_with_one_key_are_one_generation(committed_cast: Cast) -> None:
    got = at_once(12, lambda: submit(committed_cast.bob, idempotency_key="k-1", num_images=2))
    assert len({submission.generation.id for submission in got}) == 1
    assert sorted(submission.replayed for submission in got) == [False] + [True] * 11
    assert Attempt.objects.count() == 1


def test_i23_many_waiting_at_once_with_one_key_get_one_picture(committed_cast: Cast) -> None:
    def press() -> Submission:
        return submit_and_wait(
            actor=committed_cast.bob, model="practice-1", fields={"prompt": "a fox"}, route="door", seconds=30,
            idempotency_key="k-1",
        )  # fmt: skip

    got = at_once(8, press)
    assert {submission.generation.state for submission in got} == {"succeeded"}
    assert Generation.objects.count() == 1
    assert len(ledger_of(got[0].generation)) == 2


def test_i23_one_key_at_once_with_money_for_one_refuses_nobody(committed_cast: Cast) -> None:
    budget(committed_cast.alice, "0.01", "XTS")
    got = at_once(8, lambda: submit(committed_cast.bob, idempotency_key="k-1"))
    refused = [outcome for outcome in got if isinstance(outcome, HubError)]
    assert refused == []
    assert Generation.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"prompt": "a cat"}, {"seed": 6}, {"num_images": 2}, {"tags": ["x"]}, {"cache": "use"}, {"model": "1"}]
)
def test_i23_the_same_key_with_another_body_is_refused(cast: Cast, change: dict[str, Any]) -> None:
    submit(cast.bob, idempotency_key="k-1", seed=5)
    with pytest.raises(IdempotencyMismatch, match="another body"):
        submit(cast.bob, **{"idempotency_key": "k-1", "seed": 5, **change})
    assert Generation.objects.count() == 1


def test_i23_of_different_bodies_at_once_one_wins(committed_cast: Cast) -> None:
    prompts = iter([f"fox {number}" for number in range(8)])
    got = at_once(8, lambda: submit(committed_cast.bob, prompt=next(prompts), idempotency_key="k-1"))
    assert sum(isinstance(outcome, IdempotencyMismatch) for outcome in got) == 7
    assert Generation.objects.count() == 1


def test_i23_a_key_belongs_to_its_person_hub_key_and_route(cast: Cast) -> None:
    program, other = with_key(cast.bob), with_key(cast.bob)
    asking = [
        (cast.bob, "a"), (cast.alice, "a"), (cast.bob, "b"), (program, "a"), (other, "a"),
    ]  # fmt: skip
    got = [submit(actor, route=route, idempotency_key="k-1") for actor, route in asking]
    assert len({submission.generation.id for submission in got}) == len(asking)


def test_i24_a_key_still_counts_after_a_month(cast: Cast) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=31)):
        first = submit(cast.bob, idempotency_key="k-1")
    assert submit(cast.bob, idempotency_key="k-1").generation.id == first.generation.id


def test_a_replay_works_after_the_model_was_switched_off(cast: Cast) -> None:
    first = submit(cast.bob, idempotency_key="k-1")
    change_model(cast.practice, {"enabled": False})
    assert submit(cast.bob, idempotency_key="k-1").generation.id == first.generation.id


def test_a_replay_works_after_the_money_ran_out(cast: Cast) -> None:
    first = submit(cast.bob, idempotency_key="k-1")
    budget(cast.alice, "0", "XTS")
    assert submit(cast.bob, idempotency_key="k-1").generation.id == first.generation.id


def test_a_refusal_does_not_use_up_the_key(cast: Cast) -> None:
    limit = budget(cast.alice, "0", "XTS")
    with pytest.raises(BudgetExceeded):
        submit(cast.bob, idempotency_key="k-1")
    with pytest.raises(Invalid):
        submit(cast.bob, idempotency_key="k-1", prompt="")
    limit.archived_at = timezone.now()
    limit.save()
    assert not submit(cast.bob, idempotency_key="k-1", prompt="another").replayed


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b"])
def test_an_unusable_key_is_refused_by_name(cast: Cast, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        submit(cast.bob, idempotency_key=key)
    assert set(refused.value.fields) == {"Idempotency-Key"}


def test_a_failed_generation_is_replayed_as_it_is(cast: Cast) -> None:
    first = carry_out(cast.bob, prompt="a fox #refuse", idempotency_key="k-1")
    repeat = submit(cast.bob, prompt="a fox #refuse", idempotency_key="k-1")
    assert (repeat.generation.id, repeat.generation.state) == (first.id, "refused")


def test_a_door_that_must_answer_says_that_the_first_is_still_running(cast: Cast) -> None:
    running = submit(cast.bob, idempotency_key="k-1")
    with pytest.raises(HubError) as refused:
        refuse_in_progress(running)
    assert refused.value.code == "idempotency_in_progress"
    engine.run_once()
    refuse_in_progress(submit(cast.bob, idempotency_key="k-1"))


def test_an_automatic_repeat_joins_the_call_it_repeats(cast: Cast) -> None:
    first = submit(cast.bob)
    repeat = submit(cast.bob, join=True)
    assert (repeat.replayed, repeat.generation.id) == (True, first.generation.id)


def test_an_automatic_repeat_joins_the_newest_of_several(cast: Cast) -> None:
    submit(cast.bob)
    newest = submit(cast.bob)
    assert submit(cast.bob, join=True).generation.id == newest.generation.id


@pytest.mark.parametrize(
    "change", [{"prompt": "a cat"}, {"route": "other"}, {"seed": 1}, {"tags": ["x"]}], ids=lambda change: [*change][0]
)
def test_an_automatic_repeat_joins_only_what_is_the_same(cast: Cast, change: dict[str, Any]) -> None:
    submit(cast.bob)
    assert not submit(cast.bob, join=True, **change).replayed


def test_an_automatic_repeat_never_joins_another_person(cast: Cast) -> None:
    submit(cast.bob)
    assert not submit(cast.alice, join=True).replayed
    assert not submit(with_key(cast.bob), join=True).replayed


@pytest.mark.parametrize(("minutes", "joins"), [(14, True), (16, False)])
def test_an_automatic_repeat_joins_for_fifteen_minutes(cast: Cast, minutes: int, joins: bool) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=minutes)):
        submit(cast.bob)
    assert submit(cast.bob, join=True).replayed == joins


def test_two_presses_without_a_key_are_two_wishes(cast: Cast) -> None:
    assert submit(cast.bob).generation.id != submit(cast.bob).generation.id
