"""Vendors' keys on the Keys page. A key is typed once: no answer shows it again, also not after a mistake."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from cloudhub.core.errors import Conflict, HubError, Invalid, TooMany, Unavailable
from cloudhub.health.check import check_stored_key
from cloudhub.vault.change import change_key, get_stored_key, read_team
from cloudhub.vault.check import CheckResult
from cloudhub.vault.stored import add_key, revoke_key, rotate_key, test_values
from cloudhub.vault.typed import read_provider
from cloudhub.web.htmx import HubRequest, signed_in, status_of
from cloudhub.web.keys_page import keys_page
from cloudhub.web.vendor_key_words import TESTED, read_typed

# What may be shown again after a refusal; the values of a key are left out whatever they are called.
SHOWN_AGAIN = ("label", "priority", "team")


@require_POST
@sensitive_post_parameters()
@sensitive_variables()
@signed_in("manage")
def add(request: HubRequest, provider_id: str) -> HttpResponse:
    """Store a key that was typed or uploaded."""
    given = request.POST
    try:
        values = read_typed(read_provider(provider_id), given, request.FILES)
        team = read_team(request.actor, given.get("team"))
        stored = add_key(request.actor, provider=provider_id, values=values, form=given.get("form", ""),
                         label=given.get("label", ""), priority=given.get("priority", ""), team=team)  # fmt: skip
    except (Invalid, Conflict) as error:
        return _again(request, error, f"{provider_id}-{given.get('form', '')}")
    messages.success(request, f"The key {stored} is stored and in use from the next call on. Test it now if you like.")
    return redirect("web:keys")


@require_POST
@sensitive_post_parameters()
@sensitive_variables()
@signed_in("manage")
def try_out(request: HubRequest, provider_id: str) -> HttpResponse:
    """Ask the vendor about the key in the form; nothing is stored."""
    given = request.POST
    try:
        values = read_typed(read_provider(provider_id), given, request.FILES)
        team = read_team(request.actor, given.get("team"))
        result = test_values(request.actor, provider=provider_id, values=values, form=given.get("form", ""), team=team)
    except Invalid as error:
        if request.htmx:
            return render(request, "parts/_problem.html", {"error": error}, status=status_of(error))
        return _again(request, error, f"{provider_id}-{given.get('form', '')}")
    return _result(request, result)


@require_POST
@signed_in("manage")
def test(request: HubRequest, key_id: Any) -> HttpResponse:
    """Ask the vendor about a stored key, and remember the answer."""
    return _result(request, check_stored_key(request.actor, str(key_id)))


@require_POST
@signed_in("manage")
def change(request: HubRequest, key_id: Any) -> HttpResponse:
    """Label, priority and the team that may use it."""
    given = request.POST
    try:
        changes: dict[str, Any] = {"label": given.get("label", ""), "priority": given.get("priority", "")}
        if "team" in given:
            changes["team"] = read_team(request.actor, given["team"])
        stored = change_key(request.actor, str(key_id), changes)
    except Invalid as error:
        return _again(request, error, f"change-{key_id}")
    messages.success(request, f"The key {stored} is changed.")
    return redirect("web:keys")


@require_POST
@sensitive_post_parameters()
@sensitive_variables()
@signed_in("manage")
def rotate(request: HubRequest, key_id: Any) -> HttpResponse:
    """Put a new key in an older one's place, after the vendor has taken it."""
    try:
        old = get_stored_key(request.actor, str(key_id))
        values = read_typed(read_provider(old.provider), request.POST, request.FILES)
        new = rotate_key(request.actor, str(key_id), values)
    except (Invalid, Conflict, Unavailable, TooMany) as error:
        return _again(request, error, f"rotate-{key_id}")
    messages.success(request, f"The new key {new} was tested and is in use; calls under way end with the old one.")
    return redirect("web:keys")


@require_POST
@signed_in("manage")
def revoke(request: HubRequest, key_id: Any) -> HttpResponse:
    stored = revoke_key(request.actor, str(key_id))
    messages.success(request, f"The key {stored} is revoked, and its secrets are forgotten.")
    return redirect("web:keys")


def _again(request: HubRequest, error: HubError, where: str) -> HttpResponse:
    """The page with what was wrong at the form `where`, and with nothing of the key."""
    shown = {name: request.POST.get(name, "") for name in SHOWN_AGAIN}
    return keys_page(request, error, wrong=where, vendor_errors=error.fields, vendor_given=shown)


def _result(request: HubRequest, result: CheckResult) -> HttpResponse:
    shape, words = TESTED[result.verdict]
    if request.htmx:
        return render(request, "keys/_test_result.html", {"result": result, "shape_name": shape, "words": words})
    level = messages.SUCCESS if result.is_valid else messages.ERROR
    messages.add_message(request, level, f"{result.sentence} {result.remedy}".strip())
    return redirect("web:keys")
