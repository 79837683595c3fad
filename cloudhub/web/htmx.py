"""What pages share: who is signed in, errors told once, and the answers that htmx understands."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget
from django_htmx.middleware import HtmxDetails

from cloudhub.accounts.actor import Actor, Origin, Permission, actor_of_user
from cloudhub.core.errors import (
    BudgetExceeded,
    Conflict,
    Forbidden,
    HubError,
    IdempotencyMismatch,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unavailable,
)

TEAM = "team_id"
STATUSES: dict[type[HubError], int] = {
    Invalid: 422, BudgetExceeded: 402, Forbidden: 403, NotFound: 404, Conflict: 409, TooLarge: 413,
    IdempotencyMismatch: 422, TooMany: 429, Unavailable: 503,
}  # fmt: skip


class HubRequest(HttpRequest):
    """A request of somebody who is signed in, as `signed_in` hands it to a view."""

    htmx: HtmxDetails
    actor: Actor


View = Callable[..., HttpResponseBase]


def signed_in(permission: Permission = "read") -> Callable[[View], View]:
    """Let a view be called by people who have `permission`; everybody else gets a page or fragment that says so.

    Every `HubError` that the view does not answer itself is answered here.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(plain: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request = cast(HubRequest, plain)
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            try:
                origin = Origin("page", request.META.get("REMOTE_ADDR", ""))
                request.actor = actor_of_user(request.user, request.session.get(TEAM), origin)
                request.actor.require(permission)
                return view(request, *args, **kwargs)
            except HubError as error:
                return tell(request, error)

        return guarded

    return decorate


def status_of(error: HubError) -> int:
    """The HTTP status of an error of the hub."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)


def tell(request: HubRequest, error: HubError) -> HttpResponse:
    """The error in words: a page of its own, or for htmx a message at the top of the page that is there."""
    template = "parts/_problem.html" if request.htmx else "problem.html"
    response = render(request, template, {"error": error}, status=status_of(error))
    if isinstance(error, TooMany | Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    if not request.htmx:
        return response
    return reswap(retarget(response, "#problem"), "innerHTML")


def read_number(text: str) -> int | None:
    """A row's id as a form holds it; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def read_numbers(texts: list[str]) -> list[int]:
    """The ids that several ticks of a form hold; a text that is none becomes 0, the id of nothing."""
    return [read_number(text) or 0 for text in texts]


def _to_sign_in(request: HubRequest) -> HttpResponse:
    """A fragment cannot show the sign-in page, so htmx is told to leave the page for it."""
    there = (request.htmx.current_url_abs_path or "/") if request.htmx else request.get_full_path()
    address = f"/login/?{urlencode({'next': there})}"
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
