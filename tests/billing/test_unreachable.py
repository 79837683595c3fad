"""When the database cannot be written, paid calls stop before anything is held, and reads keep working."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from django.db import OperationalError, connection

from cloudhub.billing.budgets import budgets_for
from cloudhub.billing.reports import spend
from cloudhub.catalog.find import find_model
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Unavailable
from cloudhub.generations.find import generations_for
from tests.billing.stage import NOTHING, PRICE, budget, counters, differences, rows, send, settle, submit
from tests.conftest import Cast


@pytest.fixture
def stranger(committed_cast: Cast) -> Iterator[sqlite3.Connection | psycopg.Connection]:
    """Somebody else's connection to the same database; ours waits for no more than an instant."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 20")
        with closing(sqlite3.connect(place["NAME"], isolation_level=None)) as other:
            yield other
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20ms'")
        words = f"host={place['HOST']} port={place['PORT']} user={place['USER']} dbname={place['NAME']}"
        with psycopg.connect(words, password=place["PASSWORD"], autocommit=True) as other:
            yield other
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    connection.close()


def lock_out_writers(stranger: sqlite3.Connection | psycopg.Connection) -> None:
    if connection.vendor == "sqlite":
        stranger.execute("BEGIN EXCLUSIVE")
    else:
        stranger.execute("BEGIN")
        stranger.execute("LOCK TABLE billing_hold IN SHARE ROW EXCLUSIVE MODE")


def test_i10_while_the_database_is_locked_calls_stop_and_reads_go_on(
    committed_cast: Cast, stranger: sqlite3.Connection | psycopg.Connection
) -> None:
    made = budget(committed_cast.alice, 5 * PRICE)
    lock_out_writers(stranger)
    with pytest.raises(Unavailable, match="nothing was held or sent") as refusal:
        submit(committed_cast.bob)
    assert refusal.value.retry_after > 0
    assert (rows(), counters(made)) == (NOTHING, (0, 0))
    assert list(budgets_for(committed_cast.alice)) == [made]
    assert (list(generations_for(committed_cast.bob)), spend(committed_cast.bob)) == ([], [])
    stranger.execute("ROLLBACK")
    submit(committed_cast.bob)
    assert counters(made) == (PRICE, 0)


def test_i10_a_settlement_that_met_a_locked_database_can_be_repeated(
    committed_cast: Cast, stranger: sqlite3.Connection | psycopg.Connection
) -> None:
    made = budget(committed_cast.alice, 5 * PRICE)
    settle(submit(committed_cast.bob))
    generation = submit(committed_cast.bob)
    send(generation)
    lock_out_writers(stranger)
    with pytest.raises(Unavailable):
        settle(generation)
    stranger.execute("ROLLBACK")
    assert settle(generation)
    assert counters(made) == (0, 2 * PRICE)
    assert differences() == []


def cut_our_connection(stranger: sqlite3.Connection | psycopg.Connection) -> None:
    """As a server's restart does it. SQLite has no server to lose, there the file becomes busy."""
    if connection.vendor == "sqlite":
        raise OperationalError("database is locked")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stranger.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())


def test_i10_a_connection_that_is_lost_inside_a_write_loses_nothing(
    committed_cast: Cast, stranger: sqlite3.Connection | psycopg.Connection
) -> None:
    made = budget(committed_cast.alice, 5 * PRICE)
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            made.name = "half written"
            made.save()
            cut_our_connection(stranger)
        made.name = f"written at try {len(tries)}"
        made.save()

    run_transaction(work)
    assert [one.name for one in budgets_for(committed_cast.alice)] == ["written at try 2"]
    assert find_model("practice-1") == committed_cast.practice
    submit(committed_cast.bob)
    assert (counters(made), differences()) == ((PRICE, 0), [])
