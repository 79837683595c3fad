"""What the lanes learn of an attempt's way. The books come first: a lane that cannot note it holds nothing up."""

import logging
from collections.abc import Callable
from datetime import datetime

from cloudhub.core.database import release_connection
from cloudhub.core.errors import HubError
from cloudhub.generations.work import Work
from cloudhub.lanes.circuit import note_error, note_success, note_too_many_questions
from cloudhub.lanes.find import LaneName
from cloudhub.lanes.turn import note_departure
from providers.base import Busy, ProviderError

logger = logging.getLogger(__name__)


def tell_departure(work: Work, left_at: datetime | None) -> None:
    """When the call's first byte left, None when none did."""
    if left_at is not None:
        _tell(work, lambda lane: note_departure(work.attempt_id, left_at))
        release_connection()


def tell_ending(work: Work, error: ProviderError | None) -> None:
    """How the attempt ended, None for a success."""
    if error is None:
        _tell(work, note_success)
    else:
        _tell(work, lambda lane: note_error(lane, work.attempt_id, error))


def tell_of_questions(work: Work, error: Busy) -> None:
    """That the vendor limits how often it is asked after its jobs; afterwards no connection is held."""
    _tell(work, lambda lane: note_too_many_questions(lane, error))
    release_connection()


def _tell(work: Work, note: Callable[[LaneName], object]) -> None:
    if work.lane is None:
        return
    try:
        note(work.lane)
    except HubError:
        logger.warning("The lane of attempt %s could not note how it went.", work.attempt_id)
