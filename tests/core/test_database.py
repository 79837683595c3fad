"""Short write transactions: repeated as a whole on what passes, refused as a whole on what does not."""

import threading
from contextlib import suppress

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from cloudhub.accounts.models import Team
from cloudhub.core.database import TRIES, run_transaction
from cloudhub.core.errors import NotFound, Unavailable

PASSING = ["database is locked", "database table is locked", "the server is busy"]


def failing(times: int, error: Exception) -> tuple[list[int], object]:
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        Team.objects.create(name=f"Team {len(tries)}")
        if len(tries) <= times:
            raise error
        return "done"

    return tries, work


@pytest.mark.parametrize("words", PASSING)
def test_a_passing_failure_repeats_the_whole_transaction(transactional_db: None, words: str) -> None:
    tries, work = failing(2, OperationalError(words))
    assert run_transaction(work) == "done"
    assert [team.name for team in Team.objects.all()] == ["Team 3"]


def test_a_database_that_stays_busy_is_unavailable_and_holds_nothing(transactional_db: None) -> None:
    tries, work = failing(99, OperationalError("database is locked"))
    with pytest.raises(Unavailable):
        run_transaction(work)
    assert (len(tries), Team.objects.count()) == (TRIES, 0)


def test_a_lasting_failure_is_not_repeated(transactional_db: None) -> None:
    tries, work = failing(99, OperationalError("disk I/O error"))
    with pytest.raises(Unavailable):
        run_transaction(work)
    assert (len(tries), Team.objects.count()) == (1, 0)


@pytest.mark.parametrize("error", [NotFound("Gone."), IntegrityError("twice"), ValueError("x")], ids=type)
def test_any_other_error_ends_the_transaction_and_passes_through(transactional_db: None, error: Exception) -> None:
    tries, work = failing(99, error)
    with pytest.raises(type(error)) as raised:
        run_transaction(work)
    assert raised.value is error
    assert (len(tries), Team.objects.count()) == (1, 0)


def test_a_transaction_inside_another_is_refused(transactional_db: None) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        run_transaction(lambda: None)


def test_two_writers_that_block_each_other_both_succeed_in_the_end(transactional_db: None) -> None:
    """On PostgreSQL a real deadlock, of which one side is repeated; on SQLite the writers queue."""
    teams = [Team.objects.create(name=name) for name in ("first", "second")]
    both_began = threading.Barrier(2, timeout=0.5)

    def rename(first: Team, second: Team) -> None:
        def work() -> None:
            Team.objects.filter(id=first.pk).update(name=f"{first.name}!")
            with suppress(threading.BrokenBarrierError):
                both_began.wait()
            Team.objects.filter(id=second.pk).update(name=f"{second.name}!")

        try:
            run_transaction(work)
        finally:
            connection.close()

    threads = [threading.Thread(target=rename, args=pair) for pair in (teams, teams[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(team.name for team in Team.objects.all()) == ["first!", "second!"]
