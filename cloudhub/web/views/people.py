"""The people of a team and of the hub, their invitations, and the teams."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cloudhub.accounts import members, owners, teams
from cloudhub.accounts.invitations import invite, mail_invitation, open_invitations, withdraw_invitation
from cloudhub.accounts.mail import can_mail
from cloudhub.accounts.models import Role, Team
from cloudhub.core.errors import HubError, Invalid
from cloudhub.web.htmx import HubRequest, read_number, signed_in, status_of


@require_GET
@signed_in("manage")
def people(request: HubRequest) -> HttpResponse:
    """The people of the team that `team` names, else of the actor's."""
    return _page(request, teams.find_team(request.actor, read_number(request.GET.get("team", ""))))


def _page(request: HubRequest, team: Team, error: HubError | None = None, **more: Any) -> HttpResponse:
    context = {
        "team": team, "members": members.members_of(request.actor, team), "roles": Role.choices,
        "invitations": open_invitations(request.actor, team), "can_mail": can_mail(), "error": error, **more,
    }  # fmt: skip
    if request.actor.is_hub_owner:
        context |= {
            "people": members.people_of_the_hub(request.actor).select_related("erasure"),
            "teams": Team.objects.order_by("archived_at", "name"),
        }
    return render(request, "people/people.html", context, status=status_of(error) if error else 200)


@require_POST
@signed_in("manage")
def change_role(request: HubRequest, membership_id: int) -> HttpResponse:
    membership = members.change_role(request.actor, membership_id, request.POST.get("role"))
    messages.success(request, f"{membership.user.email} is {membership.role} of {membership.team.name} now.")
    return _back(membership.team)


@require_POST
@signed_in("manage")
def remove_member(request: HubRequest, membership_id: int) -> HttpResponse:
    membership = members.remove_member(request.actor, membership_id)
    messages.success(request, f"{membership.user.email} has left {membership.team.name}; their keys in it are revoked.")
    return _back(membership.team)


@require_POST
@never_cache
@signed_in("manage")
def make_invitation(request: HubRequest) -> HttpResponse:
    """Invite somebody. The link is in this one answer and in their mail, so there is no redirect."""
    team = teams.find_team(request.actor, read_number(request.POST.get("team", "")))
    given = {name: request.POST.get(name, "") for name in ("email", "role")}
    try:
        invitation, token = invite(request.actor, team=team, **given)
    except Invalid as error:
        return _page(request, team, error, form_errors=error.fields, given=given)
    link = request.build_absolute_uri(reverse("web:invitation-link", args=[token]))
    if can_mail():
        mail_invitation(invitation, link)
    return _page(request, team, invited=invitation, link=link)


@require_POST
@signed_in("manage")
def end_invitation(request: HubRequest, invitation_id: int) -> HttpResponse:
    invitation = withdraw_invitation(request.actor, invitation_id)
    messages.success(request, f"The invitation of {invitation.email} is withdrawn; its link no longer works.")
    return _back(invitation.team)


@require_POST
@signed_in("manage")
def deactivate(request: HubRequest, user_id: int) -> HttpResponse:
    user = members.deactivate_person(request.actor, user_id)
    messages.success(request, f"{user.email} is shut out. What they had submitted goes on; you can cancel it.")
    return redirect("web:people")


@require_POST
@signed_in("manage")
def reactivate(request: HubRequest, user_id: int) -> HttpResponse:
    user = members.reactivate_person(request.actor, user_id)
    messages.success(request, f"{user.email} may come in again, with the roles and hub keys they had.")
    return redirect("web:people")


@require_POST
@signed_in("manage")
def make_owner(request: HubRequest, user_id: int) -> HttpResponse:
    user = owners.make_hub_owner(request.actor, user_id)
    messages.success(request, f"{user.email} is an owner of the hub now.")
    return redirect("web:people")


@require_POST
@signed_in("manage")
def withdraw_ownership(request: HubRequest, user_id: int) -> HttpResponse:
    user = owners.withdraw_hub_ownership(request.actor, user_id)
    messages.success(request, f"{user.email} is no longer an owner of the hub.")
    return redirect("web:people")


@require_POST
@signed_in("manage")
def remove_second_factor(request: HubRequest, user_id: int) -> HttpResponse:
    user = members.remove_second_factor(request.actor, user_id)
    messages.success(request, f"{user.email} signs in with the password alone until a new second factor is set up.")
    return redirect("web:people")


@require_POST
@signed_in("manage")
def make_team(request: HubRequest) -> HttpResponse:
    try:
        team = teams.create_team(request.actor, request.POST.get("name"))
    except Invalid as error:
        name = request.POST.get("name", "")
        return _page(request, request.actor.team, error, team_errors=error.fields, given_team=name)
    messages.success(request, f"The team {team.name} is made, with you as its owner.")
    return _back(team)


@require_POST
@signed_in("manage")
def rename_team(request: HubRequest, team_id: int) -> HttpResponse:
    try:
        team = teams.rename_team(request.actor, team_id, request.POST.get("name"))
    except Invalid as error:
        return _page(request, request.actor.team, error, renamed=team_id, rename_errors=error.fields,
                     given_name=request.POST.get("name", ""))  # fmt: skip
    messages.success(request, f"The team is called {team.name} now.")
    return redirect("web:people")


@require_POST
@signed_in("manage")
def archive_team(request: HubRequest, team_id: int) -> HttpResponse:
    team = teams.archive_team(request.actor, team_id)
    messages.success(request, f"The team {team.name} is archived; its keys rest, its pictures and ledger stay.")
    return redirect("web:people")


@require_POST
@signed_in("manage")
def open_team(request: HubRequest, team_id: int) -> HttpResponse:
    team = teams.open_team(request.actor, team_id)
    messages.success(request, f"The team {team.name} is open again.")
    return redirect("web:people")


def _back(team: Team) -> HttpResponse:
    return redirect(f"{reverse('web:people')}?{urlencode({'team': team.pk})}")
