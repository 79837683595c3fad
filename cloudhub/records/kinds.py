"""The kinds of records that may go after a time, and what never goes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from cloudhub.accounts.models import Invitation, Team
from cloudhub.core.database import run_transaction
from cloudhub.generations.bin import KEPT_DAYS
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.purge import (
    AT_ONCE,
    OPEN_STATES,
    erasable,
    erase_imported_words,
    erase_recipes,
    purge_images,
    purgeable,
    with_imported_words,
)

# INTERFACES promises that an idempotency key is known this long.
LEAST_DAYS_OF_KEYS = 30


@dataclass(frozen=True)
class Words:
    """What was asked: for generations by when they ended, for imported pictures by when they came."""

    recipes: QuerySet[Generation]
    imports: QuerySet[Image]

    def count(self) -> int:
        return self.recipes.count() + self.imports.count()


@dataclass(frozen=True)
class Kind:
    """`due` gives a team's records that are older than a moment, `ready` those of them that may go now, `clear` removes
    some of them and says how many, 0 at the end. `unit` is what one of them is called."""

    name: str
    label: str
    words: str
    unit: str
    due: Callable[[Team, datetime], QuerySet[Any] | Words]
    ready: Callable[[Any], QuerySet[Any] | Words]
    clear: Callable[[Any], int]
    least_days: int = 1


def _pictures(team: Team, before: datetime) -> QuerySet[Image]:
    made = Q(generation__isnull=False) | Q(made_with__isnull=False)
    return Image.objects.filter(made, team=team, created_at__lt=before)


def _references(team: Team, before: datetime) -> QuerySet[Image]:
    return Image.objects.filter(team=team, created_at__lt=before, generation__isnull=True, made_with__isnull=True)


def _words(team: Team, before: datetime) -> Words:
    recipes = Generation.objects.filter(team=team, finished_at__lt=before)
    return Words(recipes, Image.objects.filter(team=team, created_at__lt=before, made_with__isnull=False))


def _erasable_words(words: Words) -> Words:
    return Words(erasable(words.recipes), with_imported_words(words.imports))


def _erase_words(words: Words) -> int:
    return erase_recipes(words.recipes) + erase_imported_words(words.imports)


def _keys(team: Team, before: datetime) -> QuerySet[Generation]:
    return Generation.objects.filter(team=team, created_at__lt=before).exclude(request_hash="")


def _forgettable(generations: QuerySet[Generation]) -> QuerySet[Generation]:
    return generations.exclude(state__in=OPEN_STATES)


def _forget_keys(generations: QuerySet[Generation]) -> int:
    ids = list(_forgettable(generations).order_by("id").values_list("id", flat=True)[:AT_ONCE])
    rows = generations.filter(id__in=ids)
    return run_transaction(lambda: rows.update(idempotency_key=None, request_hash="")) if ids else 0


def _invitations(team: Team, before: datetime) -> QuerySet[Invitation]:
    ended = Q(accepted_at__lt=before) | Q(withdrawn_at__lt=before) | Q(expires_at__lt=before)
    return Invitation.objects.filter(ended, team=team)


def _delete_invitations(invitations: QuerySet[Invitation]) -> int:
    ids = list(invitations.order_by("id").values_list("id", flat=True)[:AT_ONCE])
    return run_transaction(lambda: invitations.filter(id__in=ids).delete()[0]) if ids else 0


def _all(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("pictures", "Pictures", "Made and imported ones, with their files.", "picture", _pictures, purgeable,
             purge_images),
        Kind("references", "Reference pictures", "Uploaded to work on, and masks.", "reference picture", _references,
             purgeable, purge_images),
        Kind("prompts", "Prompts and recipes", "What was asked, also for imported pictures, and the vendor's words; 0 "
             "days erases a prompt within minutes of its end or import. What a vendor or program wrote into a "
             "picture's file stays on the disk and is given out no more.", "prompt", _words, _erasable_words,
             _erase_words, 0),
        Kind("keys", "Idempotency keys", "What tells a repeated request from a new one.", "key", _keys, _forgettable,
             _forget_keys, LEAST_DAYS_OF_KEYS),
        Kind("invitations", "Ended invitations", "With the e-mail address that was invited.", "invitation",
             _invitations, _all, _delete_invitations),
    )
}  # fmt: skip

# What nobody sets, in the words of the page Data.
FIXED: tuple[tuple[str, str], ...] = (
    ("Ledger", "for ever; it names nobody once a person is erased"),
    ("Audit trail", "for ever; names and addresses in it go when a person is erased"),
    ("Deleted pictures", f"{KEPT_DAYS} days in the bin, then gone for good"),
    ("Vendors' answers as they arrived, previews", "1 day after the call ended; as long as an outcome is unknown"),
    ("Calls counted by rate limits", "as long as a limit looks back"),
    ("Sign-in sessions", "until they end, with the address and browser they were seen from"),
    ("Key checks", "only the latest one of each key"),
)
