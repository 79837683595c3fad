"""The Gallery's tiles: generations and imported pictures together, newest first, page by page."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cloudhub.accounts.actor import Actor
from cloudhub.generations.find import generations_for
from cloudhub.generations.imports import imported_images
from cloudhub.generations.models import Generation, Image
from cloudhub.web.cards import Card, cards_of

PAGE = 24
SHOWS = {"all": "All", "pictures": "Pictures", "imported": "Imported", "problems": "Problems"}
PROBLEMS = (Generation.State.FAILED, Generation.State.REFUSED, Generation.State.CANCELLED, Generation.State.UNKNOWN)


@dataclass(frozen=True)
class Entry:
    """One generation's card, or one imported picture."""

    id: UUID
    card: Card | None = None
    image: Image | None = None


def gallery_page(actor: Actor, show: str, search: str, before: UUID | None) -> tuple[list[Entry], UUID | None]:
    """The entries after the one whose id is `before`, and the id of the last one when there are older ones.

    `show` is one of `SHOWS`; `search` is text that the prompt holds, empty for all.
    """
    found: list[Generation | Image] = []
    for rows in _sources(actor, show):
        rows = rows.filter(prompt__icontains=search) if search else rows
        found += (rows.filter(id__lt=before) if before else rows)[: PAGE + 1]
    found.sort(key=lambda row: row.id, reverse=True)
    page = found[:PAGE]
    cards = {card.generation.id: card for card in cards_of(actor, [row for row in page if isinstance(row, Generation)])}
    entries = [Entry(row.id, cards.get(row.id), row if isinstance(row, Image) else None) for row in page]
    return entries, page[-1].id if len(found) > PAGE else None


def _sources(actor: Actor, show: str) -> list[Any]:
    """The rows among which a page's newest are."""
    if show == "imported":
        return [imported_images(actor)]
    generations = generations_for(actor)
    if show == "problems":
        return [generations.filter(state__in=[*PROBLEMS, Generation.State.PARTIAL])]
    if show == "pictures":
        generations = generations.filter(images__isnull=False, images__deleted_at=None).distinct()
    return [generations, imported_images(actor)]
