"""Budgets: how they stand, and making, changing and ending them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cloudhub.billing.budgets import change_budget, create_budget, end_budget, find_budget
from cloudhub.billing.models import WindowKind
from cloudhub.core.errors import HubError, Invalid
from cloudhub.core.money import CURRENCIES
from cloudhub.web.budget_words import budget_cards, read_budget, target_choices
from cloudhub.web.htmx import HubRequest, signed_in, status_of


@require_http_methods(["GET", "POST"])
@signed_in()
def budgets(request: HubRequest) -> HttpResponse:
    """The list; a POST makes a budget."""
    if request.method == "GET":
        return _page(request)
    try:
        budget = create_budget(request.actor, read_budget(request.POST))
    except Invalid as error:
        return _page(request, error, form_errors=error.fields, given=request.POST)
    messages.success(request, f"The budget “{budget.name}” is in force.")
    return redirect("web:budgets")


def _page(request: HubRequest, error: HubError | None = None, **more: Any) -> HttpResponse:
    context = {"cards": budget_cards(request.actor), "error": error, **more}
    if request.actor.may("manage"):
        context |= {"targets": target_choices(request.actor), "windows": WindowKind.choices, "currencies": CURRENCIES}
    return render(request, "budgets/budgets.html", context, status=status_of(error) if error else 200)


@require_POST
@signed_in("manage")
def change(request: HubRequest, budget_id: int) -> HttpResponse:
    """Change the limit. One below what is spent is allowed: it only stops new calls."""
    budget = find_budget(request.actor, budget_id)
    try:
        change_budget(request.actor, budget, {"limit": request.POST.get("limit", "").strip()})
    except Invalid as error:
        return _page(request, error, changed=budget_id, change_errors=error.fields, given=request.POST)
    messages.success(request, f"The limit of “{budget.name}” is changed.")
    return redirect("web:budgets")


@require_POST
@signed_in("manage")
def end(request: HubRequest, budget_id: int) -> HttpResponse:
    """End a budget; its ledger lines stay."""
    budget = find_budget(request.actor, budget_id)
    end_budget(request.actor, budget)
    messages.success(request, f"The budget “{budget.name}” has ended. Its ledger lines stay.")
    return redirect("web:budgets")
