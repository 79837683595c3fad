"""The headers with which every door answers for a generation."""

from django.http.response import HttpResponseBase
from django.utils import timezone

from cloudhub.billing.budgets import applicable_standings
from cloudhub.billing.models import Hold
from cloudhub.core.money import format_amount
from cloudhub.generations.models import Generation

IDEMPOTENCY = "Idempotency-Key"
CACHE = "X-CloudHub-Cache"


def add_headers(
    response: HttpResponseBase, generation: Generation, *, replayed: bool = False, streamed: bool = False
) -> None:
    """Cost and currency only once the generation is finished; the remainder only where a hard budget applies.

    A stream, whose cost is told in its last event, has the estimate instead, where the price is known.
    """
    response.headers["X-CloudHub-Generation"] = str(generation.id)
    response.headers["X-CloudHub-Cache"] = cache_word(generation)
    if streamed and generation.estimate_micros is not None:
        response.headers["X-CloudHub-Estimate"] = format_amount(generation.estimate_micros)
        response.headers["X-CloudHub-Currency"] = generation.currency
    elif generation.is_finished:
        response.headers["X-CloudHub-Cost"] = format_amount(generation.cost_micros)
        response.headers["X-CloudHub-Currency"] = generation.currency
    remaining = _smallest_remainder(generation)
    if remaining is not None:
        response.headers["X-CloudHub-Budget-Remaining"] = format_amount(remaining)
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"


def cache_word(generation: Generation) -> str:
    return "hit" if generation.cache_source_id else "miss"


def _smallest_remainder(generation: Generation) -> int | None:
    """What the tightest hard budget that such a call counts in has left now, in micro-units of its currency."""
    again = Hold(
        team_id=generation.team_id, user_id=generation.user_id, hub_key_id=generation.hub_key_id,
        model=generation.model, provider=generation.model.provider, tags=generation.tags,
        currency=generation.currency, held_at=timezone.now(),
    )  # fmt: skip
    hard = [standing for standing in applicable_standings(again) if standing.budget.hard]
    return min((standing.remaining for standing in hard), default=None)
