"""The life of held money: placed before a call, closed once by what the vendor billed, exact under any concurrency.

`admit` runs a caller's transaction that places holds. Everything else here is part of the caller's transaction.
Lock order everywhere: generation, attempt, hold, inserted rows, windows by id.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from cloudhub.billing.models import BudgetWindow, Dimensions, Hold, LedgerEntry
from cloudhub.billing.statements import move
from cloudhub.billing.windows import applicable_budgets, create_windows, windows_at
from cloudhub.catalog.prices import block_price
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import BudgetExceeded, Invalid, Unavailable
from cloudhub.core.money import format_money

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
Kind = LedgerEntry.Kind
DIMENSIONS = ("team_id", "user_id", "hub_key_id", "model_id", "provider", "price_id", "tags", "currency", "held_at")


class BudgetsChanged(Exception):
    """A budget or window appeared while a call was being admitted: the transaction starts over."""


def admit(work: Callable[[], Result], dimensions: Dimensions) -> Result:
    """Run the transaction `work`, which places holds, with every window row in place.

    Raises what `work` raises, among it `BudgetExceeded`; `Unavailable` when budgets change all the time.
    """
    for _ in range(8):
        _, missing = windows_at(applicable_budgets(dimensions), dimensions.held_at)
        create_windows(missing, dimensions.held_at)
        try:
            return run_transaction(work)
        except BudgetsChanged:
            continue
    raise Unavailable("The budgets are being changed just now; nothing was held.")


def place_holds(holds: Sequence[Hold]) -> None:
    """Set money aside for every hold or for none; all share one set of dimensions.

    Raises `BudgetExceeded` naming the first hard budget that does not fit, `Invalid` (price_unknown) for an unknown
    price under a hard budget. The caller's transaction must end on both.
    """
    first = holds[0]
    windows = _windows_of(first)
    _refuse_unknown_price(first, windows)
    _insert_holds(holds, windows)
    amount = sum(hold.amount_micros for hold in holds)
    ids = [window.pk for window in windows]
    if move(ids, held=amount, must_fit=True) != len(ids):
        raise budget_exceeded(ids, amount, first.currency)


def replace_hold(old_id: UUID, new: Hold, reason: str) -> bool:
    """Release one hold and place another in one step, so that no rival takes the money between.

    False when the old hold is closed already. Raises `BudgetExceeded` when a limit was lowered meanwhile.
    """
    old = _close(old_id)
    if old is None:
        return False
    windows = _windows_of(new)
    _insert_holds([new], windows)
    LedgerEntry.objects.create(**_entry(old, Kind.RELEASE, held=-old.amount_micros, reason=reason))
    fresh = {window.pk for window in windows}
    for window_id in sorted(fresh | set(old.window_ids)):
        held = (new.amount_micros if window_id in fresh else 0) - (
            old.amount_micros if window_id in old.window_ids else 0
        )
        if move([window_id], held=held, must_fit=window_id in fresh) != 1:
            raise budget_exceeded([window_id], new.amount_micros, new.currency)
    return True


def settle_hold(
    hold_id: UUID,
    *,
    amount: int | None,
    images: int,
    billed_units: Mapping[str, int] | None = None,
    reason: str = "",
    actor: str = "",
) -> int | None:
    """Close a hold with what the vendor billed, in micro-units (None: it cannot be told, so all that is held counts).

    `billed_units` are what the amount was derived from, where it was. Returns the amount posted, or None when the hold
    is closed already. What lies above the hold becomes an overrun of its own and blocks the price version.
    """
    hold = _close(hold_id)
    if hold is None:
        logger.warning("Hold %s is closed already; its second settlement changes nothing.", hold_id)
        return None
    billed = hold.amount_micros if amount is None else amount
    within = billed if not hold.quote.get("known", True) else min(billed, hold.amount_micros)
    entry = _entry(
        hold, Kind.SETTLE, held=-hold.amount_micros, posted=within, images=images, reason=reason, actor=actor
    )
    entries = [{**entry, "billed": dict(billed_units) if billed_units and amount is not None else None}]
    if billed > within:
        entries.append(_overrun(hold, billed - within))
    LedgerEntry.objects.bulk_create([LedgerEntry(**entry) for entry in entries])
    move(hold.window_ids, held=-hold.amount_micros, posted=billed)
    return billed


def release_hold(hold_id: UUID, *, reason: str, actor: str = "", kind: str = Kind.RELEASE) -> bool:
    """Give a hold's money back (or write it off). False when the hold is closed already."""
    hold = _close(hold_id)
    if hold is None:
        return False
    LedgerEntry.objects.create(**_entry(hold, kind, held=-hold.amount_micros, reason=reason, actor=actor))
    move(hold.window_ids, held=-hold.amount_micros)
    return True


