"""One's own sessions: ending one, or all others."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cloudhub.accounts.sessions import end_other_sessions, end_session
from cloudhub.web.htmx import HubRequest, signed_in


@require_POST
@signed_in()
def end(request: HubRequest, session_id: int) -> HttpResponse:
    end_session(request.actor, session_id)
    messages.success(request, "This browser is signed out.")
    return redirect("web:account")


@require_POST
@signed_in()
def end_others(request: HubRequest) -> HttpResponse:
    count = end_other_sessions(request.actor, request.session.session_key or "")
    messages.success(request, f"{count} other browser{'s are' if count != 1 else ' is'} signed out.")
    return redirect("web:account")
