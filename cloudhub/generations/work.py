"""Everything that a vendor call needs, read before it so that no database connection is needed during it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils import timezone

from cloudhub.catalog.find import entry_of, provider_of
from cloudhub.core.database import release_connection
from cloudhub.generations.models import Attempt
from cloudhub.generations.wish import split_into_calls, wish_from_json
from cloudhub.lanes.choose import key_in_turn
from cloudhub.lanes.find import LaneName, lane_name
from cloudhub.lanes.limits import Call
from cloudhub.lanes.turn import Wish
from cloudhub.vault.keys import environment_key, stored_key
from providers.base import CloudGenerationRequest, Key, ModelEntry, OutcomeUnknown, Provider, ProviderError, Rejected
from providers.http import is_nothing_sent

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """One attempt's call. `deadline`, after which it is not repeated, is in seconds of `time.monotonic`. `lane` is None
    for a vendor without lanes; `is_awaited` says that a door waits with the answer for it."""

    attempt_id: UUID
    deadline: float
    lane: LaneName | None
    turn: Wish
    is_awaited: bool
    provider: Provider
    entry: ModelEntry
    request: CloudGenerationRequest
    key: Key

    @property
    def seconds_left(self) -> float:
        """Until the deadline; negative after it."""
        return self.deadline - time.monotonic()


def key_of(attempt: Attempt) -> Key:
    """The key that a call is sent with, or that it was sent with: jobs are asked about with their own key, also after
    it was replaced. Raises `Rejected` (no_key) when it is gone, or `Conflict` without the vendor."""
    model = attempt.generation.model
    provider = provider_of(model)
    if attempt.state == Attempt.State.HELD:
        return key_in_turn(provider, model.cloud_model_id, attempt.generation.team_id, address=model.address)
    if attempt.provider_key_id:
        return stored_key(provider, attempt.provider_key_id)
    return environment_key(provider)


def read_work(attempt: Attempt, *, key: Key | None = None) -> Work:
    """What an attempt's call needs, from the database, the vault and storage; `key` instead of the vault's.

    Raises `Rejected` without a key, `Conflict` without the vendor, `UnreadablePicture` without a reference picture.
    """
    generation = attempt.generation
    provider, entry = provider_of(generation.model), entry_of(generation.model)
    request = replace(split_into_calls(wish_from_json(generation.sent), entry)[attempt.slot], entry=entry)
    deadline = time.monotonic() + (generation.deadline_at - timezone.now()).total_seconds()
    key = key or key_of(attempt)
    lane = lane_name(provider, generation.model.cloud_model_id, key, address=generation.model.address)
    turn = Wish(attempt.pk, generation.user_id, Call(attempt.num_images, attempt.hold.amount_micros))
    release_connection()
    is_awaited = generation.door == generation.Door.INLINE
    return Work(attempt.pk, deadline, lane, turn, is_awaited, provider, entry, request, key)


@contextmanager
def adapter_failures(work: Work, *, was_sent: bool = True) -> Iterator[None]:
    """An adapter that fails by itself after the request was sent says nothing of what the vendor did; one that fails
    before it asked the door for anything, at a picture that it cannot convert, has sent nothing."""
    try:
        yield
    except ProviderError:
        raise
    except Exception as error:
        logger.exception("The adapter of %s failed with attempt %s.", work.provider.id, work.attempt_id)
        if not was_sent or is_nothing_sent():
            raise Rejected("interrupted", "The hub could not prepare the call; nothing was sent.") from error
        raise OutcomeUnknown("The hub could not read the vendor's answer; it may have been billed.") from error
