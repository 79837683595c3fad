"""Remove pictures and recipes for good, in bounded steps. Rows, states and money stay; work under way is left alone.

A row is marked first and its file removed afterwards, so that a crash in between is finished by the next round.
Pictures with the same bytes share one file: it goes with the last of them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from cloudhub.core.database import run_transaction
from cloudhub.generations import storage
from cloudhub.generations.answers import kept_answer, strip_answer
from cloudhub.generations.models import Attempt, Generation, Image

AT_ONCE = 200
# An unknown outcome is open too: a late answer is read with the wish and its reference pictures.
OPEN_STATES = (Generation.State.QUEUED, Generation.State.RUNNING, Generation.State.UNKNOWN)


def purge_images(images: QuerySet[Image]) -> int:
    """Mark at most `AT_ONCE` of these pictures as gone for good; returns how many, 0 when none is left.

    `images` is filtered by the pictures' own columns, which are looked at again when the rows are changed. Pictures
    of open generations, and those that open ones use as references, are not among them.
    """
    ids = list(purgeable(images).order_by("id").values_list("id", flat=True)[:AT_ONCE])
    now = timezone.now()
    rows = images.filter(id__in=ids, purged_at=None)
    if not ids:
        return 0
    return run_transaction(lambda: rows.update(purged_at=now, deleted_at=Coalesce("deleted_at", now), prompt=""))


def purgeable(images: QuerySet[Image]) -> QuerySet[Image]:
    """Those of the pictures that are there still and that no open work needs."""
    return images.filter(purged_at=None).exclude(generation__state__in=OPEN_STATES).exclude(id__in=_in_use())


def _in_use() -> set[UUID]:
    """Reference pictures and masks of work that is not finished."""
    wishes = Generation.objects.filter(state__in=OPEN_STATES).values_list("sent", flat=True)
    named = {text for wish in wishes for text in (*wish.get("input_images", []), wish.get("mask")) if text}
    return {UUID(text) for text in named}


def remove_purged_files() -> int:
    """Deal with the files of at most `AT_ONCE` purged pictures; returns how many were dealt with.

    What was written within the hour waits for a later round.
    """
    waiting = Image.objects.filter(purged_at__isnull=False).exclude(sha256="").order_by("id")
    answered = _pictures_of_open_answers()
    found = dict.fromkeys(waiting.values_list("sha256", flat=True)[:AT_ONCE])
    return sum(_deal_with(sha256, is_answered=sha256 in answered) for sha256 in found)


def _deal_with(sha256: str, *, is_answered: bool) -> int:
    if not storage.remove_object(sha256, lambda: is_answered or _is_named(sha256)):
        return 0
    rows = Image.objects.filter(sha256=sha256, purged_at__isnull=False)
    return run_transaction(lambda: rows.update(sha256=""))


def _is_named(sha256: str) -> bool:
    return Image.objects.filter(sha256=sha256, purged_at=None).exists()


def _pictures_of_open_answers() -> set[str]:
    """Files that a vendor's kept answer names whose attempt is not settled yet: their rows are still to come."""
    open_ids = Attempt.objects.filter(state__in=Attempt.OPEN_STATES).values_list("hold_id", flat=True)
    answers = (kept_answer(attempt_id) for attempt_id in open_ids)
    return {picture.sha256 for answer in answers if answer for picture in answer.pictures}


def erase_recipes(generations: QuerySet[Generation]) -> int:
    """Erase prompt, settings and notes of at most `AT_ONCE` of these generations, the vendor's wording of the prompt,
    the vendor's kept words and its job ids; returns how many. Pictures, states, costs and who made them stay."""
    ids = list(erasable(generations).order_by("id").values_list("id", flat=True)[:AT_ONCE])
    if not ids:
        return 0
    for attempt_id in Attempt.objects.filter(generation_id__in=ids).values_list("hold_id", flat=True):
        strip_answer(attempt_id)
    return run_transaction(lambda: _erase(generations.filter(id__in=ids), ids, timezone.now()))


def erase_imported_words(images: QuerySet[Image]) -> int:
    """Erase the prompts of at most `AT_ONCE` of these imported pictures; returns how many. The pictures stay, and their
    files are given out without metadata from then on."""
    ids = list(with_imported_words(images).order_by("id").values_list("id", flat=True)[:AT_ONCE])
    rows = images.filter(id__in=ids, prompt_erased_at=None)
    return run_transaction(lambda: rows.update(prompt="", prompt_erased_at=timezone.now())) if ids else 0


def with_imported_words(images: QuerySet[Image]) -> QuerySet[Image]:
    """Imported pictures that are there still with their words, in the row or in the file."""
    return images.filter(made_with__isnull=False, prompt_erased_at=None, purged_at=None)


def erasable(generations: QuerySet[Generation]) -> QuerySet[Generation]:
    """Finished ones whose recipe is there, or came again with a late answer."""
    there = Q(recipe_erased_at=None) | Q(recipe_erased_at__lt=F("finished_at"))
    return generations.filter(there, finished_at__isnull=False).exclude(state__in=OPEN_STATES)


def _erase(generations: QuerySet[Generation], ids: list[UUID], now: datetime) -> int:
    Image.objects.filter(generation_id__in=ids).exclude(revised_prompt="").update(revised_prompt="")
    ended = Attempt.objects.filter(generation_id__in=ids).exclude(state__in=Attempt.OPEN_STATES)
    # Some vendors' job ids hold their wording of the prompt and addresses of pictures; an ended job is not asked about.
    ended.exclude(remote_id="").update(remote_id="")
    for attempt in Attempt.objects.filter(generation_id__in=ids, error__isnull=False):
        Attempt.objects.filter(hold_id=attempt.pk).update(error=_without_words(attempt.error))
    for generation in generations.filter(error__isnull=False):
        Generation.objects.filter(id=generation.id).update(error=_without_words(generation.error))
    return generations.update(recipe_erased_at=now, prompt="", request={}, sent={}, notes=[])


def _without_words(error: dict[str, Any] | None) -> dict[str, Any]:
    """An error without what the vendor wrote instead of a picture."""
    return {**(error or {}), "answer_text": ""}
