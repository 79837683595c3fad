"""Where the money went: spend by day and the ledger."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cloudhub.billing.models import LedgerEntry
from cloudhub.billing.reports import entries_for, name_deciders, read_range, spend
from cloudhub.catalog.access import usable_models
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Invalid
from cloudhub.core.identifiers import read_id
from cloudhub.web.chart import charts
from cloudhub.web.htmx import HubRequest, signed_in

PAGE = 50
FILTERS = ("since", "until", "model", "kind", "generation")


@require_GET
@signed_in()
def costs(request: HubRequest) -> HttpResponse:
    """Spend by day, and the ledger's lines that pass the filters, newest first."""
    try:
        context = _report(request)
    except Invalid as error:
        context = {"errors": error.fields}
    models = usable_models(request.actor, CloudModel.objects.order_by("name"))
    context |= {"given": request.GET, "kinds": LedgerEntry.Kind.choices, "models": models}
    return render(request, "costs/costs.html", context, status=422 if "errors" in context else 200)


def _report(request: HubRequest) -> dict[str, Any]:
    since, until = request.GET.get("since") or None, request.GET.get("until") or None
    start, end = read_range(since, until)
    rows = spend(request.actor, since=since, until=until)
    entries = _filtered(entries_for(request.actor), request.GET)
    if since or until:
        entries = entries.filter(held_at__gte=start, held_at__lt=end)
    found = list(entries.select_related("hold__attempt__generation")[: PAGE + 1])
    older = request.GET.copy()
    older["before"] = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    last_day = (end - timedelta(microseconds=1)).date()
    return {"charts": charts(rows, start.date(), last_day), "entries": name_deciders(found[:PAGE]),
            "older": older.urlencode() if len(found) > PAGE else "", "first_day": start, "last_day": last_day,
            "is_filtered": any(request.GET.get(name) for name in FILTERS)}  # fmt: skip


def _filtered(entries: QuerySet[LedgerEntry], given: QueryDict) -> QuerySet[LedgerEntry]:
    """The lines that pass the filters by model, kind and generation; an unknown value finds nothing."""
    if given.get("model"):
        entries = entries.filter(model__key=given["model"])
    if given.get("kind"):
        entries = entries.filter(kind=given["kind"])
    if given.get("generation"):
        wanted = read_id(given["generation"])
        entries = entries.filter(hold__attempt__generation_id=wanted) if wanted else entries.none()
    before = given.get("before", "")
    return entries.filter(id__lt=int(before)) if before.isascii() and before.isdigit() and len(before) < 19 else entries
