"""A generation as pages show it: its state in words and shape, what it cost, what is held, and what a failure means."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.core.identifiers import read_id
from cloudhub.core.money import format_money, round_bound
from cloudhub.generations.find import generations_for
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.previews import Preview, previews_of
from cloudhub.generations.waiting import lane_waits
from cloudhub.lanes.turn import Wait
from providers.base import Capabilities

BILLED_WORDS = {"no": "Not billed.", "yes": "Billed.", "unknown": "Billing not known yet."}
RECENT = 100
MOST_UPDATES = 50


@dataclass(frozen=True)
class Card:
    """`version` changes whenever the card looks different; `waiting` has a place for each picture still to come, with
    the newest unfinished picture of a call under way, or None. `wait` says until when and why its lane is closed."""

    generation: Generation
    images: tuple[Image, ...]
    waiting: tuple[Preview | None, ...]
    version: str
    cost: str
    held: str
    estimate: str
    frame: tuple[int, int]
    expected_seconds: int | None
    billed: str
    wait: Wait | None = None

    @property
    def is_tall(self) -> bool:
        return self.frame[1] > self.frame[0]

    @property
    def is_pending(self) -> bool:
        return not self.generation.is_finished


def card_of(generation: Generation, expected_seconds: int | None = None, wait: Wait | None = None) -> Card:
    """The card of a generation whose pictures and attempts are loaded."""
    images, attempts = tuple(generation.images.all()), list(generation.attempts.all())
    held = sum(attempt.hold.amount_micros for attempt in attempts if attempt.state in Attempt.OPEN_STATES)
    estimate, currency = generation.estimate_micros, generation.currency
    error: dict[str, Any] = generation.error or {}
    shown = [] if generation.is_finished else previews_of(attempts)
    marks = (generation.state, len(images), int(bool(generation.cancel_requested_at)), len(shown), _until(wait))
    return Card(
        generation=generation,
        images=images,
        waiting=_places(generation, len(images), shown),
        version="-".join(map(str, marks)),
        cost=format_money(generation.cost_micros, currency),
        held=_bound_words(held, currency) if held else "",
        estimate="price unknown" if estimate is None else _bound_words(estimate, currency),
        frame=_frame(generation),
        expected_seconds=expected_seconds,
        billed=BILLED_WORDS.get(error.get("billed", ""), ""),
        wait=wait,
    )


def _until(wait: Wait | None) -> int:
    """The page counts the seconds itself; only another end of the waiting makes a new card."""
    return round(wait.until.timestamp()) if wait else 0


def _bound_words(micros: int, currency: str) -> str:
    """What is held or estimated; a bound of many digits, such as one by tokens, is told rounded up."""
    rounded = round_bound(micros)
    return f"{'' if rounded == micros else 'up to '}{format_money(rounded, currency)}"


def _places(generation: Generation, there: int, shown: list[Preview]) -> tuple[Preview | None, ...]:
    """The newest preview of each call first, then what is empty still."""
    count = 0 if generation.is_finished else max(generation.num_images - there, 0)
    newest = list({preview.attempt_id: preview for preview in shown}.values())[:count]
    return (*newest, *[None] * (count - len(newest)))


def cards_of(actor: Actor, generations: Iterable[Generation]) -> list[Card]:
    """Cards in the given order; how long a model usually takes is only looked up while something is pending."""
    found = list(generations)
    usual = usual_seconds(actor) if any(not generation.is_finished for generation in found) else {}
    waits = lane_waits(found)
    return [card_of(generation, usual.get(generation.model_id), waits.get(generation.id)) for generation in found]


def usual_seconds(actor: Actor) -> dict[int, int]:
    """How many seconds each model took in the middle, over the team's latest generations."""
    rows = Generation.objects.filter(team=actor.team).order_by("-id")
    taken: dict[int, list[float]] = {}
    for model_id, state, begun, ended in rows.values_list("model_id", "state", "created_at", "finished_at")[:RECENT]:
        if state == Generation.State.SUCCEEDED and ended:
            taken.setdefault(model_id, []).append((ended - begun).total_seconds())
    return {model_id: max(1, round(median(seconds))) for model_id, seconds in taken.items()}


def pending_cards(actor: Actor, seen: Iterable[str]) -> list[Card]:
    """Of cards that a page shows as pending ("id:version"), those that look different now."""
    versions = dict(text.partition(":")[::2] for text in seen)
    known = [found for found in map(read_id, versions) if found][:MOST_UPDATES]
    cards = cards_of(actor, generations_for(actor).filter(id__in=known))
    return [card for card in cards if versions.get(str(card.generation.id)) != card.version]


def _frame(generation: Generation) -> tuple[int, int]:
    """Width and height that the pictures will have, for the places kept free for them; a square when unknown."""
    if generation.sent.get("width") and generation.sent.get("height"):
        return generation.sent["width"], generation.sent["height"]
    able = Capabilities.from_database(generation.model.capabilities)
    table = able.sizes.get(generation.sent.get("resolution") or able.default_resolution, {})
    return table.get(generation.sent.get("aspect_ratio", ""), (1024, 1024))
