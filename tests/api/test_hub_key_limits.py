"""What a hub key may do: its scopes, models, networks, rate and end, and that it gives no more than it has."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cloudhub.accounts.actor import Actor, actor_of_hub_key
from cloudhub.accounts.hub_keys import find_hub_key, revoke_hub_key, rotate_hub_key
from cloudhub.accounts.models import AuditEntry, HubKey
from cloudhub.billing.hub_keys import issue_hub_key
from cloudhub.billing.models import Budget, Hold
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.errors import Forbidden
from tests.api.caller import WISH, Caller
from tests.conftest import key_of

PATH = "/api/v1/hub_keys"
MODELS = "/api/v1/cloud_models"
BUDGET = {"limit": "0.040000", "window": "month", "currency": "XTS"}


@pytest.fixture(autouse=True)
def _nothing_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Throttles begin empty, at the beginning of a minute."""
    cache.clear()
    monkeypatch.setattr("cloudhub.core.throttle.time.time", lambda: 1_800_000_001.0)


@pytest.fixture
def other_model(alices: Caller) -> CloudModel:
    return register_model(provider="practice", cloud_model_id="practice-1", key="practice-2")


def new(caller: Caller, **fields: Any) -> tuple[dict, Caller]:
    answer = caller.post(PATH, {"name": "ci", **fields})
    assert answer.status_code == 201, answer.content
    return answer.json(), Caller(answer.json()["key"])


def from_address(key: str, address: str, **headers: str) -> int:
    client = Client(raise_request_exception=False)
    return client.get(MODELS, headers={"x-goog-api-key": key, **headers}, REMOTE_ADDR=address).status_code


# Networks


def test_a_key_works_from_its_networks_alone(alices: Caller) -> None:
    made, _ = new(alices, allowed_networks=["203.0.113.0/24", "2001:db8::/32"])
    assert made["allowed_networks"] == ["203.0.113.0/24", "2001:db8::/32"]
    inside = ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8:5::1")
    outside = ("203.0.114.9", "127.0.0.1", "::ffff:203.0.114.9", "2001:db9::1", "")
    assert [from_address(made["key"], address) for address in inside] == [200] * 3
    assert [from_address(made["key"], address) for address in outside] == [403] * 5


def test_a_refused_network_is_not_told_what_is_allowed(alices: Caller) -> None:
    _, key = new(alices, allowed_networks=["203.0.113.0/24"])
    for path in (MODELS, "/v1/models"):
        answer = key.get(path)
        assert answer.status_code == 403
        text = answer.content.decode()
        assert "network" in text
        assert "203.0.113" not in text
        assert "127.0.0.1" not in text
    assert HubKey.objects.get(name="ci").last_used_at is None


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP"])
def test_nobody_claims_another_address(alices: Caller, header: str) -> None:
    made, _ = new(alices, allowed_networks=["203.0.113.0/24"])
    claim = "for=203.0.113.9" if header == "Forwarded" else "203.0.113.9"
    assert from_address(made["key"], "198.51.100.1", **{header: claim}) == 403


# Rate


