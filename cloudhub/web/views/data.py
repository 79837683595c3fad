"""Data: how long what is kept, a team's export, and erasing a person."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cloudhub.core.errors import Conflict, HubError, Invalid
from cloudhub.records.erasure import erase_person, look_at_person
from cloudhub.records.export import export_own_data, export_team
from cloudhub.records.kinds import FIXED
from cloudhub.records.retention import look_at_change, set_retention
from cloudhub.web.data_words import change_words, days_words, people_to_erase, rule_cards
from cloudhub.web.htmx import HubRequest, signed_in, status_of


@require_GET
@signed_in("manage")
def data(request: HubRequest) -> HttpResponse:
    return _page(request)


def _page(request: HubRequest, error: HubError | None = None, **more: Any) -> HttpResponse:
    context = {"cards": rule_cards(request.actor), "fixed": FIXED, "people": people_to_erase(request.actor),
               "error": error, **more}  # fmt: skip
    return render(request, "data/data.html", context, status=status_of(error) if error else 200)


@require_POST
@signed_in("manage")
def retention(request: HubRequest) -> HttpResponse:
    """Say what a rule would remove; with `confirmed` save it."""
    wish = {"kind": request.POST.get("kind", ""), "days": request.POST.get("days", "")}
    for_hub = request.POST.get("whose") == "hub"
    try:
        if request.POST.get("confirmed") != "yes":
            change = look_at_change(request.actor, **wish, for_hub=for_hub)
            return _page(request, looked_at=change, told=change_words(change), given=request.POST)
        saved = set_retention(request.actor, **wish, for_hub=for_hub)
    except Invalid as error:
        return _page(request, error, changed=wish["kind"], change_errors=error.fields, given=request.POST)
    messages.success(request, f"{saved.kind.label} are kept {days_words(saved.days)} from now on.")
    return redirect("web:data")


@require_POST
@signed_in("manage")
def export(request: HubRequest) -> StreamingHttpResponse:
    """The team's archive, written while it is sent."""
    team, pieces = export_team(request.actor, request.actor.team.pk)
    return _archive(pieces, slugify(team.name) or "team")


@require_POST
@signed_in()
def export_own(request: HubRequest) -> StreamingHttpResponse:
    """What the person made themselves."""
    return _archive(export_own_data(request.actor), "my-data")


def _archive(pieces: Iterator[bytes], name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="cloudhub-{name}-{timezone.now():%Y-%m-%d}.zip"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "POST"])
@signed_in("manage")
def erase(request: HubRequest, user_id: int) -> HttpResponse:
    """Ask, and after the e-mail address was typed make a person nobody."""
    context: dict[str, Any] = {"look": look_at_person(request.actor, user_id)}
    if request.method == "GET":
        return render(request, "data/erase.html", context)
    given = {name: request.POST.get(name, "") for name in ("confirmation", "work")}
    try:
        erasure = erase_person(request.actor, user_id, **given)
    except (Invalid, Conflict) as error:
        context |= {"error": error, "errors": error.fields, "given": given}
        return render(request, "data/erase.html", context, status=status_of(error))
    rest = "" if erasure.finished_at else " What is under way still goes as soon as it has ended."
    messages.success(request, f"The person is erased and is called {erasure.user.email} from now on.{rest}")
    return redirect("web:studio" if erasure.user_id == request.user.pk else "web:data")
