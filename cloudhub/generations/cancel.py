"""Stop what was not sent; say the truth about what was."""

import logging
from uuid import UUID

from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict
from cloudhub.generations.errors import describe
from cloudhub.generations.find import find_generation
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.perform import read_work
from cloudhub.generations.settle import release_attempt
from providers.base import ProviderError

logger = logging.getLogger(__name__)


def cancel_generation(actor: Actor, generation_id: object) -> Generation:
    """Release every attempt that was not sent yet and ask the vendor to stop the others where it can.

    What was sent is settled as billed, and its pictures are kept. Raises `NotFound`, `Forbidden`, and `Conflict`
    when the generation is finished.
    """
    actor.require("generate")
    generation = find_generation(actor, generation_id)
    if generation.is_finished:
        raise Conflict(f"This generation is finished ({generation.get_state_display().lower()}); nothing to cancel.")
    rows = Generation.objects.filter(id=generation.id, cancel_requested_at=None)
    run_transaction(lambda: rows.update(cancel_requested_at=timezone.now()))
    for attempt in Attempt.objects.filter(generation=generation, state__in=["held", "sent"]):
        released = release_attempt(attempt.pk, describe("cancelled_before_send", "Cancelled before it was sent."))
        if not released:
            _ask_vendor_to_stop(attempt.pk)
    return find_generation(actor, generation_id)


def _ask_vendor_to_stop(attempt_id: UUID) -> None:
    attempt = Attempt.objects.select_related("generation__model").get(hold_id=attempt_id)
    if attempt.state != Attempt.State.SENT or not attempt.remote_id:
        return
    try:
        work = read_work(attempt)
        if work.provider.can_cancel:
            work.provider.cancel(attempt.remote_id, work.key)
    except ProviderError as error:
        logger.info("The vendor did not take the cancellation of attempt %s: %s", attempt_id, error.message)
