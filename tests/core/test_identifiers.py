"""Ids sort by the time of their making and are valid UUIDs of version 7."""

import threading
import uuid

import pytest
import time_machine

from cloudhub.core.identifiers import new_id, read_id


def test_ids_of_many_threads_are_valid_and_all_different() -> None:
    made: list[uuid.UUID] = []
    threads = [threading.Thread(target=lambda: made.extend([new_id() for _ in range(500)])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4_000
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}


def test_ids_grow_also_when_the_clock_goes_back() -> None:
    first = new_id()
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        following = [new_id() for _ in range(1000)]
    assert [first, *following] == sorted([first, *following])


def test_an_id_tells_when_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudhub.core.identifiers._last", 0)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        assert new_id().int >> 80 == 1_767_225_600_000


@pytest.mark.parametrize("text", ["", "x", None, 5, "0" * 33, "\x00", [], "²" * 32])
def test_a_malformed_id_is_none(text: object) -> None:
    assert read_id(text) is None


def test_an_id_is_read_back_from_its_text() -> None:
    made = new_id()
    assert read_id(str(made)) == read_id(made) == made
