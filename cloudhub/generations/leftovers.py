"""Clear away files that nobody needs any more: what was left of calls that ended long ago, and of dead processes."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from cloudhub.core.identifiers import read_id
from cloudhub.generations import storage
from cloudhub.generations.models import Attempt
from cloudhub.generations.worker import clear_lock_files

KEPT_FOR = timedelta(days=1)
# An unknown outcome is not among them: what came of its answer is for the person who decides, or for a late answer.
ENDED = (Attempt.State.SETTLED, Attempt.State.RELEASED, Attempt.State.WRITTEN_OFF)
LONGEST_ID = 36
AT_ONCE = 500


def clear_leftovers(now: datetime | None = None) -> int:
    """Delete answers as they arrived and previews of attempts that ended more than a day ago, and lock files of workers
    that are dead as long. Returns how many attempts and workers had some. Pictures and records stay for ever."""
    before = (now or timezone.now()) - KEPT_FOR
    cleared = 0
    old = sorted(_attempts_with_old_files(before))
    for begin in range(0, len(old), AT_ONCE):
        ended = Attempt.objects.filter(hold_id__in=old[begin : begin + AT_ONCE], state__in=ENDED, ended_at__lt=before)
        for attempt_id in ended.values_list("hold_id", flat=True):
            storage.clear_answer(attempt_id)
            cleared += 1
    return cleared + clear_lock_files(before)


def _attempts_with_old_files(before: datetime) -> set[UUID]:
    """Attempts none of whose files was written since: what is being written now may be a late answer."""
    old: set[UUID] = set()
    young: set[UUID] = set()
    for name in ("incoming", "previews"):
        for path in storage.folder(name).iterdir():
            attempt_id = read_id(path.name[:LONGEST_ID])
            if attempt_id is not None:
                (old if _written_at(path) < before.timestamp() else young).add(attempt_id)
    return old - young


def _written_at(path: Path) -> float:
    """When it was last written; a file that went meanwhile counts as new."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
