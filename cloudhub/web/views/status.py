"""Status: what is wrong and what to do, every vendor's health, lanes, and outcomes that wait for a decision."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cloudhub.core.errors import Conflict, HubError, Invalid
from cloudhub.generations.decide import decide_attempt
from cloudhub.health.check import check_now
from cloudhub.lanes.change import open_again, set_limits
from cloudhub.lanes.find import find_lane
from cloudhub.web.htmx import HubRequest, signed_in, status_of
from cloudhub.web.lane_form import BadRows, limits_in, posted_rows, with_core_faults, with_room
from cloudhub.web.status_words import status_context


@require_GET
@signed_in()
def status(request: HubRequest) -> HttpResponse:
    return _page(request)


def _page(request: HubRequest, error: HubError | None = None, **more: Any) -> HttpResponse:
    context = status_context(request.actor, error=error, **more)
    return render(request, "status/status.html", context, status=status_of(error) if error else 200)


@require_GET
@signed_in()
def live(request: HubRequest) -> HttpResponse:
    """Every part of the page as it is now, each to replace its like."""
    return _parts(request)


def _parts(request: HubRequest) -> HttpResponse:
    return render(request, "status/_live.html", {**status_context(request.actor), "is_update": True})


@require_POST
@signed_in("manage")
def check(request: HubRequest, provider_id: str) -> HttpResponse:
    """Ask a vendor whether its key works; free."""
    check_now(request.actor, provider_id)
    return _parts(request) if request.htmx else _back(f"vendor-{provider_id}")


@require_POST
@signed_in("manage")
def change_limits(request: HubRequest, lane_id: int) -> HttpResponse:
    """Give a lane an owner's limits, or the vendor's again."""
    lane = find_lane(request.actor, lane_id)
    rows = posted_rows(request.POST)
    try:
        limits = None if "vendors" in request.POST else limits_in(rows)
        set_limits(request.actor, lane, limits)
    except BadRows as error:
        return _page(request, error, changed=lane_id, rows=with_room(error.rows))
    except Invalid as error:
        return _page(request, error, changed=lane_id, rows=with_room(with_core_faults(rows, error.fields)))
    messages.success(request, f"The limits of {lane} are {'the vendor’s again' if limits is None else 'changed'}.")
    return _back(f"vendor-{lane.provider}")


@require_POST
@signed_in("manage")
def open_lane(request: HubRequest, lane_id: int) -> HttpResponse:
    """End a pause or an open circuit at once."""
    lane = open_again(request.actor, find_lane(request.actor, lane_id))
    messages.success(request, f"Calls of {lane} go again.")
    return _back(f"vendor-{lane.provider}")


@require_POST
@signed_in("manage")
def decide(request: HubRequest, attempt_id: UUID) -> HttpResponse:
    """An owner decides an unknown outcome without leaving the page."""
    given = {name: request.POST.get(name) or None for name in ("action", "amount")}
    try:
        attempt = decide_attempt(request.actor, attempt_id, **given, reason=request.POST.get("reason", ""))
    except (Invalid, Conflict) as error:
        return _page(request, error, decided=attempt_id)
    messages.success(request, f"Decided: {attempt.get_state_display().lower()}.")
    return _back("unknown")


def _back(part: str) -> HttpResponse:
    return redirect(f"{reverse('web:status')}#{part}")