def test_as_many_calls_pass_as_are_allowed(alices: Caller) -> None:
    _, key = new(alices, calls_a_minute=3)
    assert [key.get(MODELS).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    answer = key.post("/v1/images/generations", {"model": "practice-1", "prompt": "a fox"})
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 65
    assert (answer["x-should-retry"], answer.json()["error"]["code"]) == ("true", "throttled")
    assert answer.json()["error"]["type"] == "rate_limit_error"
    assert not Hold.objects.exists()
    assert alices.get(MODELS).status_code == 200


def test_the_minute_passes(alices: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = new(alices, calls_a_minute=2)
    assert [key.get(MODELS).status_code for _ in range(3)] == [200, 200, 429]
    monkeypatch.setattr("cloudhub.core.throttle.time.time", lambda: 1_800_000_001.0 + 120)
    assert key.get(MODELS).status_code == 200


def test_rotating_brings_no_more_calls(alices: Caller) -> None:
    made, old = new(alices, calls_a_minute=2)
    fresh = Caller(alices.post(f"{PATH}/{made['id']}/rotate", {}).json()["key"])
    assert [caller.get(MODELS).status_code for caller in (old, fresh, old, fresh)] == [200, 200, 429, 429]


@pytest.mark.parametrize("limited", [0, 1, 2])
def test_a_limit_set_on_any_key_of_a_line_holds_for_all(alices: Caller, limited: int) -> None:
    made, first = new(alices)
    line, callers = [made["id"]], [first]
    for _ in range(2):
        fresh = alices.post(f"{PATH}/{line[-1]}/rotate", {}).json()
        line.append(fresh["id"])
        callers.append(Caller(fresh["key"]))
    alices.patch(f"{PATH}/{line[limited]}", {"calls_a_minute": 2})
    assert [caller.get(MODELS).status_code for caller in callers] == [200, 200, 429]
    assert {alices.get(f"{PATH}/{number}").json()["calls_a_minute"] for number in line} == {2}
    alices.patch(f"{PATH}/{line[0]}", {"calls_a_minute": None})
    assert callers[2].get(MODELS).status_code == 200


# Models


def test_a_key_quotes_and_spends_with_its_models_alone(alices: Caller, other_model: CloudModel) -> None:
    _, key = new(alices, allowed_models=["practice-2"])
    wishes = (
        ("/api/v1/estimates", WISH), ("/api/v1/generations", WISH),
        ("/v1/images/generations", {"model": "practice-1", "prompt": "a fox"}),
        ("/v1/images/generations", {"model": "practice-1", "prompt": "a fox", "stream": True}),
    )  # fmt: skip
    for path, body in wishes:
        answer = key.post(path, body)
        assert answer.status_code == 403, (path, answer.content)
    assert key.post("/api/v1/estimates", {**WISH, "model": "practice-2"}).status_code == 200
    assert not Hold.objects.exists()


def test_a_key_lists_its_models_alone(alices: Caller, other_model: CloudModel) -> None:
    _, key = new(alices, allowed_models=["practice-2"])
    assert [model["id"] for model in key.get("/v1/models").json()["data"]] == ["practice-2"]
    assert [model["key"] for model in key.get(MODELS).json()["results"]] == ["practice-2"]


# Own budget


def test_a_budget_is_made_with_the_key_and_shown(alices: Caller) -> None:
    made, key = new(alices, budget=BUDGET)
    assert made["budget"] | {"id": ""} == {
        "id": "", "window": "month", "currency": "XTS", "limit": "0.040000", "spent": "0.000000",
        "held": "0.000000", "remaining": "0.040000",
    }  # fmt: skip
    budget = Budget.objects.get()
    assert (budget.scope, budget.target, budget.hard) == ("hub_key", made["id"], True)
    assert key.post("/api/v1/generations", {**WISH, "num_images": 10}).status_code == 402
    assert alices.post("/api/v1/generations", {**WISH, "num_images": 10}).status_code == 202


@pytest.mark.parametrize(
    ("budget", "field"),
    [({**BUDGET, "limit": "x"}, "budget.limit"), ({"window": "day"}, "budget.limit"), ({"limit": "1"}, "budget.window"),
     ({**BUDGET, "currency": "EUR"}, "budget.currency"), ({**BUDGET, "scope": "hub"}, "budget.scope"), (5, "budget")],
)  # fmt: skip
def test_a_bad_budget_is_refused_and_no_key_made(alices: Caller, budget: Any, field: str) -> None:
    answer = alices.post(PATH, {"name": "ci", "budget": budget})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])
    assert not HubKey.objects.filter(name="ci").exists()


