"""Where the money went: sums, and the ledger itself."""

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, read_query
from cloudhub.api.paging import PAGE_FIELDS, answer_page
from cloudhub.api.rest.present import present_entry, present_spend
from cloudhub.api.schema import PAGING, RANGE, describe, query
from cloudhub.billing.models import LedgerEntry
from cloudhub.billing.reports import GROUPS, entries_for, name_deciders, spend

TAG = "Usage"


class Usage(Door):
    @describe("usage", TAG, answers={200: shapes.page_of(shapes.SpendRow)},
              parameters=[*RANGE, query("group_by", "By default day.", enum=list(GROUPS))], errors=(400,))  # fmt: skip
    def get(self, request: Request) -> Response:
        """What was billed, by day, model, provider, person, team, hub key or tag; by default of the last 30 days.

        Money counts at the moment it was held. A call with several tags counts in each of them.
        """
        wished = read_query(request, "since", "until", "group_by")
        rows = spend(actor_of(request), **wished)
        return Response({"results": [present_spend(row) for row in rows], "next": None})


class UsageEntries(Door):
    @describe("list_ledger_entries", TAG, answers={200: shapes.page_of(shapes.EntryRecord)}, parameters=PAGING,
              errors=(400,))  # fmt: skip
    def get(self, request: Request) -> Response:
        """The ledger, the newest line first. Lines are never changed and never deleted."""
        wished = read_query(request, *PAGE_FIELDS)
        rows = entries_for(actor_of(request)).select_related("price__model")

        def present(found: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
            return [present_entry(entry) for entry in name_deciders(found)]

        return Response(answer_page(request, wished, rows, present, newest_first=True))
