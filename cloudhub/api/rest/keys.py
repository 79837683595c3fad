"""Vendors' keys: stored, tested, changed, rotated and revoked. Secrets go in and never come out."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api.door import Door, actor_of, address_of, read_body, read_query
from cloudhub.api.paging import PAGE_FIELDS, answer_page
from cloudhub.api.rest import key_shapes
from cloudhub.api.rest.present import when
from cloudhub.api.schema import PAGING, describe, header, in_path
from cloudhub.api.shapes import page_of
from cloudhub.core.errors import Invalid
from cloudhub.health.check import check_stored_key
from cloudhub.vault.change import change_key, get_stored_key, read_team
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.stored import add_key, revoke_key, rotate_key, stored_keys_for

TAG = "Vendors' keys"
ID = in_path("key_id", "The key's id.")
LOCATION = header("Location", "The key's address.", 201)


class VendorKeys(Door):
    @describe("list_keys", TAG, answers={200: page_of(key_shapes.VendorKeyRecord)}, parameters=PAGING,
              errors=(400,))  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the vendors' keys that are stored, the newest first: your team's and every team's.

        Needs `manage`. No answer ever holds a secret; keys of the environment are not listed here.
        """
        actor = actor_of(request)
        actor.require("manage")
        wished = read_query(request, *PAGE_FIELDS)
        rows = stored_keys_for(actor)
        return Response(answer_page(request, wished, rows, lambda found: [_present(key) for key in found],
                                    newest_first=True))  # fmt: skip

    @describe("add_key", TAG, request=key_shapes.VendorKeyWish, answers={201: key_shapes.VendorKeyRecord},
              parameters=[LOCATION], errors=(400, 409, 503))  # fmt: skip
    def post(self, request: Request) -> Response:
        """Store a vendor's key, encrypted. It is in use from the next call on, before the environment's.

        The vendor is not asked; see `test`.
        """
        actor = actor_of(request)
        actor.require("manage")
        read_query(request)
        body = read_body(request, ("provider", "values", "form", "label", "team", "priority"), ("provider", "values"))
        # Whoever owns a team and not the hub stores for that team unless they say otherwise.
        own = None if actor.is_hub_owner else actor.team
        body["team"] = read_team(actor, body["team"]) if "team" in body else own
        key = add_key(actor, **{name: value for name, value in body.items() if value is not None})
        return _answer_new(request, key)


class OneVendorKey(Door):
    @describe("get_key", TAG, answers={200: key_shapes.VendorKeyRecord}, parameters=[ID], errors=(404,))
    def get(self, request: Request, key_id: str) -> Response:
        """One stored key, without its secrets."""
        read_query(request)
        return Response(_present(get_stored_key(actor_of(request), key_id)))

    @describe("change_key", TAG, request=key_shapes.VendorKeyChange, answers={200: key_shapes.VendorKeyRecord},
              parameters=[ID], errors=(400, 404, 409))  # fmt: skip
    def patch(self, request: Request, key_id: str) -> Response:
        """Change a key's label, its priority, or the team that may use it."""
        actor = actor_of(request)
        actor.require("manage")
        read_query(request)
        body = read_body(request, ("label", "priority", "team"))
        if "team" in body:
            body["team"] = read_team(actor, body["team"])
        return Response(_present(change_key(actor, key_id, body)))

    @describe("revoke_key", TAG, answers={204: (None, "Revoked.")}, parameters=[ID], errors=(404, 409))
    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke a key: its secrets are forgotten at once, its history stays."""
        read_query(request)
        revoke_key(actor_of(request), key_id)
        return Response(status=204)


class VendorKeyTest(Door):
    @describe("test_key", TAG, request=None, answers={200: key_shapes.KeyTestAnswer}, parameters=[ID],
              errors=(404, 409))  # fmt: skip
    def post(self, request: Request, key_id: str) -> Response:
        """Ask the vendor whether it takes the key. Free; a person or hub key may do so ten times a minute by default.

        A key that the vendor takes is used again at once, also after it was refused.
        """
        read_query(request)
        read_body(request, ())
        result = check_stored_key(actor_of(request), key_id)
        return Response({"result": result.verdict, "message": result.sentence, "code": result.code or None,
                         "remedy": result.remedy or None})  # fmt: skip


class VendorKeyRotation(Door):
    @describe("rotate_key", TAG, request=key_shapes.VendorKeyRotationWish,
              answers={201: key_shapes.VendorKeyRecord}, parameters=[ID, LOCATION],
              errors=(400, 404, 409, 503))  # fmt: skip
    def post(self, request: Request, key_id: str) -> Response:
        """Put a new key in an older one's place. The vendor is asked about the new one first.

        When it refuses the new key or cannot be reached, nothing changes. Calls that are under way end with the older.
        """
        read_query(request)
        body = read_body(request, ("values",), ("values",))
        return _answer_new(request, rotate_key(actor_of(request), key_id, _read_values(body["values"])))


def _read_values(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        raise Invalid.of({"values": "Give the key's values by the names of their variables."})
    return values


def _answer_new(request: Request, key: ProviderKey) -> Response:
    address = address_of(request, "key", key_id=str(key.pk))
    return Response(_present(key), status=201, headers={"Location": address})


def _present(key: ProviderKey) -> dict[str, Any]:
    return {
        "id": str(key.pk),
        "provider": key.provider,
        "label": key.label,
        "form": key.form,
        "team": key.team.name if key.team else None,
        "priority": key.priority,
        "state": key.state,
        "last_four": key.last_four,
        "public_values": key.public_values,
        "replaces": str(key.replaces_id) if key.replaces_id else None,
        "created_at": when(key.created_at),
        "last_used_at": when(key.last_used_at),
        "use_count": key.use_count,
        "ended_at": when(key.ended_at),
        "ended_reason": key.ended_reason or None,
    }
