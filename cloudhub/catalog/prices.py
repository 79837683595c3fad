"""Which price is in force, and what quantities cost under it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.core.database import run_transaction
from cloudhub.core.money import Charge, parse_price, total

FLAT_UNIT = "image"


@dataclass(frozen=True)
class Cost:
    """What one call costs: its charges and their sum in micro-units of `currency`."""

    charges: tuple[Charge, ...]
    amount: int
    currency: str


def price_in_force(model: CloudModel, at: datetime | None = None) -> Price | None:
    """The newest price set by hand, else the newest of the catalogue, that began by `at`; None when unknown.

    A price by hand without lines gives the word back to the catalogue.
    """
    begun = Price.objects.filter(model=model, effective_from__lte=at or timezone.now()).select_related("model")
    by_hand = begun.filter(by_hand=True).first()
    if by_hand is not None and by_hand.lines:
        return by_hand
    return begun.filter(by_hand=False).first()


def cost_of(quantities: Mapping[str, int], price: Price | None) -> Cost | None:
    """The cost of one call, None when the price does not cover it.

    A list with the single unit "image" is flat and charges only that; otherwise every other unit must stand in it.
    """
    if price is None or not price.lines:
        return None
    lines: dict[str, Mapping[str, Any]] = {line["unit"]: line for line in price.lines}
    charged = {FLAT_UNIT} if set(lines) == {FLAT_UNIT} else {unit for unit in quantities if unit != FLAT_UNIT}
    charged |= {FLAT_UNIT} & set(lines)
    if not charged or not charged <= set(lines):
        return None
    charges = tuple(_charge(lines[unit], quantities.get(unit, 0)) for unit in sorted(charged))
    return Cost(charges, total(charges), price.currency)


def _charge(line: Mapping[str, Any], quantity: int) -> Charge:
    if quantity < 0:
        raise ValueError("A quantity cannot be negative.")
    return Charge(line["description"] or line["unit"], unit_price(line), quantity)


def unit_price(line: Mapping[str, Any]) -> Fraction:
    """The exact price of one unit, in the currency's unit."""
    return parse_price(line["amount"]) / int(line["per"])


def block_price(price_id: int, reason: str) -> None:
    """Stop new calls at a price version that proved not to be an upper bound. Part of the caller's transaction."""
    Price.objects.filter(id=price_id, blocked_at=None).update(blocked_at=timezone.now(), blocked_reason=reason[:300])


def acknowledge_overrun(price: Price, *, actor: Actor | None = None) -> None:
    """Let new calls use a blocked price version again, after a person (`actor`) has seen why it was blocked."""

    def unblock() -> None:
        if Price.objects.filter(id=price.pk).exclude(blocked_at=None).update(blocked_at=None):
            details = {"price": price.pk, "reason": price.blocked_reason}
            record(actor, "price_block.acknowledged", target_kind="model", target_id=price.model.key,
                   target_name=price.model.name, details=details)  # fmt: skip

    run_transaction(unblock)
