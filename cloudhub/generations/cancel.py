"""Stop what was not sent; say the truth about what was."""

from uuid import UUID

from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict
from cloudhub.generations.errors import describe
from cloudhub.generations.find import find_generation
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.perform import ask_vendor_to_stop
from cloudhub.generations.settle import release_attempt


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
        sent = None if released else _under_way(attempt.pk)
        if sent is not None:
            ask_vendor_to_stop(sent)
    return find_generation(actor, generation_id)


def _under_way(attempt_id: UUID) -> Attempt | None:
    """The attempt while the vendor works on a job of it that has an id."""
    sent = Attempt.objects.filter(hold_id=attempt_id, state=Attempt.State.SENT).exclude(remote_id="")
    return sent.select_related("generation__model", "hold").first()
