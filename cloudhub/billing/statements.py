"""The one primitive that moves budget counters. Fixed SQL: it alone knows the lock order and runs on every call."""

from collections.abc import Sequence

from django.db import connection

_SQLITE = """
UPDATE billing_budgetwindow SET held_micros = held_micros + %s, posted_micros = posted_micros + %s
WHERE id IN ({ids}) AND (NOT %s OR NOT hard OR posted_micros + held_micros + %s <= limit_micros)
"""
_POSTGRESQL = """
WITH locked AS MATERIALIZED (SELECT id FROM billing_budgetwindow WHERE id = ANY(%s) ORDER BY id FOR UPDATE)
UPDATE billing_budgetwindow w SET held_micros = w.held_micros + %s, posted_micros = w.posted_micros + %s
FROM locked WHERE w.id = locked.id
AND (NOT %s OR NOT w.hard OR w.posted_micros + w.held_micros + %s <= w.limit_micros)
"""


def move(window_ids: Sequence[int], *, held: int = 0, posted: int = 0, must_fit: bool = False) -> int:
    """Add to the counters of windows; with `must_fit` only where a hard limit still holds afterwards.

    Returns how many windows moved: fewer than asked means that one did not fit, and the caller's transaction must
    end. PostgreSQL locks the rows in id order first, since one UPDATE locks in heap order and deadlocks.
    """
    ids = sorted(set(window_ids))
    if not ids:
        return 0
    grown = held + posted
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            statement = _SQLITE.format(ids=", ".join(["%s"] * len(ids)))
            cursor.execute(statement, [held, posted, *ids, must_fit, grown])
        else:
            cursor.execute(_POSTGRESQL, [ids, held, posted, must_fit, grown])
        return int(cursor.rowcount)
