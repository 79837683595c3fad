"""The audit trail: who did what, with filters, and as a file."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from cloudhub.accounts.audit_report import DOORS, FILTERS, FORMATS, as_csv, as_json_lines, audit_lines_for
from cloudhub.accounts.models import Team
from cloudhub.core.errors import Invalid, NotFound
from cloudhub.web.audit_words import kind_words, line_of
from cloudhub.web.htmx import HubRequest, signed_in

PAGE = 50
KINDS = (
    "budget", "hub_key", "provider_key", "invitation", "member", "user", "team", "model", "price", "price_block",
    "lane", "outcome",
)  # fmt: skip


@require_GET
@signed_in("manage")
def audit(request: HubRequest) -> HttpResponse:
    """The lines that pass the filters, newest first; `before` is the number of the last one that was shown."""
    given = {name: request.GET.get(name, "").strip() for name in FILTERS}
    teams = Team.objects.order_by("name") if request.actor.is_hub_owner else Team.objects.none()
    context: dict[str, Any] = {
        "given": given, "doors": DOORS.items(), "teams": teams, "is_filtered": any(given.values()),
        "kinds": [(kind, kind_words(kind)) for kind in KINDS],
    }  # fmt: skip
    try:
        context |= _lines(request, given)
    except Invalid as error:
        context |= {"errors": error.fields}
    return render(request, "audit/audit.html", context, status=422 if "errors" in context else 200)


def _lines(request: HubRequest, given: dict[str, str]) -> dict[str, Any]:
    lines = audit_lines_for(request.actor, given)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        lines = lines.filter(number__lt=int(before))
    found = list(lines[: PAGE + 1])
    query = request.GET.copy()
    query.pop("before", None)
    kept = query.urlencode()
    query["before"] = str(found[PAGE - 1].number) if len(found) > PAGE else ""
    return {"lines": [line_of(entry) for entry in found[:PAGE]], "kept": kept,
            "older": query.urlencode() if len(found) > PAGE else ""}  # fmt: skip


@require_GET
@signed_in("manage")
def export(request: HubRequest, form: str) -> HttpResponseBase:
    """Every line that passes the filters, oldest first, as CSV or as JSON lines."""
    if form not in FORMATS:
        raise NotFound("There is no such file.")
    lines = audit_lines_for(request.actor, {name: request.GET.get(name, "").strip() for name in FILTERS})
    response = StreamingHttpResponse((as_csv if form == "csv" else as_json_lines)(lines), content_type=FORMATS[form])
    response["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response
