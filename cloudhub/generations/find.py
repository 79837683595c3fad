"""Generations and attempts that an actor may see."""

from django.db.models import Prefetch, QuerySet

from cloudhub.accounts.actor import Actor
from cloudhub.core.errors import NotFound
from cloudhub.core.identifiers import read_id
from cloudhub.generations.models import Attempt, Generation, Image


def generations_for(actor: Actor) -> QuerySet[Generation]:
    """The generations of the actor's team, of every team for a hub owner, newest first with pictures and attempts."""
    actor.require("read")
    images = Image.objects.filter(deleted_at=None).order_by("attempt__slot", "index", "id")
    attempts = Attempt.objects.select_related("hold").order_by("slot", "try_number")
    generations = Generation.objects.select_related("model", "user", "hub_key", "cache_source").prefetch_related(
        Prefetch("images", images), Prefetch("attempts", attempts)
    )
    if not actor.is_hub_owner:
        generations = generations.filter(team=actor.team)
    return generations.order_by("-id")


def find_generation(actor: Actor, generation_id: object) -> Generation:
    """Raises `NotFound` also for another team's generation."""
    found = read_id(generation_id)
    generation = generations_for(actor).filter(id=found).first() if found else None
    if generation is None:
        raise NotFound("There is no such generation.")
    return generation


def find_attempt(actor: Actor, attempt_id: object) -> Attempt:
    """Raises `NotFound` also for another team's attempt."""
    found = read_id(attempt_id)
    attempts = Attempt.objects.select_related("generation__model", "hold")
    if not actor.is_hub_owner:
        attempts = attempts.filter(generation__team=actor.team)
    attempt = attempts.filter(hold_id=found).first() if found else None
    if attempt is None:
        raise NotFound("There is no such attempt.")
    return attempt
