"""Pictures of one call: what one address does not give is no reason to lose the others."""

import pytest

from providers.base import Busy, OutcomeUnknown, Rejected
from providers.results import fetch_each

pytestmark = pytest.mark.sqlite_only
GONE = OutcomeUnknown("It no longer answers.")
REFUSED = Rejected("connect_failed_not_sent", "It is no public address.")
BUSY = Busy("provider_5xx", "It is asked again.")


def _fetch(place: object) -> bytes:
    if isinstance(place, Exception):
        raise place
    return str(place).encode()


def test_a_lost_picture_leaves_the_others_and_its_place() -> None:
    assert fetch_each(["a", GONE, "b", REFUSED], _fetch) == [b"a", b"", b"b", b""]
    assert fetch_each([], _fetch) == []


def test_nothing_left_is_the_first_error() -> None:
    with pytest.raises(OutcomeUnknown) as raised:
        fetch_each([GONE, REFUSED], _fetch)
    assert raised.value is GONE


def test_a_busy_place_is_asked_again_where_that_is_possible() -> None:
    with pytest.raises(Busy):
        fetch_each(["a", GONE, BUSY], _fetch)
    assert fetch_each(["a", BUSY], _fetch, asked_again=False) == [b"a", b""]
    with pytest.raises(Busy):
        fetch_each([BUSY, BUSY], _fetch, asked_again=False)
