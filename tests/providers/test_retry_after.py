"""How long a vendor wants to be left alone: Retry-After as number or date, and Replicate's own ways to say it."""

import pytest
import time_machine

from providers.base import Busy
from providers.reading import pause_of, seconds_to_wait
from providers.replicate.errors import http_error

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    ("header", "pause", "question"),
    [("36000", 36_000, 120), ("0", 0.1, 0.1), ("1.5", 1.5, 1.5), (None, 7, 7), ("soon", 7, 7), ("", 7, 7),
     ("Mon, 23 Nov 2026 11:00:00 GMT", 36_000, 120), ("Mon, 23 Nov 2026 00:59:00 GMT", 0.1, 0.1),
     ("Mon, 99 Nov 2026 11:00:00 GMT", 7, 7)],
)  # fmt: skip
@time_machine.travel("2026-11-23T01:00:00+00:00", tick=False)
def test_only_questions_are_asked_sooner_than_a_vendor_says(header: str | None, pause: float, question: float) -> None:
    assert (pause_of(header, 7), seconds_to_wait(header, 7)) == (pause, question)


def test_replicates_pause_of_hours_is_kept() -> None:
    error = http_error(429, {"retry-after": "7200"}, b"{}", model=None, redact=str)
    assert isinstance(error, Busy)
    assert error.retry_after == 7200
