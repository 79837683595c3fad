"""What every page of somebody who is signed in goes through: being seen, and the second factor where it is required."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from cloudhub.accounts.members import lacks_required_factor
from cloudhub.accounts.sessions import mark_seen

# Where somebody without a second factor may go: to set one up, and away.
OPEN_TO_ALL = {"account_reauthenticate", "account_login", "account_logout", "login", "logout"}


class SignedIn:
    """Notes sessions in use, and leads people to set up the second factor that they must have."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # After the view, so that the row is of the session which signing in has just made.
        if request.user.is_authenticated and request.session.session_key:
            address, browser = request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", "")
            mark_seen(request.user, request.session.session_key, address, browser)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        name = (match.url_name if match else "") or ""
        if name in OPEN_TO_ALL or name.startswith("mfa_"):
            return None
        if not request.user.is_authenticated or not lacks_required_factor(request.user):
            return None
        there = reverse("mfa_index")
        return HttpResponseClientRedirect(there) if getattr(request, "htmx", False) else redirect(there)
