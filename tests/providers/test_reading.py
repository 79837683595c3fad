"""Vendors' words: what is taken out of them, and how long that may take."""

import time

import pytest

from providers.base import Key
from providers.reading import kept_text, redactor

pytestmark = pytest.mark.sqlite_only


def test_the_signature_of_an_address_is_taken_out_also_behind_another_address() -> None:
    redact = redactor(Key({"KEY": "k-0123456789"}))
    said = redact("see https://a.example/x.png?sig=1 and http://web/http://b.example/y?sig=2, ok? yes")
    assert said == "see https://a.example/x.png?[…] and http://web/http://b.example/y?[…] ok? yes"


@pytest.mark.parametrize("piece", ["http://", "https://a/", "data:", "data:a/b;", "data:;a", "0"])
def test_a_hostile_answer_takes_time_in_proportion_to_its_length(piece: str) -> None:
    redact = redactor(Key({"KEY": "k-0123456789"}))

    def seconds(count: int) -> float:
        begun = time.perf_counter()
        kept_text(f"{(piece * count)[:count]}!", redact)
        return time.perf_counter() - begun

    short = min(seconds(10_000) for _ in range(3))
    assert min(seconds(40_000) for _ in range(3)) < 8 * short + 0.05