def test_a_key_does_not_lift_its_own_limit(alices: Caller) -> None:
    made, key = new(alices, budget=BUDGET)
    address = f"/api/v1/budgets/{made['budget']['id']}"
    assert key.patch(address, {"limit": "99.000000"}).status_code == 403
    assert key.delete(address).status_code == 403
    assert alices.patch(address, {"limit": "99.000000"}).status_code == 200


# Never more than its maker


LIMITS = {"scopes": ["read", "manage"], "allowed_models": ["practice-1"], "allowed_networks": ["127.0.0.0/8"],
          "calls_a_minute": 50, "expires_at": "2999-01-01T00:00:00Z"}  # fmt: skip


def test_a_limited_key_passes_its_limits_on(alices: Caller) -> None:
    _, key = new(alices, **LIMITS, budget=BUDGET)
    child, _ = new(key, name="child", allowed_models=[], expires_at=None)
    assert {name: child[name] for name in LIMITS} == LIMITS
    narrower = {"scopes": ["read"], "allowed_networks": ["127.0.0.1/32"], "calls_a_minute": 5}
    child, _ = new(key, name="narrower", **narrower)
    assert {name: child[name] for name in narrower} == narrower


@pytest.mark.parametrize(
    "more",
    [{"scopes": ["generate"]}, {"allowed_models": ["practice-2"]}, {"allowed_models": ["practice-1", "practice-2"]},
     {"allowed_networks": ["0.0.0.0/0"]}, {"allowed_networks": ["127.0.0.0/8", "10.0.0.0/8"]}, {"calls_a_minute": 51},
     {"expires_at": "2999-01-01T00:00:01Z"}],
    ids=str,
)  # fmt: skip
def test_a_limited_key_gives_no_more_than_it_has(alices: Caller, other_model: CloudModel, more: dict) -> None:
    made, key = new(alices, **LIMITS)
    open_key, _ = new(alices, name="open")
    assert key.post(PATH, {"name": "child", **more}).status_code == 403
    assert key.patch(f"{PATH}/{made['id']}", more).status_code == 403
    assert key.patch(f"{PATH}/{open_key['id']}", {"calls_a_minute": 1}).status_code == 403
    assert key.post(f"{PATH}/{open_key['id']}/rotate", {}).status_code == 403
    assert not HubKey.objects.filter(name="child").exists()


def test_calls_of_a_key_made_by_a_key_count_with_it(alices: Caller) -> None:
    _, key = new(alices, calls_a_minute=3)
    _, child = new(key, name="child", calls_a_minute=3)
    assert [caller.get(MODELS).status_code for caller in (child, child, child, key)] == [200, 200, 429, 429]


# Rotating, changing, ending


def test_a_rotated_key_has_the_same_rights_and_the_old_one_a_while(alices: Caller) -> None:
    made, old = new(alices, **LIMITS, budget=BUDGET)
    answer = alices.post(f"{PATH}/{made['id']}/rotate", {"overlap_hours": 2})
    fresh = answer.json()
    assert answer.status_code == 201
    assert (fresh["replaces"], fresh["name"], fresh["budget"]) == (made["id"], "ci", made["budget"])
    assert {name: fresh[name] for name in LIMITS} == LIMITS
    assert [caller.get(MODELS).status_code for caller in (old, Caller(fresh["key"]))] == [200, 200]
    ends_at = HubKey.objects.get(id=made["id"]).expires_at
    assert timedelta(minutes=119) < ends_at - timezone.now() <= timedelta(hours=2)
    HubKey.objects.filter(id=made["id"]).update(expires_at=timezone.now())
    assert [caller.get(MODELS).status_code for caller in (old, Caller(fresh["key"]))] == [401, 200]


def test_without_overlap_the_old_key_ends_at_once(alices: Caller) -> None:
    made, old = new(alices)
    fresh = alices.post(f"{PATH}/{made['id']}/rotate", {"overlap_hours": 0}).json()
    assert [caller.get(MODELS).status_code for caller in (old, Caller(fresh["key"]))] == [401, 200]
    assert alices.post(f"{PATH}/{made['id']}/rotate", {}).status_code == 409


