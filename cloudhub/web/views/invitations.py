"""The page behind an invitation's link."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cloudhub.accounts.actor import Origin
from cloudhub.accounts.invitations import accept_as, accept_as_newcomer, find_invitation, person_invited
from cloudhub.core.errors import HubError, Invalid, TooMany
from cloudhub.core.throttle import take
from cloudhub.web.htmx import TEAM, status_of, tell

TRIES_A_MINUTE = 20
BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who is signed in joins; a newcomer chooses a password; who has an account already signs in first."""
    address = request.META.get("REMOTE_ADDR", "")
    try:
        wait = take(f"invitation:{address}", TRIES_A_MINUTE, 60)
        if wait:
            raise TooMany("Invitations were opened too often from here. Wait a minute.", retry_after=wait)
        if request.method == "POST":
            return _accept(request, token, Origin("page", address))
        return _page(request, token)
    except HubError as error:
        return tell(request, error)  # type: ignore[arg-type]


def _page(request: HttpRequest, token: str, error: HubError | None = None, **more: Any) -> HttpResponse:
    found = find_invitation(token)
    person = person_invited(found)
    context = {
        "invitation": found, "has_account": person is not None, "is_me": person is not None and person == request.user,
        **more,
    }  # fmt: skip
    return render(request, "people/invitation.html", context, status=status_of(error) if error else 200)


def _accept(request: HttpRequest, token: str, origin: Origin) -> HttpResponse:
    if request.user.is_authenticated:
        joined = accept_as(request.user, token, origin)
        request.session[TEAM] = joined.team.pk
        messages.success(request, f"You are in {joined.team.name} now.")
        return redirect("/")
    try:
        user = accept_as_newcomer(token, password=request.POST.get("password", ""), origin=origin)
    except Invalid as error:
        return _page(request, token, error, form_errors=error.fields)
    login(request, user, backend=BACKEND)
    messages.success(request, "Welcome. Your account is made.")
    return redirect("/")
