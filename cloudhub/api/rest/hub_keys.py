"""Hub keys: make, list, read, change, rotate, revoke."""

from datetime import timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.accounts.hub_keys import (
    LONGEST_OVERLAP,
    USUAL_OVERLAP,
    find_holder,
    get_hub_key,
    hub_keys_for,
    revoke_hub_key,
    rotate_hub_key,
)
from cloudhub.accounts.models import HubKey
from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, address_of, read_body, read_query
from cloudhub.api.paging import PAGE_FIELDS, answer_page
from cloudhub.api.rest import key_shapes
from cloudhub.api.rest.present import present_hub_keys
from cloudhub.api.schema import PAGING, describe, header, in_path
from cloudhub.billing.hub_keys import change_hub_key, issue_hub_key
from cloudhub.core.errors import Invalid

TAG = "Hub keys"
ID = in_path("key_id", "The hub key's id.")
LOCATION = header("Location", "The key's address.", 201)
ONLY_HERE = "The only answer that ever shows the key."
MOST_HOURS = int(LONGEST_OVERLAP.total_seconds() // 3600)


class HubKeys(Door):
    @describe(
        "list_hub_keys", TAG, answers={200: shapes.page_of(key_shapes.HubKeyRecord)}, parameters=PAGING, errors=(400,)
    )
    def get(self, request: Request) -> Response:
        """List hub keys, the newest first: your own, with `manage` your team's."""
        wished = read_query(request, *PAGE_FIELDS)
        rows = hub_keys_for(actor_of(request))
        return Response(answer_page(request, wished, rows, present_hub_keys, newest_first=True))

    @describe("create_hub_key", TAG, request=key_shapes.HubKeyWish, answers={201: (key_shapes.NewHubKey, ONLY_HERE)},
              parameters=[LOCATION], errors=(400,))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make a hub key for yourself or, as the hub's owner, for another person of your team.

        A key never gives more than the key that makes it has: what is left out is taken over from that one, and what
        the new key spends counts in that one's budget too.
        """
        actor = actor_of(request)
        read_query(request)
        body = read_body(request, needed=("name",))
        email = body.pop("user", None)
        user = find_holder(actor, email) if email is not None else None
        return _answer_new(request, *issue_hub_key(actor, body, user))


class OneHubKey(Door):
    @describe("get_hub_key", TAG, answers={200: key_shapes.HubKeyRecord}, parameters=[ID], errors=(404,))
    def get(self, request: Request, key_id: str) -> Response:
        """One hub key, and how its budget stands."""
        read_query(request)
        return _answer(get_hub_key(actor_of(request), key_id))

    @describe("change_hub_key", TAG, request=key_shapes.HubKeyChange, answers={200: key_shapes.HubKeyRecord},
              parameters=[ID], errors=(400, 404, 409))  # fmt: skip
    def patch(self, request: Request, key_id: str) -> Response:
        """Change a key's name or what it may do, at once. Its budget is changed under `budgets`."""
        actor_of(request).require("manage")
        read_query(request)
        return _answer(change_hub_key(actor_of(request), key_id, read_body(request)))

    @describe("revoke_hub_key", TAG, answers={204: (None, "Revoked.")}, parameters=[ID], errors=(404,))
    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke a hub key at once, and the keys that were made with it. Their ledger lines stay."""
        actor_of(request).require("manage")
        read_query(request)
        revoke_hub_key(actor=actor_of(request), key_id=key_id)
        return Response(status=204)


class HubKeyRotation(Door):
    @describe("rotate_hub_key", TAG, request=key_shapes.HubKeyRotationWish,
              answers={201: (key_shapes.NewHubKey, ONLY_HERE)}, parameters=[ID, LOCATION],
              errors=(400, 404, 409))  # fmt: skip
    def post(self, request: Request, key_id: str) -> Response:
        """Make a key that takes an older one's place, with the same rights and the same budget.

        The older one works on for `overlap_hours`, 24 by default; 0 ends it at once.
        """
        actor_of(request).require("manage")
        read_query(request)
        overlap = _read_overlap(read_body(request, ("overlap_hours",)).get("overlap_hours"))
        return _answer_new(request, *rotate_hub_key(actor_of(request), key_id, overlap))


def _answer(key: HubKey) -> Response:
    return Response(present_hub_keys([key])[0])


def _answer_new(request: Request, key: HubKey, text: str) -> Response:
    address = address_of(request, "hub-key", key_id=str(key.pk))
    return Response({**present_hub_keys([key])[0], "key": text}, status=201, headers={"Location": address})


def _read_overlap(hours: Any) -> timedelta:
    if hours is None:
        return USUAL_OVERLAP
    if isinstance(hours, bool) or not isinstance(hours, int) or not 0 <= hours <= MOST_HOURS:
        raise Invalid.of({"overlap_hours": f"Must be a whole number of hours from 0 to {MOST_HOURS}."})
    return timedelta(hours=hours)
