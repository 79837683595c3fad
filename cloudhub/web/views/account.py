"""Who am I, in which team, with which password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from cloudhub.accounts.actor import actor_of_user
from cloudhub.accounts.members import has_second_factor
from cloudhub.accounts.models import Membership
from cloudhub.accounts.passwords import change_password as save_password
from cloudhub.accounts.passwords import count_password_try
from cloudhub.accounts.sessions import end_other_sessions, sessions_of
from cloudhub.accounts.single_sign_on import single_sign_on_of
from cloudhub.core.errors import HubError
from cloudhub.web.htmx import TEAM, HubRequest, signed_in, status_of


@require_GET
@signed_in()
def account(request: HubRequest) -> HttpResponse:
    return _page(request)


def _page(request: HubRequest, error: HubError | None = None, status: int = 200, **more: Any) -> HttpResponse:
    mine = Membership.objects.filter(user=request.actor.user, team__archived_at=None).select_related("team")
    context = {
        "memberships": mine.order_by("id"),
        "password_form": PasswordChangeForm(request.actor.user),
        "sessions": sessions_of(request.actor.user),
        "session_key": request.session.session_key,
        "has_factor": has_second_factor(request.actor.user),
        **single_sign_on_of(request.actor.user),
        **more,
    }
    return render(request, "account/account.html", context, status=status_of(error) if error else status)


@require_POST
@signed_in()
def switch_team(request: HubRequest) -> HttpResponse:
    """Work in another of one's teams from now on, in this browser."""
    wished = request.POST.get("team", "")
    if wished.isascii() and wished.isdigit() and len(wished) < 18:
        request.session[TEAM] = actor_of_user(request.actor.user, int(wished)).team.pk
    return redirect("web:account")


@require_POST
@sensitive_post_parameters()
@signed_in()
def change_password(request: HubRequest) -> HttpResponse:
    """A new password; this browser stays signed in, every other one is signed out."""
    count_password_try(request.actor)
    form = PasswordChangeForm(request.actor.user, request.POST)
    if not form.is_valid():
        return _page(request, status=422, password_form=form)
    save_password(request.actor, form.cleaned_data["new_password1"])
    update_session_auth_hash(request, request.actor.user)
    end_other_sessions(request.actor, request.session.session_key or "")
    messages.success(request, "Your password is changed.")
    return redirect("web:account")
