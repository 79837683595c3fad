"""The registered models and the vendors' catalogues."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cloudhub.accounts.models import Team, User
from cloudhub.catalog.access import restrict_model, usable_models
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import change_model, register_model
from cloudhub.core.errors import Conflict, HubError, Invalid, NotFound
from cloudhub.web.htmx import HubRequest, read_numbers, signed_in, status_of
from cloudhub.web.model_words import catalogues, model_cards
from providers.catalogue import unavailable_vendors

REGISTER_FIELDS = ("provider", "cloud_model_id", "name", "key", "address")


@require_GET
@signed_in()
def models(request: HubRequest) -> HttpResponse:
    return _page(request)


def _page(request: HubRequest, error: HubError | None = None, **more: Any) -> HttpResponse:
    found = catalogues(request.actor)
    context = {
        "cards": model_cards(request.actor), "catalogues": found, "unavailable": unavailable_vendors(),
        "open_vendors": [vendor.label for vendor in found if vendor.is_open],
        "addressed_vendors": [vendor.label for vendor in found if vendor.takes_address],
        "error": error, **more,
    }  # fmt: skip
    if request.actor.is_hub_owner:
        context |= {"teams": Team.objects.filter(archived_at=None).order_by("name"),
                    "people": User.objects.filter(is_active=True).order_by("email")}  # fmt: skip
    return render(request, "models/models.html", context, status=status_of(error) if error else 200)


@require_POST
@signed_in("manage")
def register(request: HubRequest) -> HttpResponse:
    """Register a model of a catalogue with one click, or any by hand with a key, a name and a price of its own."""
    given: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in REGISTER_FIELDS}
    price = request.POST.get("price_per_image", "").strip() or None
    try:
        abilities = _json(request.POST.get("capabilities", ""), "capabilities") or None
        model = register_model(price_per_image=price, capabilities=abilities, actor=request.actor, **given)
    except (Invalid, Conflict) as error:
        fields = error.fields or {"key": error.message}
        return _page(request, error, register_errors=_by_input(fields), given=request.POST)
    messages.success(request, f"{model.name} is registered as {model.key}.")
    return redirect("web:models")


def _by_input(fields: Mapping[str, str]) -> dict[str, str]:
    """All that is wrong with the abilities stands at their one input, each with its name."""
    abilities = [f"{name.partition('.')[2]}: {told}" for name, told in fields.items() if "capabilities." in name]
    others = {name: told for name, told in fields.items() if "capabilities." not in name}
    return {**others, "capabilities": " ".join(abilities)} if abilities else others


@require_POST
@signed_in("manage")
def change(request: HubRequest, model_id: int) -> HttpResponse:
    """Change what the posted form holds: the switch, or name, defaults and price."""
    model = _find(request, model_id)
    try:
        change_model(model, _changes(request.POST), actor=request.actor)
    except Invalid as error:
        return _page(request, error, changed=model_id, change_errors=error.fields, given=request.POST)
    messages.success(request, f"{model.name} is changed.")
    return redirect("web:models")


@require_POST
@signed_in("manage")
def restrict(request: HubRequest, model_id: int) -> HttpResponse:
    """Keep a model for the chosen teams and people; with none chosen it is everybody's."""
    model = _find(request, model_id)
    teams, people = read_numbers(request.POST.getlist("teams")), read_numbers(request.POST.getlist("people"))
    try:
        restrict_model(request.actor, model, teams=teams, people=people)
    except Invalid as error:
        return _page(request, error, restricted=model_id, access_errors=error.fields)
    messages.success(request, f"It is decided who may use {model.name}.")
    return redirect("web:models")


def _find(request: HubRequest, model_id: int) -> CloudModel:
    model = usable_models(request.actor, CloudModel.objects.filter(id=model_id)).first()
    if model is None:
        raise NotFound("There is no such model.")
    return model


def _changes(data: QueryDict) -> dict[str, Any]:
    """The posted fields; an empty price leaves the price alone unless the catalogue's is asked for."""
    changes: dict[str, Any] = {"name": data.get("name", "").strip()} if "name" in data else {}
    if "enabled" in data:
        changes["enabled"] = data["enabled"] == "yes"
    if "defaults" in data:
        changes["defaults"] = _json(data.get("defaults", ""), "defaults")
    price = data.get("price_per_image", "").strip()
    if price or data.get("price_of_catalogue"):
        changes["price_per_image"] = None if data.get("price_of_catalogue") else price
    return changes


def _json(text: str, field: str) -> Any:
    try:
        return orjson.loads(text) if text.strip() else {}
    except orjson.JSONDecodeError as error:
        raise Invalid.of({field: f"This is no valid JSON: {error}."}) from error
