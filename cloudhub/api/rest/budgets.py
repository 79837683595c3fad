"""Budgets: make, read, change, end."""

from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, address_of, read_body, read_query
from cloudhub.api.paging import PAGE_FIELDS, answer_page, read_number
from cloudhub.api.rest.present import present_budget
from cloudhub.api.schema import PAGING, describe, header, in_path
from cloudhub.billing.budgets import budget_standing, budgets_for, change_budget, create_budget, end_budget, find_budget
from cloudhub.billing.models import Budget
from cloudhub.core.errors import NotFound

TAG = "Budgets"
ID = in_path("budget_id", "The budget's id.")


class Budgets(Door):
    @describe("list_budgets", TAG, answers={200: shapes.page_of(shapes.BudgetRecord)}, parameters=PAGING, errors=(400,))
    def get(self, request: Request) -> Response:
        """List the budgets that can limit your team, as they stand in their current window."""
        actor_of(request).require("read")
        query = read_query(request, *PAGE_FIELDS)
        return Response(answer_page(request, query, budgets_for(actor_of(request)), _present, newest_first=False))

    @describe("create_budget", TAG, request=shapes.BudgetWish, answers={201: shapes.BudgetRecord},
              parameters=[header("Location", "The budget's address.", 201)], errors=(400,))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make a budget; it counts everything of its scope in the current window, also what was spent before.

        Only an owner of the hub may set one beyond their own team.
        """
        read_query(request)
        budget = create_budget(actor_of(request), read_body(request))
        address = address_of(request, "budget", budget_id=str(budget.pk))
        return Response(present_budget(budget_standing(budget)), status=201, headers={"Location": address})


class OneBudget(Door):
    @describe("get_budget", TAG, answers={200: shapes.BudgetRecord}, parameters=[ID], errors=(404,))
    def get(self, request: Request, budget_id: str) -> Response:
        """One budget as it stands in its current window."""
        actor_of(request).require("read")
        read_query(request)
        return Response(present_budget(budget_standing(_find(request, budget_id))))

    @describe("change_budget", TAG, request=shapes.BudgetChange, answers={200: shapes.BudgetRecord}, parameters=[ID],
              errors=(400, 404))  # fmt: skip
    def patch(self, request: Request, budget_id: str) -> Response:
        """Change limit, name, alerts or hard. A limit below what is spent only stops new calls."""
        actor_of(request).require("manage")
        read_query(request)
        budget = change_budget(actor_of(request), _find(request, budget_id), read_body(request))
        return Response(present_budget(budget_standing(budget)))

    @describe("end_budget", TAG, answers={204: (None, "Ended.")}, parameters=[ID], errors=(404,))
    def delete(self, request: Request, budget_id: str) -> Response:
        """End a budget. Its windows and every ledger line stay."""
        actor_of(request).require("manage")
        read_query(request)
        end_budget(actor_of(request), _find(request, budget_id))
        return Response(status=204)


def _present(budgets: list[Budget]) -> list[dict[str, object]]:
    return [present_budget(budget_standing(budget)) for budget in budgets]


def _find(request: Request, budget_id: str) -> Budget:
    number = read_number(budget_id)
    if number is None:
        raise NotFound("There is no such budget.")
    return find_budget(actor_of(request), number)
