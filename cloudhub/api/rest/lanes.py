"""Lanes: an owner's own limits, and a pause or an open circuit ended early."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api.door import Door, actor_of, read_body, read_query
from cloudhub.api.rest.present_provider import present_lane
from cloudhub.api.rest.provider_shapes import LaneChange, LaneRecord
from cloudhub.api.schema import describe, in_path
from cloudhub.core.errors import Invalid
from cloudhub.lanes.change import open_again, set_limits
from cloudhub.lanes.find import find_lane
from cloudhub.lanes.models import Lane
from cloudhub.lanes.usage import uses_of

TAG = "Providers"
ID = in_path("lane_id", "The lane's id, as the provider's record gives it.")


class OneLane(Door):
    @describe("change_lane", TAG, request=LaneChange, answers={200: LaneRecord}, parameters=[ID], errors=(400, 404))
    def patch(self, request: Request, lane_id: str) -> Response:
        """Set a lane's limits in place of the vendor's published ones.

        An empty list is no limit; null gives the word back to the vendor's pages.
        """
        actor_of(request).require("manage")
        read_query(request)
        body = read_body(request, ("limits",))
        if "limits" not in body:
            raise Invalid.of({"limits": "This field is needed; null gives the word back to the vendor."})
        return _answer(set_limits(actor_of(request), find_lane(actor_of(request), lane_id), body["limits"]))


class OpenLane(Door):
    @describe("open_lane", TAG, request=None, answers={200: LaneRecord}, parameters=[ID], errors=(404,))
    def post(self, request: Request, lane_id: str) -> Response:
        """End a pause and close the circuit at once: the next call goes."""
        actor_of(request).require("manage")
        read_query(request)
        read_body(request, ())
        return _answer(open_again(actor_of(request), find_lane(actor_of(request), lane_id)))


def _answer(lane: Lane) -> Response:
    return Response(present_lane(uses_of([lane], timezone.now())[0]))
