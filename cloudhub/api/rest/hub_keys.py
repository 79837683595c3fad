"""Hub keys: make, list, revoke."""

from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.hub_keys import hub_keys_for, issue_hub_key, revoke_hub_key
from cloudhub.accounts.models import Membership, User
from cloudhub.api import shapes
from cloudhub.api.door import Door, actor_of, read_body, read_query
from cloudhub.api.paging import PAGE_FIELDS, answer_page, read_number
from cloudhub.api.rest.present import present_hub_key
from cloudhub.api.schema import PAGING, describe, in_path
from cloudhub.core.errors import Forbidden, Invalid, NotFound

TAG = "Hub keys"


class HubKeys(Door):
    @describe(
        "list_hub_keys", TAG, answers={200: shapes.page_of(shapes.HubKeyRecord)}, parameters=PAGING, errors=(400,)
    )
    def get(self, request: Request) -> Response:
        """List hub keys, the newest first: your own, with `manage` your team's."""
        wished = read_query(request, *PAGE_FIELDS)
        rows = hub_keys_for(actor_of(request))
        return Response(
            answer_page(request, wished, rows, lambda found: [present_hub_key(key) for key in found], newest_first=True)
        )

    @describe("create_hub_key", TAG, request=shapes.HubKeyWish,
              answers={201: (shapes.NewHubKey, "The only answer that ever shows the key.")}, errors=(400,))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make a hub key for yourself or, as the hub's owner, for another person of your team."""
        actor = actor_of(request)
        read_query(request)
        body = read_body(request, ("name", "scopes", "expires_at", "user"), needed=("name",))
        key, text = issue_hub_key(
            actor,
            name=body["name"],
            scopes=body.get("scopes"),
            expires_at=_read_expiry(body.get("expires_at")),
            user=_read_user(actor, body.get("user")),
        )
        return Response({**present_hub_key(key), "key": text}, status=201)


class OneHubKey(Door):
    @describe("revoke_hub_key", TAG, answers={204: (None, "Revoked.")},
              parameters=[in_path("key_id", "The hub key's id.")], errors=(404,))  # fmt: skip
    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke a hub key at once. Its ledger lines stay."""
        actor_of(request).require("manage")
        read_query(request)
        number = read_number(key_id)
        if number is None:
            raise NotFound("There is no such hub key.")
        revoke_hub_key(actor=actor_of(request), key_id=str(number))
        return Response(status=204)


def _read_expiry(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = None
    if isinstance(value, str):
        try:
            moment = parse_datetime(value)
        except ValueError:
            moment = None
    if moment is None:
        raise Invalid.of({"expires_at": "Give an ISO time with its zone, such as 2027-01-31T12:00:00Z."})
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_user(actor: Actor, email: Any) -> User:
    if email is None or email == actor.user.email:
        return actor.user
    if not actor.is_hub_owner:
        raise Forbidden("Only the hub's owner may make a key for another person.")
    member = None
    if isinstance(email, str):
        member = Membership.objects.select_related("user").filter(team=actor.team, user__email__iexact=email).first()
    if member is None:
        raise Invalid.of({"user": "Give the e-mail address of a person in your team."})
    return member.user