def test_a_key_is_rotated_once(alices: Caller) -> None:
    made, _ = new(alices)
    answers = [alices.post(f"{PATH}/{made['id']}/rotate", {}).status_code for _ in range(2)]
    assert answers == [201, 409]
    assert HubKey.objects.filter(replaces_id=made["id"]).count() == 1


@pytest.mark.parametrize("hours", [-1, 721, "1", 1.5, True])
def test_a_bad_overlap_is_refused_by_name(alices: Caller, hours: object) -> None:
    made, _ = new(alices)
    answer = alices.post(f"{PATH}/{made['id']}/rotate", {"overlap_hours": hours})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["overlap_hours"])


def test_a_change_holds_at_once(alices: Caller) -> None:
    made, key = new(alices)
    address = f"{PATH}/{made['id']}"
    changed = alices.patch(address, {"name": "robot", "scopes": ["read"], "allowed_networks": ["127.0.0.1"]}).json()
    assert (changed["name"], changed["scopes"], changed["allowed_networks"]) == ("robot", ["read"], ["127.0.0.1/32"])
    assert key.post("/api/v1/generations", WISH).status_code == 403
    assert alices.patch(address, {"allowed_networks": ["10.0.0.0/8"]}).status_code == 200
    assert key.get(MODELS).status_code == 403
    assert alices.patch(address, {"prefix": "chk_x"}).status_code == 400
    alices.delete(address)
    assert alices.patch(address, {"name": "late"}).status_code == 409


@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("PATCH", ""), ("POST", "/rotate"), ("DELETE", "")])
def test_another_teams_key_is_not_there(alices: Caller, charlies: Caller, bobs: Caller, method: str, end: str) -> None:
    made, _ = new(alices)
    assert charlies.send(method, f"{PATH}/{made['id']}{end}", {}).status_code == 404
    # Bob is a member: his key lacks `manage`, and he sees his own keys alone.
    assert bobs.send(method, f"{PATH}/{made['id']}{end}", {}).status_code in (403, 404)
    assert alices.get(f"{PATH}/{made['id']}").status_code == 200
    assert HubKey.objects.get(id=made["id"]).revoked_at is None


def test_a_teams_owner_gets_no_members_key(charlies: Caller, charlie: Actor, bob: Actor) -> None:
    key = HubKey.objects.create(name="x", team=charlie.team, user=bob.user, prefix="chk_x", digest="x", scopes=["read"])
    assert charlies.post(f"{PATH}/{key.pk}/rotate", {}).status_code == 403
    assert charlies.delete(f"{PATH}/{key.pk}").status_code == 204


def test_a_teams_owner_narrows_the_key_of_another_and_never_widens_it(
    alices: Caller, charlies: Caller, alice: Actor, charlie: Actor, other_model: CloudModel
) -> None:
    """Its text acts in the name of an owner of the hub, whatever Charlie is."""
    limits = {**LIMITS, "scopes": ["read"], "expires_at": timezone.now() + timedelta(days=1)}
    key = HubKey.objects.create(name="x", team=charlie.team, user=alice.user, prefix="chk_x", digest="x", **limits)
    wider = [{"scopes": ["read", "manage"]}, {"allowed_models": []}, {"allowed_models": ["practice-2"]},
             {"allowed_networks": []}, {"calls_a_minute": None}, {"calls_a_minute": 51},
             {"expires_at": None}]  # fmt: skip
    for more in wider:
        assert charlies.patch(f"{PATH}/{key.pk}", more).status_code == 403, more
    assert charlies.patch(f"{PATH}/{key.pk}", {"calls_a_minute": 5, "name": "slow"}).status_code == 200
    assert charlies.patch(f"{PATH}/{key.pk}", {"allowed_networks": ["127.0.0.1"]}).status_code == 200
    assert alices.patch(f"{PATH}/{key.pk}", {"scopes": ["read", "manage"]}).status_code == 200


