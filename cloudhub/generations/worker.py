"""This process as a worker: its row, its lease renewed by a heartbeat, and a lock that dies with the process."""

import logging
import os
import socket
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseFailed
from django.db.models.functions import Now

from cloudhub.core.database import release_connection, run_transaction
from cloudhub.core.errors import Unavailable
from cloudhub.core.identifiers import new_id
from cloudhub.generations.models import Worker
from cloudhub.generations.storage import folder

try:
    import fcntl
except ImportError:  # Windows has no fcntl: recovery there waits for the lease.
    fcntl = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)
MOST_FAILED_RENEWALS = 3


class Lease:
    """A worker row and its heartbeat. `may_claim` turns false after three failed renewals: calls in flight go on."""

    def __init__(self, kind: str) -> None:
        self.worker_id = new_id()
        self.kind = kind
        self._stop = threading.Event()
        self._failed = 0
        self._lock: IO[bytes] | None = None

    @property
    def may_claim(self) -> bool:
        return self._failed < MOST_FAILED_RENEWALS

    def begin(self) -> None:
        self._lock = _take_lock(_lock_path(self.worker_id))
        worker = Worker(id=self.worker_id, kind=self.kind, host=socket.gethostname(), process=os.getpid(),
                        lease_until=Now() + _length())  # fmt: skip
        try:
            run_transaction(lambda: worker.save(force_insert=True))
        except BaseException:
            self._unlock()
            raise
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def end(self) -> None:
        """Stop renewing and let the lease lapse at once."""
        self._stop.set()
        rows = Worker.objects.filter(id=self.worker_id)
        run_transaction(lambda: rows.update(lease_until=Now()))
        self._unlock()

    def _unlock(self) -> None:
        if self._lock:
            self._lock.close()
            _lock_path(self.worker_id).unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._stop.wait(settings.LEASE_SECONDS / 6):
            try:
                rows = Worker.objects.filter(id=self.worker_id)
                run_transaction(lambda rows=rows: rows.update(lease_until=Now() + _length()))  # type: ignore[misc]
                self._failed = 0
            except (Unavailable, DatabaseFailed):
                self._failed += 1
                logger.warning("The lease of this process could not be renewed (%s times in a row).", self._failed)
            finally:
                release_connection()


def died_here(worker: Worker) -> bool:
    """Whether a worker of this machine is surely dead: its lock is free. A stopped process keeps its lock."""
    path = _lock_path(worker.id)
    if fcntl is None or worker.host != socket.gethostname() or not path.exists():
        return False
    lock = _take_lock(path)
    if lock is None:
        return False
    lock.close()
    return True


def clear_lock_files(before: datetime) -> int:
    """Delete the lock files of processes that are surely dead and whose lease ran out before then; returns how many.

    A process that is only stopped holds its lock, and one of another machine its lease.
    """
    cleared = 0
    living = {str(worker) for worker in Worker.objects.filter(lease_until__gte=before).values_list("id", flat=True)}
    for path in folder("workers").glob("*.lock"):
        if path.stem in living or path.stat().st_mtime >= before.timestamp():
            continue
        lock = _take_lock(path)
        if lock is not None:
            path.unlink(missing_ok=True)
            lock.close()
            cleared += 1
    return cleared


def runner_was_seen(seconds: int = 90) -> bool:
    """Whether some process holds a living lease and so takes queued work."""
    return Worker.objects.filter(kind="runner", lease_until__gte=Now() - timedelta(seconds=seconds)).exists()


def _length() -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS)


def _lock_path(worker_id: UUID) -> Path:
    return folder("workers") / f"{worker_id}.lock"


def _take_lock(path: Path) -> IO[bytes] | None:
    """The locked file, None when another process holds it; an open file even where there are no locks."""
    file = path.open("ab")
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
    return file
