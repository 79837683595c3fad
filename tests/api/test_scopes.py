"""What a key may do is its scopes within its person's role; another team's things are not there."""

from collections.abc import Callable

import pytest

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import HubKey
from cloudhub.billing.models import Budget
from cloudhub.generations.models import Generation
from tests.api.caller import WISH, Caller, caller_of

BUDGET = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}
NO_ID = "0190f0f0-0000-7000-8000-000000000000"
READS = ["providers", "providers/practice", "cloud_models", "cloud_models/practice-1", "generations", "budgets",
         "usage", "usage/entries", f"generations/{NO_ID}", f"images/{NO_ID}", "budgets/1"]  # fmt: skip
MANAGES = [
    ("POST", "cloud_models", {"provider": "practice", "cloud_model_id": "practice-1", "key": "second"}),
    ("PATCH", "cloud_models/practice-1", {"enabled": False}),
    ("POST", "budgets", BUDGET),
    ("PATCH", "budgets/1", {"name": "new"}),
    ("DELETE", "budgets/1", None),
    ("POST", "hub_keys", {"name": "ci", "scopes": ["read"]}),
    ("DELETE", "hub_keys/1", None),
    ("POST", "providers/practice/check", None),
    ("PATCH", "lanes/1", {"limits": None}),
    ("POST", "lanes/1/open", None),
    ("POST", f"attempts/{NO_ID}/decision", {"action": "settle", "reason": "seen on the bill"}),
]


@pytest.mark.parametrize("path", READS)
def test_reading_needs_the_scope_read(alice: Actor, path: str) -> None:
    answer = caller_of(alice, "generate", "manage").get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize(("method", "path", "body"), MANAGES, ids=lambda value: str(value)[:30])
def test_changing_things_needs_the_scope_manage(alice: Actor, method: str, path: str, body: object) -> None:
    answer = caller_of(alice, "read", "generate").send(method, f"/api/v1/{path}", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert not Budget.objects.exists()


@pytest.mark.parametrize(("method", "path", "body"), MANAGES, ids=lambda value: str(value)[:30])
def test_a_member_may_not_change_things_whatever_the_key_says(
    bobs: Caller, method: str, path: str, body: object
) -> None:
    assert bobs.send(method, f"/api/v1/{path}", body).status_code == 403


@pytest.mark.parametrize("path", ["/api/v1/generations", "/v1/images/generations"])
def test_spending_needs_the_scope_generate(alice: Actor, path: str) -> None:
    body = {"model": "practice-1", "prompt": "a red fox"}
    assert caller_of(alice, "read", "manage").post(path, body).status_code == 403
    assert not Generation.objects.exists()


def test_a_viewer_reads_and_does_not_spend(victor: Actor) -> None:
    victors = caller_of(victor)
    assert victors.get("/api/v1/generations").status_code == 200
    assert victors.post("/api/v1/estimates", WISH).status_code == 200
    assert victors.post("/api/v1/generations", WISH).status_code == 403


def test_uploading_and_cancelling_need_the_scope_generate(alice: Actor, png: bytes) -> None:
    readers = caller_of(alice, "read")
    assert readers.upload(file=png).status_code == 403
    assert readers.post(f"/api/v1/generations/{NO_ID}/cancel").status_code == 403


def test_another_teams_generation_is_not_there(charlies: Caller, finished: Callable[..., dict]) -> None:
    generation = finished("#lost a fox")
    attempt = generation["attempts"][0]["id"]
    decision = {"action": "settle", "reason": "seen on the bill"}
    assert charlies.get(f"/api/v1/generations/{generation['id']}").status_code == 404
    assert charlies.post(f"/api/v1/generations/{generation['id']}/cancel").status_code == 404
    assert charlies.post(f"/api/v1/attempts/{attempt}/decision", decision).status_code == 404
    assert charlies.get("/api/v1/generations").json()["results"] == []
    assert charlies.get("/api/v1/usage/entries").json()["results"] == []


def test_another_teams_picture_is_not_there(charlies: Caller, finished: Callable[..., dict]) -> None:
    image = finished()["images"][0]["id"]
    for query in ("", "?format=json", "?original=1", "?thumbnail=1"):
        assert charlies.get(f"/api/v1/images/{image}{query}").status_code == 404
    answer = charlies.post("/api/v1/generations", {**WISH, "input_images": [image]})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["input_images[0]"])


def test_another_teams_budget_is_not_there(alices: Caller, charlies: Caller, alice: Actor) -> None:
    budget = alices.post("/api/v1/budgets", {**BUDGET, "scope": "team", "target": str(alice.team.pk)}).json()
    address = f"/api/v1/budgets/{budget['id']}"
    assert charlies.get(address).status_code == 404
    assert charlies.patch(address, {"limit": "99.000000"}).status_code == 404
    assert charlies.delete(address).status_code == 404
    assert Budget.objects.get().limit_micros == 1_000_000


def test_a_team_owner_sets_no_budget_beyond_their_team(charlies: Caller) -> None:
    assert charlies.post("/api/v1/budgets", BUDGET).status_code == 403


def test_another_teams_hub_key_is_not_there(alices: Caller, charlies: Caller) -> None:
    key = HubKey.objects.get(user__email="alice@example.org")
    assert charlies.delete(f"/api/v1/hub_keys/{key.pk}").status_code == 404
    assert [row["user"] for row in charlies.get("/api/v1/hub_keys").json()["results"]] == ["charlie@example.org"]
    assert alices.get("/api/v1/hub_keys").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["generations/x", f"generations/{NO_ID}", "budgets/x", "budgets/²", f"budgets/{'9' * 30}", f"budgets/{'9' * 4500}",
     "images/x", "cloud_models/x", "cloud_models/%00", "providers/x", "providers/%00"],
)  # fmt: skip
def test_what_is_not_there_is_404_whatever_its_name(alices: Caller, path: str) -> None:
    answer = alices.get(f"/api/v1/{path}")
    assert answer.status_code == 404, answer.content
    assert answer.json()["error"]["code"] in ("not_found", "model_not_found")


@pytest.mark.parametrize("key_id", ["x", "²", "9" * 30, "0"])
def test_revoking_what_is_not_there_is_404(alices: Caller, key_id: str) -> None:
    assert alices.delete(f"/api/v1/hub_keys/{key_id}").status_code == 404
