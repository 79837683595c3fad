"""Short write transactions that are exact on SQLite and PostgreSQL, and connections given back before waiting."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar

from django.db import OperationalError, connection, transaction

from cloudhub.core.errors import Unavailable

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

# SQLite's busy handler polls without a queue, so the writers of this process queue here before they BEGIN.
_sqlite_writers = threading.RLock()
TRIES = 6
LONGEST_SECONDS = 40.0


@contextmanager
def write_lock() -> Iterator[None]:
    """Held around every write; does nothing on PostgreSQL. No input or output inside but the database's own."""
    lock = _sqlite_writers if connection.vendor == "sqlite" else nullcontext()
    with lock:
        yield


def run_transaction(work: Callable[[], Result]) -> Result:
    """Run `work` in one durable transaction; repeat the whole of it on a deadlock or a busy database.

    `work` must be repeatable and free of input and output. Raises `Unavailable` when the database stays out of reach.
    """
    last = time.monotonic() + LONGEST_SECONDS
    for attempt in range(1, TRIES + 1):
        try:
            with write_lock(), transaction.atomic(durable=True):
                return work()
        except OperationalError as error:
            if attempt == TRIES or time.monotonic() > last or not is_passing(error):
                logger.exception("A write could not be carried out.")
                raise Unavailable("The hub's database cannot be written just now; nothing was held or sent.") from error
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")


def is_passing(error: OperationalError) -> bool:
    """Whether the transaction may succeed when repeated: deadlock, serialisation failure, busy, lost connection."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state in ("40P01", "40001", "55P03", "57P01", "08006", "08003"):
        return True
    return "locked" in str(error) or "busy" in str(error)


def release_connection() -> None:
    """Give this thread's connection back before it waits; inside a test's transaction it must stay."""
    if not connection.in_atomic_block:
        connection.close()
