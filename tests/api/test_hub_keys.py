"""Hub keys: made with the scopes their maker has, shown once, revoked at once."""

import pytest

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import HubKey
from cloudhub.billing.hub_keys import issue_hub_key
from cloudhub.core.errors import Forbidden
from tests.api.caller import Caller, caller_of

PATH = "/api/v1/hub_keys"


def test_a_new_key_is_shown_once_and_works(alices: Caller) -> None:
    answer = alices.post(PATH, {"name": "ci", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00+01:00"})
    made = answer.json()
    assert answer.status_code == 201
    assert made["key"].startswith("chk_")
    assert made["key"].startswith(made["prefix"])
    assert (made["scopes"], made["expires_at"], made["user"]) == (["read"], "2998-12-31T23:00:00Z", "alice@example.org")
    assert Caller(made["key"]).get("/api/v1/cloud_models").status_code == 200
    assert made["key"] not in alices.get(PATH).content.decode()


def test_a_revoked_key_opens_nothing(alices: Caller) -> None:
    made = alices.post(PATH, {"name": "ci", "scopes": ["read"]}).json()
    assert alices.delete(f"{PATH}/{made['id']}").status_code == 204
    assert Caller(made["key"]).get("/api/v1/cloud_models").status_code == 401
    (listed,) = [row for row in alices.get(PATH).json()["results"] if row["id"] == made["id"]]
    assert listed["revoked_at"] is not None


def test_no_key_gives_away_what_it_lacks(alice: Actor) -> None:
    answer = caller_of(alice, "manage").post(PATH, {"name": "ci", "scopes": ["manage", "generate"]})
    assert answer.status_code == 403
    assert "generate" in answer.json()["error"]["message"]
    assert HubKey.objects.count() == 1


def test_the_hubs_owner_makes_a_key_for_a_colleague(alices: Caller, bob: Actor) -> None:
    made = alices.post(PATH, {"name": "bobs", "scopes": ["read", "manage"], "user": "BOB@example.org"}).json()
    assert made["user"] == "bob@example.org"
    assert Caller(made["key"]).post(PATH, {"name": "x", "scopes": ["read"]}).status_code == 403


def test_nobody_else_makes_keys_for_others(charlies: Caller, charlie: Actor, bob: Actor) -> None:
    answer = charlies.post(PATH, {"name": "bobs", "scopes": ["read"], "user": bob.user.email})
    assert answer.status_code == 403
    with pytest.raises(Forbidden, match="for another person"):
        issue_hub_key(charlie, {"name": "bobs"}, bob.user)


def test_a_member_sees_own_keys_alone(alices: Caller, bob: Actor) -> None:
    results = caller_of(bob, "generate").get(PATH).json()["results"]
    assert [row["user"] for row in results] == ["bob@example.org"]


def test_keys_are_listed_newest_first_in_pages(alices: Caller) -> None:
    for name in ("a", "b"):
        alices.post(PATH, {"name": name, "scopes": ["read"]})
    first = alices.get(f"{PATH}?limit=2").json()
    second = alices.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["name"] for row in (*first["results"], *second["results"])] == ["b", "a", "test"]
