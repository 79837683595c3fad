"""Which price is in force, and what quantities cost under it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.owners import require_hub_owner
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Invalid
from cloudhub.core.money import Charge, parse_price, total

FLAT_UNIT = "image"
OWNERS_ALONE = "Models and their prices belong to the whole hub: only an owner of the hub registers and changes them."
EXAMPLE = 'A list such as [{"unit": "image", "amount": "0.039", "per": 1}].'


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


def currency_of(model: CloudModel) -> str:
    """What the model is paid in: its catalogue's currency, so that play money never stands beside dollars."""
    newest = model.prices.filter(by_hand=False).first()
    return newest.currency if newest else "USD"


def add_price(
    actor: Actor, model: CloudModel, *, currency: str, effective_from: datetime, lines: Any, source: str,
    read_on: date, by_hand: bool,
) -> Price:  # fmt: skip
    """A further dated price; those before it stay as they are. `lines` are {"unit", "amount": decimal text in the
    currency's unit, "per"?, "description"?}. Raises `Forbidden` for anybody but an owner of the hub, and `Invalid`
    naming currency or lines."""
    require_hub_owner(actor, OWNERS_ALONE)
    check_price(model, currency=currency, lines=lines)
    price = Price(model=model, currency=currency, effective_from=effective_from, lines=[_line(line) for line in lines],
                  source=source, read_on=read_on, by_hand=by_hand)  # fmt: skip

    def work() -> None:
        price.save(force_insert=True)
        record(actor, "price.added", target_kind="price", target_id=price.pk, target_name=str(price))

    run_transaction(work)
    return price


def check_price(model: CloudModel, *, currency: str, lines: Any) -> None:
    """Raises `Invalid` naming currency or lines, as a price is never changed afterwards."""
    problems = {}
    if currency != currency_of(model):
        problems["currency"] = f"{model.name} is paid in {currency_of(model)}."
    if not isinstance(lines, list) or not lines:
        problems["lines"] = EXAMPLE
    else:
        wrong = [sentence for line in lines if (sentence := _line_problem(line))]
        problems |= {"lines": " ".join(wrong)} if wrong else {}
    if problems:
        raise Invalid.of(problems)


def _line_problem(line: Any) -> str:
    known = isinstance(line, dict) and set(line) <= {"unit", "amount", "per", "description"}
    if not known or not isinstance(line.get("unit"), str) or not line["unit"]:
        return "A line has a unit, an amount, and if needed per and description."
    per = line.get("per", 1)
    if isinstance(per, bool) or not isinstance(per, int) or per < 1:
        return f"{line['unit']}: per is a whole number from 1."
    try:
        parse_price(line.get("amount"))
    except ValueError as error:
        return f"{line['unit']}: {error}"
    return ""


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {"unit": line["unit"], "amount": line["amount"], "per": line.get("per", 1),
            "description": str(line.get("description", ""))}  # fmt: skip


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
