"""The history: every picture, refusal and failure of the team, newest first."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cloudhub.core.errors import HubError
from cloudhub.core.identifiers import read_id
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.find import find_attempt, find_generation, generations_for
from cloudhub.generations.images import find_image
from cloudhub.generations.models import Generation
from cloudhub.web.cards import card_of, cards_of
from cloudhub.web.htmx import HubRequest, signed_in, status_of
from cloudhub.web.recipe_words import recipe_words

PAGE = 24
SHOWS = {"all": "All", "pictures": "Pictures", "problems": "Problems"}
PROBLEMS = (Generation.State.FAILED, Generation.State.REFUSED, Generation.State.CANCELLED, Generation.State.UNKNOWN)


@require_GET
@signed_in()
def gallery(request: HubRequest) -> HttpResponse:
    return render(request, "gallery/gallery.html", {**_tiles(request), "shows": SHOWS})


@require_GET
@signed_in()
def tiles(request: HubRequest) -> HttpResponse:
    """The next tiles, for the end of the grid when it comes into view."""
    return render(request, "gallery/_tiles.html", _tiles(request))


def _tiles(request: HubRequest) -> dict[str, Any]:
    """One page of generations; `before` is the id of the last one that was shown."""
    show = request.GET.get("show", "all")
    generations = generations_for(request.actor)
    if show == "problems":
        generations = generations.filter(state__in=[*PROBLEMS, Generation.State.PARTIAL])
    elif show == "pictures":
        generations = generations.filter(images__isnull=False, images__deleted_at=None).distinct()
    before = read_id(request.GET.get("before"))
    found = list(generations.filter(id__lt=before)[: PAGE + 1] if before else generations[: PAGE + 1])
    last = found[PAGE - 1].id if len(found) > PAGE else None
    return {"cards": cards_of(request.actor, found[:PAGE]), "show": show, "last": last}


@require_GET
@signed_in()
def picture(request: HubRequest, image_id: UUID) -> HttpResponse:
    """One picture, large, with its recipe, its cost and its attempts."""
    image = find_image(request.actor, image_id)
    made = find_generation(request.actor, image.generation_id) if image.generation_id else None
    context = {"image": image, "card": card_of(made) if made else None, "recipe": recipe_words(made)}
    return render(request, "gallery/picture.html", context)


@require_GET
@signed_in()
def generation(request: HubRequest, generation_id: UUID) -> HttpResponse:
    """One generation whole, with or without pictures."""
    return render(request, "gallery/generation.html", _generation(request, generation_id))


def _generation(request: HubRequest, generation_id: object, **more: Any) -> dict[str, Any]:
    found = find_generation(request.actor, generation_id)
    return {"card": card_of(found), "recipe": recipe_words(found), **more}


@require_POST
@signed_in("manage")
def decide(request: HubRequest, attempt_id: UUID) -> HttpResponse:
    """An owner decides an unknown outcome."""
    attempt = find_attempt(request.actor, attempt_id)
    given = {name: request.POST.get(name) or None for name in ("action", "amount")}
    try:
        decide_attempt(request.actor, attempt_id, **given, reason=request.POST.get("reason", ""))
    except HubError as error:
        context = _generation(request, attempt.generation_id, error=error, decided=str(attempt_id))
        return render(request, "gallery/generation.html", context, status=status_of(error))
    return redirect("web:generation", attempt.generation_id)
