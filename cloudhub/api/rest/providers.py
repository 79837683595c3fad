"""Vendors and their health: keys, traffic, circuits and lanes; and the free check of a key."""

from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, read_body, read_query
from cloudhub.api.paging import PAGE_FIELDS, answer_list
from cloudhub.api.rest.present_provider import present_provider
from cloudhub.api.rest.provider_shapes import ProviderRecord
from cloudhub.api.schema import PAGING, describe, in_path
from cloudhub.health.check import check_now, find_vendor
from cloudhub.health.report import report

TAG = "Providers"
ID = in_path("provider_id", "The vendor's id, such as google-gemini.")


class Providers(Door):
    @describe("list_providers", TAG, answers={200: shapes.page_of(ProviderRecord)}, parameters=PAGING, errors=(400,))
    def get(self, request: Request) -> Response:
        """List the installed vendors with their health; nothing is asked of them."""
        actor = actor_of(request)
        actor.require("read")
        query = read_query(request, *PAGE_FIELDS)
        now = report(actor)
        found = [(vendor.vendor.provider.id, vendor) for vendor in now.vendors]
        return Response(answer_list(request, query, found, lambda vendor: present_provider(now, vendor, actor)))


class OneProvider(Door):
    @describe("get_provider", TAG, answers={200: ProviderRecord}, parameters=[ID], errors=(404,))
    def get(self, request: Request, provider_id: str) -> Response:
        """One vendor with its health."""
        actor_of(request).require("read")
        read_query(request)
        return _answer(request, provider_id)


class ProviderCheck(Door):
    @describe("check_provider", TAG, request=None, answers={200: ProviderRecord}, parameters=[ID], errors=(404, 409))
    def post(self, request: Request, provider_id: str) -> Response:
        """Ask the vendor whether its key works; free.

        A vendor is asked at most every 15 seconds: sooner, the last result is given again, with its `checked_at`.
        A key that the vendor refuses is a 200 too: see `check`.
        """
        actor_of(request).require("manage")
        read_query(request)
        read_body(request, ())
        check_now(actor_of(request), provider_id)
        return _answer(request, provider_id)


def _answer(request: Request, provider_id: str) -> Response:
    vendor = find_vendor(provider_id)
    actor = actor_of(request)
    now = report(actor)
    found = next(found for found in now.vendors if found.vendor.provider.id == vendor.id)
    return Response(present_provider(now, found, actor))
