"""The endings of an attempt and of its generation. Each is one transaction; whoever comes second changes nothing."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from cloudhub.billing.holds import admit, book_late_answer, release_hold, replace_hold, settle_hold
from cloudhub.billing.models import Hold
from cloudhub.catalog.models import Price
from cloudhub.catalog.prices import cost_of
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import HubError
from cloudhub.core.identifiers import new_id
from cloudhub.core.money import micros_of, parse_price, round_up
from cloudhub.generations import storage, wake
from cloudhub.generations.answers import KeptAnswer
from cloudhub.generations.conclude import conclude
from cloudhub.generations.crash_points import reach
from cloudhub.generations.errors import describe, error_json
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.lanes.turn import end_call
from providers.base import ProviderError, ReportedCost

logger = logging.getLogger(__name__)
State = Attempt.State
MOST_TRIES = 3


def settle_attempt(attempt_id: UUID, answer: KeptAnswer) -> bool:
    """Book a kept answer: pictures, ledger, budgets and states in one transaction, from `sent` or `unknown`, once.

    An answer that comes after a person decided is booked as a correction and its pictures are kept all the same.
    """

    def work() -> bool:
        generation, attempt = _locked(attempt_id)
        amount = billed_amount(attempt.hold, answer.billed, reported=answer.reported)
        error = None if answer.pictures else describe("invalid_output", "The vendor's answer held no picture.")
        if _end(attempt, (State.SENT, State.UNKNOWN), State.SETTLED, error, answer.request_id):
            units = None if answer.reported else answer.billed
            posted = settle_hold(attempt.pk, amount=amount, images=len(answer.pictures), billed_units=units)
            _add_cost(generation, posted or 0)
            reach("during_settlement")
        elif attempt.state == State.SETTLED and not _was_decided(attempt):
            logger.info("Attempt %s is settled already; its second answer changes nothing.", attempt_id)
            return False
        else:
            _book_late(generation, attempt, amount, len(answer.pictures), error, answer.request_id)
        _insert_images(generation, attempt, answer)
        conclude(generation)
        return True

    settled = run_transaction(work)
    storage.clear_answer(attempt_id)
    wake.announce_end()
    return settled


def settle_without_pictures(attempt_id: UUID, error: ProviderError) -> bool:
    """End a refused attempt: with what the vendor bills for it all the same, else with the money given back.

    A bill that comes after a person decided is booked as a correction.
    """

    def work() -> bool:
        generation, attempt = _locked(attempt_id)
        # None is a bill without a known price: it is settled all the same, at 0, and says that it was billed.
        amount = _amount_of_refusal(attempt.hold, error)
        stored = error_json(error, billed="no" if amount == 0 else "yes")
        if amount == 0:
            return _release(generation, attempt, (State.SENT, State.UNKNOWN), stored, error.request_id)
        if _end(attempt, (State.SENT, State.UNKNOWN), State.SETTLED, stored, error.request_id):
            units = None if isinstance(error.billed, ReportedCost) else error.billed
            posted = settle_hold(attempt.pk, amount=amount, images=0, billed_units=units, reason=error.message)
            _add_cost(generation, posted or 0)
        elif _was_decided(attempt):
            _book_late(generation, attempt, amount, 0, stored, error.request_id)
        else:
            return False
        conclude(generation)
        return True

    ended = run_transaction(work)
    storage.clear_answer(attempt_id)
    wake.announce_end()
    return ended


def release_attempt(
    attempt_id: UUID, error: Mapping[str, Any], *, states: tuple[str, ...] = (State.HELD,), request_id: str = ""
) -> bool:
    """Give an attempt's money back, only from one of `states`; by default only what was never sent."""

    def work() -> bool:
        generation, attempt = _locked(attempt_id)
        return _release(generation, attempt, states, error, request_id)

    released = run_transaction(work)
    wake.announce_end()
    return released


def mark_unknown(attempt_id: UUID, error: Mapping[str, Any], request_id: str = "") -> bool:
    """Sent, and nobody can say more: the hold stays until an answer, the reconciliation or a person decides."""

    def work() -> bool:
        generation, attempt = _locked(attempt_id)
        if not _end(attempt, (State.SENT,), State.UNKNOWN, error, request_id):
            return False
        conclude(generation)
        return True

    marked = run_transaction(work)
    wake.announce_end()
    return marked


def retry_attempt(attempt_id: UUID, error: Mapping[str, Any], *, from_state: State = State.SENT) -> UUID | None:
    """End an attempt that surely did not run and hold its money again for a new one, in one step.

    None when it may not go on: tries used up, cancelled, or somebody else ended it. The caller releases it then.
    """
    dimensions = dimensions_again(attempt_id)

    def work() -> UUID | None:
        generation, attempt = _locked(attempt_id)
        if attempt.try_number + 1 >= MOST_TRIES or generation.cancel_requested_at is not None:
            return None
        if not _end(attempt, (from_state,), State.RELEASED, error, ""):
            return None
        return renew_attempt(attempt, error["message"], dimensions.held_at)

    try:
        return admit(work, dimensions)
    except HubError as refusal:
        logger.info("Attempt %s is not repeated: %s", attempt_id, refusal.message)
        return None


