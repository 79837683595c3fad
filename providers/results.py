"""Fetch the pictures of one call from the addresses in its answer: one that is lost takes no other with it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from providers.errors import Busy, OutcomeUnknown, Rejected

Place = TypeVar("Place")


def fetch_each(places: Sequence[Place], fetch: Callable[[Place], bytes], *, asked_again: bool = True) -> list[bytes]:
    """The bytes of each place, in order; empty for one that gives none while another does.

    What is empty was made and is billed like the others: it counts as delivered and cannot be read. `fetch` raises as
    `providers.guarded.fetch_result`. Raises `Busy` where a place may give its picture later; with `asked_again` false,
    when nobody can come back for it, that counts as lost too. Raises the first error when no place gives anything.
    """
    passed_over = (OutcomeUnknown, Rejected) if asked_again else (OutcomeUnknown, Rejected, Busy)
    found: list[bytes] = []
    errors: list[OutcomeUnknown | Rejected | Busy] = []
    for place in places:
        try:
            found.append(fetch(place))
        except passed_over as error:
            errors.append(error)
            found.append(b"")
    if errors and len(errors) == len(places):
        raise errors[0]
    return found
