"""Drive an adapter without the hub: prepare, start, ask until it is done; and what was asked, billed and invoiced."""

import gc
import time
from dataclasses import dataclass, replace

from cloudhub.catalog.models import Price
from cloudhub.catalog.prices import cost_of
from cloudhub.core.money import parse_price, round_up
from cloudhub.generations.wish import split_into_calls
from cloudhub.vault.keys import environment_key
from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    Key,
    ModelEntry,
    Pending,
    Provider,
    ReportedCost,
)
from providers.http import Door

LONGEST_SECONDS = 30.0
LONGEST_PAUSE = 0.02


@dataclass(frozen=True)
class Fitted:
    """A normalised wish for one call, and the notes."""

    request: CloudGenerationRequest
    notes: list[str]


def fit(provider: Provider, entry: ModelEntry, wish: CloudGenerationRequest) -> Fitted:
    """The wish as the hub would send it, of one call. Raises `InvalidField`."""
    fitted, notes = provider.normalise(replace(wish, model=entry.id), entry)
    return Fitted(replace(split_into_calls(fitted, entry)[0], model=entry.id, entry=entry), notes)


def begin(provider: Provider, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
    """Free work and the costly call."""
    return provider.start(provider.prepare(request, key), key)


def finish(provider: Provider, step: Pending | CloudGenerationResponse, key: Key) -> CloudGenerationResponse:
    """Ask until the work is done."""
    last = time.monotonic() + LONGEST_SECONDS
    while isinstance(step, Pending):
        assert time.monotonic() < last, "the job does not end"
        assert len(step.remote_id) <= 2000
        time.sleep(min(step.wait_seconds, LONGEST_PAUSE))
        step = provider.check(step.remote_id, key)
    return step


def draw(provider: Provider, request: CloudGenerationRequest, key: Key | None = None) -> CloudGenerationResponse:
    """One call from beginning to end."""
    key = key or environment_key(provider)
    return finish(provider, begin(provider, request, key), key)


def quoted(provider: Provider, request: CloudGenerationRequest, entry: ModelEntry, price: Price | None) -> int | None:
    """The upper bound in micro-units, None when the price list does not cover the wish."""
    cost = cost_of(provider.quantities(request, entry), price)
    return cost.amount if cost else None


def billed(provider: Provider, response: CloudGenerationResponse, entry: ModelEntry, price: Price | None) -> int | None:
    """What the hub would book, in micro-units."""
    charged = provider.billed(response, entry)
    if isinstance(charged, ReportedCost):
        return round_up(parse_price(charged.amount) * 1_000_000)
    cost = cost_of(charged, price)
    return cost.amount if cost else None


def doors() -> list[Door]:
    """Every door that any adapter has opened."""
    # Not isinstance, which asks weak references for their object, and that may be gone.
    return [thing for thing in gc.get_objects() if issubclass(type(thing), Door)]
