"""Files that nobody needs go after a day; what an unknown outcome still needs stays."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from cloudhub.core.identifiers import new_id
from cloudhub.generations import storage
from cloudhub.generations.leftovers import clear_leftovers
from cloudhub.generations.models import Attempt, Worker
from cloudhub.generations.worker import Lease
from tests.conftest import Cast
from tests.generations.stage import attempts_of, carry_out

LONG_AGO = timedelta(days=2)


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    return


def files_of(attempt_id: UUID, *, old: bool = True) -> list[Path]:
    """What a broken call leaves behind: part of an answer, an unread one, an unfinished picture."""
    paths = [storage.folder("incoming") / f"{attempt_id}-1.unread", storage.folder("incoming") / f"{attempt_id}-2.part",
             storage.folder("previews") / f"{attempt_id}-0"]  # fmt: skip
    for path in paths:
        path.write_bytes(b"half")
        if old:
            make_old(path)
    return paths


def make_old(path: Path) -> None:
    moment = (timezone.now() - LONG_AGO).timestamp()
    os.utime(path, (moment, moment))


def ended(cast: Cast, state: str, ago: timedelta = LONG_AGO) -> UUID:
    attempt_id = attempts_of(carry_out(cast.bob))[0].pk
    Attempt.objects.filter(hold_id=attempt_id).update(state=state, ended_at=timezone.now() - ago)
    return attempt_id


@pytest.fixture(autouse=True)
def _books_are_right_afterwards() -> None:
    """The states here are set by hand; the books are not looked at."""


@pytest.mark.parametrize("state", ["settled", "released", "written_off"])
def test_files_of_a_call_that_ended_long_ago_go(cast: Cast, state: str) -> None:
    paths = files_of(ended(cast, state))
    assert clear_leftovers() == 1
    assert not any(path.exists() for path in paths)


@pytest.mark.parametrize("state", ["unknown", "sent", "held"])
def test_files_of_a_call_that_is_not_decided_stay(cast: Cast, state: str) -> None:
    paths = files_of(ended(cast, state))
    assert clear_leftovers() == 0
    assert all(path.exists() for path in paths)


def test_files_of_a_call_that_ended_today_stay(cast: Cast) -> None:
    paths = files_of(ended(cast, "released", timedelta(hours=23)))
    clear_leftovers()
    assert all(path.exists() for path in paths)


def test_a_late_answer_that_is_being_written_stays(cast: Cast) -> None:
    attempt_id = ended(cast, "released")
    paths = files_of(attempt_id)
    late = storage.incoming_path(attempt_id).with_name(f"{attempt_id}-3.part")
    late.write_bytes(b"just now")
    clear_leftovers()
    assert all(path.exists() for path in [*paths, late])


def test_pictures_and_records_stay_for_ever(cast: Cast) -> None:
    attempt_id = ended(cast, "settled")
    record = storage.record_path(attempt_id)
    pictures = list(storage.folder("objects").rglob("*"))
    for path in [record, *pictures]:
        make_old(path)
    files_of(attempt_id)
    clear_leftovers()
    assert record.exists()
    assert list(storage.folder("objects").rglob("*")) == pictures


def test_what_belongs_to_nobody_here_is_left_alone(cast: Cast) -> None:
    stranger = files_of(new_id())
    note = storage.folder("incoming") / "notes.txt"
    note.write_text("by hand")
    make_old(note)
    clear_leftovers()
    assert all(path.exists() for path in [*stranger, note])


def test_hundreds_are_cleared_at_once(cast: Cast) -> None:
    attempt_id = ended(cast, "settled")
    files_of(attempt_id)
    for _ in range(1100):
        path = storage.folder("previews") / f"{new_id()}-0"
        path.touch()
        make_old(path)
    assert clear_leftovers() == 1


def lock_file(worker_id: UUID) -> Path:
    path = storage.folder("workers") / f"{worker_id}.lock"
    path.touch()
    make_old(path)
    return path


def a_worker(ago: timedelta) -> UUID:
    lease_until = timezone.now() - ago
    return Worker.objects.create(kind="runner", host="here", process=1, lease_until=lease_until).id


def test_lock_files_of_workers_dead_for_a_day_go(cast: Cast) -> None:
    dead, unheard_of, lately = (
        lock_file(a_worker(LONG_AGO)),
        lock_file(new_id()),
        lock_file(a_worker(timedelta(hours=1))),
    )
    clear_leftovers()
    assert [dead.exists(), unheard_of.exists(), lately.exists()] == [False, False, True]


def test_a_process_that_is_only_stopped_keeps_its_lock(committed_cast: Cast, settings: Any) -> None:
    lease = Lease("web")
    lease.begin()
    path = storage.folder("workers") / f"{lease.worker_id}.lock"
    make_old(path)
    Worker.objects.filter(id=lease.worker_id).update(lease_until=timezone.now() - LONG_AGO)
    clear_leftovers()
    assert path.exists()
    lease.end()