def test_a_revoked_key_takes_along_what_it_made(alices: Caller, bob: Actor) -> None:
    """Whoever stole it may have made keys with it, in another's name too, rotated them, and rotated others."""
    stolen, thief = new(alices, name="stolen")
    others, _ = new(alices, name="other")
    child, own = new(thief, name="child")
    grandchild, _ = new(own, name="grandchild", user=bob.user.email, scopes=["read"])
    rotated = [thief.post(f"{PATH}/{key['id']}/rotate", {}).json() for key in (child, others)]
    follower = alices.post(f"{PATH}/{stolen['id']}/rotate", {}).json()
    assert alices.delete(f"{PATH}/{stolen['id']}").status_code == 204
    left = HubKey.objects.filter(revoked_at=None).exclude(name="test").values_list("id", flat=True)
    assert set(map(str, left)) == {others["id"], follower["id"]}
    ended = AuditEntry.objects.filter(action="hub_key.revoked", details__made_with_key=int(stolen["id"]))
    assert {line.target_id for line in ended} == {child["id"], grandchild["id"], *(key["id"] for key in rotated)}


def test_a_key_that_is_being_revoked_makes_no_more(alice: Actor) -> None:
    key = find_hub_key(key_of(alice))
    program = actor_of_hub_key(key)
    other = find_hub_key(key_of(alice))
    revoke_hub_key(actor=alice, key_id=key.pk)
    for verb in (lambda: issue_hub_key(program, {"name": "late"}), lambda: rotate_hub_key(program, other.pk)):
        with pytest.raises(Forbidden, match="has been revoked"):
            verb()
    assert HubKey.objects.count() == 2


# Trail, look-up, command


def test_every_act_is_in_the_trail_and_no_text(alices: Caller) -> None:
    made, _ = new(alices, **LIMITS, budget=BUDGET)
    fresh = alices.post(f"{PATH}/{made['id']}/rotate", {}).json()
    alices.patch(f"{PATH}/{fresh['id']}", {"name": "robot"})
    alices.delete(f"{PATH}/{fresh['id']}")
    alices.delete(f"{PATH}/{fresh['id']}")
    lines = list(AuditEntry.objects.filter(action__startswith="hub_key.").exclude(hub_key=None).order_by("number"))
    assert [line.action.removeprefix("hub_key.") for line in lines] == ["created", "rotated", "changed", "revoked"]
    assert lines[0].details["budget"]["limit"] == "0.040000"
    text = repr(list(AuditEntry.objects.values()))
    assert made["key"][10:] not in text
    assert fresh["key"][10:] not in text


def test_a_key_is_found_by_its_hash_alone(alices: Caller) -> None:
    """One equality on a digest: how long it takes says nothing of how much of a text is right."""
    made, _ = new(alices)
    for text in (made["key"], made["key"][:-1] + "?", "chk_wrong"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            find_hub_key(text)
        assert len(queries) == 1
        assert '"digest" = ' in queries[0]["sql"]
        assert text not in queries[0]["sql"]


def test_the_command_makes_a_limited_key(alices: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_hub_key", "nightly", scopes="read", models="practice-1", networks="10.0.0.0/8,::1", days=7,
                 calls_a_minute=9, budget="5", currency="XTS")  # fmt: skip
    text = capsys.readouterr().out.strip()
    key = find_hub_key(text)
    assert key is not None
    assert (key.scopes, key.allowed_models, key.calls_a_minute) == (["read"], ["practice-1"], 9)
    assert key.allowed_networks == ["10.0.0.0/8", "::1/128"]
    assert Budget.objects.get().target == str(key.pk)
    assert AuditEntry.objects.get(target_id=str(key.pk)).door == "command"
