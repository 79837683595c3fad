"""The audit trail for programs: page by page, and whole as a file."""

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.accounts.audit_report import (
    DOORS,
    FILTERS,
    FORMATS,
    as_csv,
    as_json_lines,
    audit_lines_for,
    present_line,
)
from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, read_query
from cloudhub.api.paging import PAGE_FIELDS, answer_page
from cloudhub.api.rest.audit_shapes import AuditRecord
from cloudhub.api.schema import PAGING, RANGE, describe, query
from cloudhub.core.errors import Invalid

TAG = "Audit trail"
FILTER_WORDS = (
    query("person", "A person's whole e-mail address, or their id."),
    query("action", "A whole action such as `hub_key.revoked`, or what is before its dot for all such."),
    query("object", "A kind such as `budget`, or kind and id: `budget:3`."),
    query("team", "A team's name or id; an owner of the hub sees every team's lines."),
    query("door", "Where it was done.", enum=list(DOORS)),
    *RANGE,
)


class AuditTrail(Door):
    @describe("list_audit_lines", TAG, answers={200: shapes.page_of(AuditRecord)},
              parameters=[*FILTER_WORDS, *PAGING], errors=(400,))  # fmt: skip
    def get(self, request: Request) -> Response:
        """Who did what to which key, budget, model, member or outcome, the newest line first; for owners.

        Lines are never changed and never deleted. Each carries the hash of the line before: see `verify_audit_trail`.
        """
        wished = read_query(request, *FILTERS, *PAGE_FIELDS)
        lines = audit_lines_for(actor_of(request), {name: wished[name] for name in FILTERS if name in wished})
        return Response(
            answer_page(
                request, wished, lines, lambda found: [present_line(line) for line in found], newest_first=True
            )
        )  # fmt: skip


class AuditExport(Door):
    @describe("export_audit_lines", TAG,
              answers={(200, "text/csv"): OpenApiTypes.STR, (200, "application/x-ndjson"): OpenApiTypes.STR},
              parameters=[*FILTER_WORDS, query("format", "`csv` by default.", enum=list(FORMATS))],
              errors=(400,))  # fmt: skip
    def get(self, request: Request) -> HttpResponseBase:
        """Every line that passes the filters as one file, the oldest first: CSV, or one JSON object a line."""
        wished = read_query(request, *FILTERS, "format")
        form = wished.pop("format", "csv")
        if form not in FORMATS:
            raise Invalid.of({"format": f"Choose one of {', '.join(FORMATS)}."})
        lines = audit_lines_for(actor_of(request), wished)
        response = StreamingHttpResponse(
            (as_csv if form == "csv" else as_json_lines)(lines), content_type=FORMATS[form]
        )
        response["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        return response
