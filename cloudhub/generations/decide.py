"""An owner's decision on an attempt whose outcome is unknown."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.billing.holds import release_hold, settle_hold
from cloudhub.billing.models import LedgerEntry
from cloudhub.catalog.find import provider_of
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Invalid
from cloudhub.core.money import format_amount, parse_amount
from cloudhub.core.text import is_storable
from cloudhub.generations import wake
from cloudhub.generations.conclude import conclude
from cloudhub.generations.errors import describe
from cloudhub.generations.find import find_attempt
from cloudhub.generations.models import Attempt, Generation

ACTIONS = {"settle": "settled", "release": "released", "write_off": "written_off"}
SAFETY = timedelta(minutes=10)


def decide_attempt(
    actor: Actor, attempt_id: object, *, action: object, amount: object = None, reason: object = ""
) -> Attempt:
    """Settle (at `amount`, decimal text, by default the whole hold), release, or write off an unknown outcome.

    Giving money back, all of it or by a settlement below the hold, is only possible once the vendor's longest time-out
    and ten minutes have passed. An answer that still comes later is booked and its pictures are kept. The ledger line
    names who decided and why.
    Raises `Forbidden`, `NotFound`, `Invalid` naming the field, or `Conflict`.
    """
    actor.require("manage")
    attempt = find_attempt(actor, attempt_id)
    micros = _read(attempt, action, amount, reason)
    if attempt.state != Attempt.State.UNKNOWN:
        raise Conflict(
            f"This attempt is {attempt.get_state_display().lower()}; only an unknown outcome can be decided."
        )
    if action != "settle" or micros < attempt.hold.amount_micros:
        _refuse_too_early(attempt)
    if not run_transaction(lambda: _decide(actor, attempt, str(action), micros, str(reason))):
        raise Conflict("Somebody or a late answer decided this attempt meanwhile.")
    wake.announce_end()
    return find_attempt(actor, attempt_id)


def _decide(actor: Actor, attempt: Attempt, action: str, micros: int, reason: str) -> bool:
    generation = Generation.objects.select_for_update(of=("self",)).get(id=attempt.generation_id)
    error = describe("unknown_outcome", f"An owner decided: {action.replace('_', ' ')}. {reason}".strip(),
                     billed="yes" if action == "settle" else "unknown", decided_by=actor.reference)  # fmt: skip
    rows = Attempt.objects.filter(hold_id=attempt.pk, state=Attempt.State.UNKNOWN)
    if not rows.update(state=ACTIONS[action], ended_at=timezone.now(), error=error):
        return False
    if action == "settle":
        posted = settle_hold(attempt.pk, amount=micros, images=0, reason=reason, actor=actor.reference) or 0
        Generation.objects.filter(id=generation.id).update(cost_micros=F("cost_micros") + posted)
    else:
        kind = LedgerEntry.Kind.WRITE_OFF if action == "write_off" else LedgerEntry.Kind.RELEASE
        release_hold(attempt.pk, reason=reason, actor=actor.reference, kind=kind)
    conclude(generation)
    held, settled = format_amount(attempt.hold.amount_micros), format_amount(micros) if action == "settle" else None
    details = {"generation": str(generation.id), "held": held, "amount": settled, "currency": attempt.hold.currency}
    record(actor, f"outcome.{ACTIONS[action]}", target_kind="attempt", target_id=attempt.pk, team=generation.team,
           details=details)  # fmt: skip
    return True


def _read(attempt: Attempt, action: Any, amount: Any, reason: Any) -> int:
    problems: dict[str, str] = {}
    if not isinstance(action, str) or action not in ACTIONS:
        problems["action"] = f"Choose one of {', '.join(ACTIONS)}."
    if not isinstance(reason, str) or not reason.strip() or len(reason) > 400 or not is_storable(reason):
        problems["reason"] = "Say in 1 to 400 characters why; it stands in the ledger."
    micros = attempt.hold.amount_micros
    if amount is not None and action != "settle":
        problems["amount"] = "Only a settlement takes an amount."
    elif amount is not None:
        try:
            micros = parse_amount(amount)
        except ValueError as error:
            problems["amount"] = str(error)
    if problems:
        raise Invalid.of(problems)
    return micros


def earliest_release(attempt: Attempt) -> datetime:
    """From when money of an unknown outcome may be given back: an answer may still be under way until then, and
    releasing sooner would free money that is being spent. Raises `Conflict` when the vendor is not installed here."""
    longest = provider_of(attempt.generation.model).longest_wait_seconds
    return (attempt.sent_at or timezone.now()) + timedelta(seconds=longest) + SAFETY


def _refuse_too_early(attempt: Attempt) -> None:
    earliest = earliest_release(attempt)
    if timezone.now() < earliest:
        raise Conflict(
            f"The vendor may still answer. This can be released or written off from {earliest:%Y-%m-%d %H:%M} UTC, and "
            "settled below what is held.",
            code="too_early",
        )
