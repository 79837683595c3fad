"""The history: every picture, refusal and failure of the team, newest first."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cloudhub.core.errors import HubError, Invalid
from cloudhub.core.identifiers import read_id
from cloudhub.core.text import is_storable
from cloudhub.generations.bin import may_delete
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.find import find_attempt, find_generation
from cloudhub.generations.images import find_image
from cloudhub.generations.imports import LONGEST_ORIGIN, import_images
from cloudhub.generations.recipe import has_lost_its_words
from cloudhub.generations.waiting import lane_waits
from cloudhub.web.cards import card_of
from cloudhub.web.htmx import HubRequest, signed_in, status_of
from cloudhub.web.recipe_words import recipe_words
from cloudhub.web.tiles import SHOWS, gallery_page


@require_GET
@signed_in()
def gallery(request: HubRequest) -> HttpResponse:
    """What the team made and imported; `?q=` searches the prompts."""
    return render(request, "gallery/gallery.html", {**_tiles(request), "shows": SHOWS})


@require_GET
@signed_in()
def tiles(request: HubRequest) -> HttpResponse:
    """The next tiles, for the end of the grid when it comes into view."""
    return render(request, "gallery/_tiles.html", _tiles(request))


def _tiles(request: HubRequest) -> dict[str, Any]:
    """One page of entries; `before` is the id of the last one that was shown."""
    show = request.GET.get("show", "all")
    search = request.GET.get("q", "").strip()
    # What cannot be stored is in no prompt; the database would not even compare with it.
    search = search if is_storable(search) else ""
    entries, last = gallery_page(request.actor, show, search, read_id(request.GET.get("before")))
    older = urlencode({"show": show, "q": search, "before": str(last)}) if last else ""
    return {"entries": entries, "show": show, "search": search, "older": older}


@require_http_methods(["GET", "POST"])
@signed_in("generate")
def import_pictures(request: HubRequest) -> HttpResponse:
    """Bring pictures that were made elsewhere into the Gallery, with their prompt."""
    if request.method == "GET":
        return render(request, "gallery/import.html", {"longest_origin": LONGEST_ORIGIN})
    place, model = (request.POST.get(name, "").strip() for name in ("made_with", "model"))
    try:
        images = import_images(
            request.actor,
            [file.read() for file in request.FILES.getlist("file")],
            prompt=request.POST.get("prompt", "").replace("\r\n", "\n"),
            made_with=f"{place}, {model}" if place and model else place or model,
        )
    except Invalid as error:
        context = {"longest_origin": LONGEST_ORIGIN, "errors": error.fields, "given": request.POST, "error": error}
        return render(request, "gallery/import.html", context, status=status_of(error))
    count = "1 picture is" if len(images) == 1 else f"{len(images)} pictures are"
    messages.success(request, f"{count} imported.")
    return redirect(f"{reverse('web:gallery')}?show=imported")


@require_GET
@signed_in()
def picture(request: HubRequest, image_id: UUID) -> HttpResponse:
    """One picture, large, with its recipe, its cost and its attempts."""
    image = find_image(request.actor, image_id)
    made = find_generation(request.actor, image.generation_id) if image.generation_id else None
    context = {"image": image, "card": card_of(made) if made else None, "recipe": recipe_words(made),
               "may_delete": may_delete(request.actor, image), "is_bare": has_lost_its_words(image)}  # fmt: skip
    return render(request, "gallery/picture.html", context)


@require_GET
@signed_in()
def generation(request: HubRequest, generation_id: UUID) -> HttpResponse:
    """One generation whole, with or without pictures."""
    return render(request, "gallery/generation.html", _generation(request, generation_id))


def _generation(request: HubRequest, generation_id: object, **more: Any) -> dict[str, Any]:
    found = find_generation(request.actor, generation_id)
    return {"card": card_of(found, wait=lane_waits([found]).get(found.id)), "recipe": recipe_words(found), **more}


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
