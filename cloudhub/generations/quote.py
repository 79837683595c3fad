"""What a wish would cost: an upper bound, call by call, that freezes the price it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.pace import ESTIMATES, keep_pace
from cloudhub.billing.budgets import BudgetStanding, applicable_standings
from cloudhub.billing.models import Hold
from cloudhub.catalog.access import require_use
from cloudhub.catalog.find import entry_of, find_model, provider_of
from cloudhub.catalog.lifecycle import lifecycle_warnings
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import Cost, cost_of, price_in_force
from cloudhub.core.errors import Invalid
from cloudhub.core.money import format_price, micros_of
from cloudhub.generations.wish import read_wish, split_into_calls
from providers.base import CloudGenerationRequest, InvalidField, ModelEntry


@dataclass(frozen=True)
class Call:
    """One vendor call of a wish: its own upper bound, None when the price is unknown."""

    request: CloudGenerationRequest
    cost: Cost | None
    quantities: Mapping[str, int]

    @property
    def frozen(self) -> dict[str, Any]:
        """The stored quote, from which the amount can be derived again."""
        return {"known": self.cost is not None, "quantities": dict(self.quantities)}


@dataclass(frozen=True)
class Quote:
    """A priced wish. `asked` is the wish as read, `request` as the model can carry it out; `amount` in micro-units."""

    model: CloudModel
    asked: CloudGenerationRequest
    request: CloudGenerationRequest
    notes: list[str]
    price: Price | None
    calls: list[Call]
    priced_at: datetime

    @property
    def currency(self) -> str:
        return self.price.currency if self.price else "USD"

    @property
    def amount(self) -> int | None:
        costs = [call.cost.amount for call in self.calls if call.cost]
        return sum(costs) if len(costs) == len(self.calls) else None

    @property
    def is_exact(self) -> bool:
        """Whether the vendor bills exactly this when every picture comes: prices by the picture, not by tokens."""
        return self.price is not None and all(line["unit"].split(":")[0] == "image" for line in self.price.lines)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """{"description", "unit_amount", "quantity", "exact" (micro-units)} summed over the calls."""
        sums: dict[tuple[str, Fraction], int] = {}
        for call in self.calls:
            for charge in call.cost.charges if call.cost else ():
                sums[charge.description, charge.price] = (
                    sums.get((charge.description, charge.price), 0) + charge.quantity
                )
        return [
            {"description": description, "unit_amount": format_price(price), "quantity": quantity,
             "exact": micros_of(price) * quantity}
            for (description, price), quantity in sums.items()
            if quantity
        ]  # fmt: skip


def estimate_wish(actor: Actor, model_reference: object, fields: Mapping[str, Any]) -> Quote:
    """As `quote_wish`, for somebody who only asks. Also raises `TooMany`: a price costs nothing but the hub's work."""
    keep_pace(actor, ESTIMATES)
    return quote_wish(actor, model_reference, fields)


def quote_wish(actor: Actor, model_reference: object, fields: Mapping[str, Any]) -> Quote:
    """Price a wish without holding or sending anything.

    Raises `Invalid` (code "capability" when the model lacks something), `AmbiguousModel`, `NotFound`, or
    `Forbidden` when the model is kept for others.
    """
    model = find_model(model_reference)
    return quote_model(actor, model, fields)


def quote_model(actor: Actor, model: CloudModel, fields: Mapping[str, Any]) -> Quote:
    """As `quote_wish`, for a model that is already found."""
    require_use(actor, model)
    provider, entry = provider_of(model), entry_of(model)
    asked = read_wish(fields, actor=actor, model=model)
    try:
        request, notes = provider.normalise(asked, entry)
    except InvalidField as error:
        raise Invalid.of(error.fields, code="capability") from error
    now = timezone.now()
    price = price_in_force(model, now)
    calls = []
    for call in split_into_calls(request, entry):
        quantities = provider.quantities(call, entry)
        calls.append(Call(call, cost_of(quantities, price), quantities))
    if request.seed is not None and len(calls) > 1:
        notes = [*notes, _words_on_seeds(request, calls, entry)]
    return Quote(model, asked, request, [*notes, *lifecycle_warnings(model)], price, calls, now)


def _words_on_seeds(request: CloudGenerationRequest, calls: Sequence[Call], entry: ModelEntry) -> str:
    """How one seed serves several calls: where seeds are only a wish, the pictures of one call share one."""
    able = entry.capabilities
    if able.seed == "guaranteed" or able.images_per_call == 1:
        return f"The {request.num_images} pictures use seeds from {request.seed} upwards, one each."
    seeds = " and ".join(str(call.request.seed) for call in calls)
    return f"The {request.num_images} pictures come in {len(calls)} calls with the seeds {seeds}, one seed for a call."


def dimensions_of(actor: Actor, quote: Quote, tags: str = "") -> Hold:
    """An unsaved hold that carries who, what and when: what budgets match."""
    return Hold(
        team=actor.team, user=actor.user, hub_key=actor.hub_key, model=quote.model, provider=quote.model.provider,
        price=quote.price, tags=tags, currency=quote.currency, held_at=quote.priced_at,
    )  # fmt: skip


def budgets_of_quote(actor: Actor, quote: Quote, tags: str = "") -> list[BudgetStanding]:
    """The budgets that the wish would count in, the tightest hard one first."""
    return applicable_standings(dimensions_of(actor, quote, tags))
