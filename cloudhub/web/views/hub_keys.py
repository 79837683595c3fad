"""Hub keys on the Keys page: made, changed, rotated and revoked by the people whose programs use them."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cloudhub.accounts.hub_keys import revoke_hub_key, rotate_hub_key
from cloudhub.billing.hub_keys import change_hub_key, issue_hub_key
from cloudhub.core.errors import Invalid
from cloudhub.web.htmx import HubRequest, signed_in
from cloudhub.web.keys_page import OVERLAPS, keys_page, made_with_words, read_budget_form, read_hub_key_form


@require_POST
@never_cache
@signed_in()
def make(request: HubRequest) -> HttpResponse:
    """Make a hub key. Its text is in this one answer and nowhere else, so there is no redirect."""
    given = request.POST
    fields = {**read_hub_key_form(given), "scopes": given.getlist("scopes"), "budget": read_budget_form(given)}
    try:
        key, text = issue_hub_key(request.actor, fields)
    except Invalid as error:
        typed = {"given": given, "given_models": given.getlist("models"), "given_scopes": given.getlist("scopes")}
        return keys_page(request, error, key_errors=error.fields, **typed)
    return keys_page(request, new_key=key, new_key_text=text)


@require_POST
@signed_in()
def change(request: HubRequest, key_id: int) -> HttpResponse:
    """Change a key's name, models, networks and rate, at once."""
    given = request.POST
    try:
        key = change_hub_key(request.actor, key_id, read_hub_key_form(given))
    except Invalid as error:
        typed = {"changed": key_id, "changes": given, "changed_models": given.getlist("models")}
        return keys_page(request, error, change_errors=error.fields, **typed)
    messages.success(request, f"The key {key} is changed.")
    return redirect("web:keys")


@require_POST
@never_cache
@signed_in()
def rotate(request: HubRequest, key_id: int) -> HttpResponse:
    """Make the key that takes this one's place; its text is in this one answer."""
    hours = request.POST.get("overlap", "")
    overlap = timedelta(hours=int(hours if hours in dict(OVERLAPS) else OVERLAPS[0][0]))
    key, text = rotate_hub_key(request.actor, key_id, overlap)
    return keys_page(request, new_key=key, new_key_text=text, overlap=overlap)


@require_POST
@signed_in()
def revoke(request: HubRequest, key_id: int) -> HttpResponse:
    key, others = revoke_hub_key(actor=request.actor, key_id=key_id)
    made = f" {made_with_words(others)} revoked too." if others else ""
    messages.success(request, f"The key {key} is revoked. Programs that use it are refused from now on.{made}")
    return redirect("web:keys")