def book_late_answer(hold_id: UUID, *, amount: int, images: int, reason: str) -> int:
    """Correct a closed hold by what the vendor billed after all; returns what the hold has posted in the end.

    More than was posted is an overrun entry, less a refund; both point to the hold and change nothing before them.
    """
    hold = _closed_hold_with_all_windows(hold_id)
    entries = list(LedgerEntry.objects.filter(hold=hold))
    posted = sum(entry.posted_delta for entry in entries)
    if amount == posted or (amount > posted and any(entry.kind == Kind.OVERRUN for entry in entries)):
        return posted
    if amount > posted:
        entry = _entry(hold, Kind.OVERRUN, posted=amount - posted, images=images, reason=reason)
        if amount > hold.amount_micros and hold.price_id:
            block_price(hold.price_id, reason)
    else:
        entry = _entry(hold, Kind.REFUND, posted=amount - posted, images=images, reason=reason)
    LedgerEntry.objects.create(**entry)
    move(hold.window_ids, posted=amount - posted)
    return amount


def _closed_hold_with_all_windows(hold_id: UUID) -> Hold:
    """A budget made after the hold was closed counted its ledger lines, so it must learn of what follows them."""
    # A write, not only a lock: from here on no budget can be made until we end.
    if not Hold.objects.filter(id=hold_id, state=Hold.State.CLOSED).update(closed_at=F("closed_at")):
        raise ValueError(f"Hold {hold_id} is not closed yet; its answer is settled, not booked late.")
    hold = Hold.objects.select_related("model").get(id=hold_id)
    windows, _ = windows_at(applicable_budgets(hold), hold.held_at)
    hold.window_ids = sorted({*hold.window_ids, *(window.pk for window in windows)})
    hold.save(update_fields=["window_ids"])
    return hold


def budget_exceeded(window_ids: Sequence[int], needed: int, currency: str) -> BudgetExceeded:
    """The refusal that names the first hard budget among the windows into which `needed` does not fit."""
    windows = list(BudgetWindow.objects.filter(id__in=window_ids, hard=True).select_related("budget").order_by("id"))
    tight = next((window for window in windows if window.remaining_micros < needed), windows[0])
    remaining = max(tight.remaining_micros, 0)
    message = (
        f"This needs {format_money(needed, currency)} and the budget “{tight.budget.name}” has "
        f"{format_money(remaining, currency)} left. Nothing was sent or billed."
    )
    return BudgetExceeded(
        message, budget=tight.budget.name, budget_id=str(tight.budget_id), remaining=remaining, needed=needed,
        currency=currency,
    )  # fmt: skip


def _windows_of(dimensions: Dimensions) -> list[BudgetWindow]:
    windows, missing = windows_at(applicable_budgets(dimensions), dimensions.held_at)
    if missing:
        raise BudgetsChanged
    return windows


def _insert_holds(holds: Sequence[Hold], windows: Sequence[BudgetWindow]) -> None:
    ids = [window.pk for window in windows]
    for hold in holds:
        hold.window_ids = ids
    Hold.objects.bulk_create(holds)
    # From here on no budget can be made until we end (see lock_budgets_against_calls); one made before is seen now.
    if [window.pk for window in _windows_of(holds[0])] != ids:
        raise BudgetsChanged
    LedgerEntry.objects.bulk_create([LedgerEntry(**_entry(hold, Kind.HOLD, held=hold.amount_micros)) for hold in holds])


def _refuse_unknown_price(hold: Hold, windows: Sequence[BudgetWindow]) -> None:
    hard = next((window for window in windows if window.hard), None)
    if hard is not None and not hold.quote.get("known", True):
        raise Invalid(
            f"The price of this wish is not known, and the budget “{hard.budget.name}” allows only known prices. "
            "The owner can set a price under Models.",
            code="price_unknown",
        )


def _close(hold_id: UUID) -> Hold | None:
    """The hold if this call closed it; its row is locked from here on and its window list can be trusted."""
    if not Hold.objects.filter(id=hold_id, state=Hold.State.OPEN).update(
        state=Hold.State.CLOSED, closed_at=timezone.now()
    ):
        return None
    return Hold.objects.get(id=hold_id)


def _overrun(hold: Hold, excess: int) -> dict[str, Any]:
    reason = f"The vendor billed {format_money(excess, hold.currency)} more than the quote of attempt {hold.id}."
    logger.error("Overrun: %s New calls at this price are stopped until an owner acknowledges it.", reason)
    if hold.price_id:
        block_price(hold.price_id, reason)
    return _entry(hold, Kind.OVERRUN, posted=excess, reason=reason)


def _entry(
    hold: Hold, kind: str, *, held: int = 0, posted: int = 0, images: int = 0, reason: str = "", actor: str = ""
) -> dict[str, Any]:
    dimensions = {name: getattr(hold, name) for name in DIMENSIONS}
    return {"hold_id": hold.pk, "kind": kind, "held_delta": held, "posted_delta": posted, "images": images,
            "reason": reason[:500], "actor": actor[:200], **dimensions}  # fmt: skip
