"""django-allauth's pages with the hub's manners: honest status codes, and 429 with the seconds to wait."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from cloudhub.core.errors import TooMany, Unavailable

View = Callable[..., HttpResponseBase]
WAIT_SECONDS = 300
LIMITED = {"too_many_login_attempts", "rate_limited", "throttled"}
TOO_OFTEN = "This was tried too often. Nothing was done; wait five minutes and try again."


def in_words(view: View) -> View:
    """A form that is refused answers 422, and 429 with Retry-After when it was sent too often; a second factor that the
    hub cannot read is told as such."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Unavailable as error:
            return render(request, "problem.html", {"error": error}, status=503)
        context = getattr(response, "context_data", None) or {}
        forms_here = [context[name] for name in ("form", "webauthn_form") if context.get(name) is not None]
        refused = [form for form in forms_here if form.is_bound and form.errors]
        if request.method == "POST" and refused and response.status_code == 200:
            response.status_code = 422
            if any(_is_limited(form) for form in refused):
                response.status_code = 429
                response.headers["Retry-After"] = str(WAIT_SECONDS)
        return response

    return told


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page of allauth's rate limits."""
    response = render(request, "problem.html", {"error": TooMany(TOO_OFTEN)}, status=429)
    response.headers["Retry-After"] = str(WAIT_SECONDS)
    return response


def _is_limited(form: forms.Form) -> bool:
    return any(error.code in LIMITED for errors in form.errors.as_data().values() for error in errors)