def dimensions_again(attempt_id: UUID) -> Hold:
    """An unsaved hold like the attempt's, held now: what `admit` needs before `renew_attempt`."""
    hold = Hold.objects.select_related("model").get(id=attempt_id)
    return _hold_again(hold, timezone.now())


def renew_attempt(attempt: Attempt, reason: str, at: datetime) -> UUID:
    """A fresh attempt and hold for the slot of one that just ended. Part of a transaction that `admit` runs.

    Raises `BudgetExceeded` when a limit was lowered meanwhile.
    """
    hold = _hold_again(attempt.hold, at)
    replace_hold(attempt.pk, hold, reason)
    Attempt.objects.create(hold=hold, generation_id=attempt.generation_id, slot=attempt.slot,
                           try_number=attempt.try_number + 1, num_images=attempt.num_images)  # fmt: skip
    return hold.pk


def _hold_again(old: Hold, at: datetime) -> Hold:
    return Hold(
        id=new_id(), team_id=old.team_id, user_id=old.user_id, hub_key_id=old.hub_key_id, model=old.model,
        provider=old.provider, price_id=old.price_id, tags=old.tags, currency=old.currency, held_at=at,
        amount_micros=old.amount_micros, quote=old.quote,
    )  # fmt: skip


def billed_amount(hold: Hold, billed: Mapping[str, Any], *, reported: bool) -> int | None:
    """Micro-units that the vendor charges, by its own reported cost or by the price frozen in the hold.

    None when it cannot be told: no price covers the units, or the cost is in another currency than the hold.
    """
    if reported and billed["currency"] != hold.currency:
        return None
    if reported:
        return round_up(micros_of(parse_price(billed["amount"])))
    price = Price.objects.filter(id=hold.price_id).first() if hold.price_id else None
    cost = cost_of({unit: int(count) for unit, count in billed.items()}, price)
    return cost.amount if cost else None


def _amount_of_refusal(hold: Hold, error: ProviderError) -> int | None:
    """What a vendor charges for a call that it refused, as `billed_amount`; 0 when it charges nothing."""
    if isinstance(error.billed, ReportedCost):
        return billed_amount(hold, asdict(error.billed), reported=True)
    return billed_amount(hold, error.billed, reported=False) if error.billed else 0


def _locked(attempt_id: UUID) -> tuple[Generation, Attempt]:
    """The generation's row first, then the attempt: two last endings see each other."""
    generation_id = Attempt.objects.values_list("generation_id", flat=True).get(hold_id=attempt_id)
    generation = Generation.objects.select_for_update(of=("self",)).get(id=generation_id)
    attempt = Attempt.objects.select_related("hold__model").get(hold_id=attempt_id)
    return generation, attempt


def _end(attempt: Attempt, states: Sequence[str], ended: str, error: Mapping[str, Any] | None, request_id: str) -> bool:
    changes: dict[str, Any] = {"state": ended, "ended_at": timezone.now(), "error": dict(error) if error else None}
    if request_id:
        changes["vendor_request_id"] = request_id[:300]
    has_ended = bool(Attempt.objects.filter(hold_id=attempt.pk, state__in=states).update(**changes))
    if has_ended and attempt.sent_at is not None:
        end_call(attempt.pk)
    return has_ended


def _release(
    generation: Generation, attempt: Attempt, states: tuple[str, ...], error: Mapping[str, Any], request_id: str
) -> bool:
    if not _end(attempt, states, State.RELEASED, error, request_id):
        return False
    release_hold(attempt.pk, reason=error["message"])
    conclude(generation)
    return True


def _was_decided(attempt: Attempt) -> bool:
    return bool(attempt.error and attempt.error.get("decided_by"))


def _book_late(
    generation: Generation,
    attempt: Attempt,
    amount: int | None,
    images: int,
    error: dict[str, Any] | None,
    request_id: str,
) -> None:
    before = sum(entry.posted_delta for entry in attempt.hold.entries.all())
    # A bill that cannot be told counts as all that was held, as it does in time.
    billed = max(before, attempt.hold.amount_micros) if amount is None else amount
    reason = "The vendor's answer came after the attempt had been ended."
    posted = book_late_answer(attempt.pk, amount=billed, images=images, reason=reason)
    _add_cost(generation, posted - before)
    _end(attempt, State.values, State.SETTLED, error, request_id)


def _add_cost(generation: Generation, micros: int) -> None:
    if micros:
        Generation.objects.filter(id=generation.id).update(cost_micros=F("cost_micros") + micros)


def _insert_images(generation: Generation, attempt: Attempt, answer: KeptAnswer) -> None:
    Image.objects.bulk_create(
        Image(
            id=new_id(), team_id=generation.team_id, user_id=generation.user_id, generation=generation, attempt=attempt,
            index=index, sha256=picture.sha256, size_bytes=picture.size_bytes, width=picture.width,
            height=picture.height, mime_type=picture.mime_type, seed=picture.seed,
            revised_prompt=picture.revised_prompt,
        )
        for index, picture in enumerate(answer.pictures)
    )  # fmt: skip
