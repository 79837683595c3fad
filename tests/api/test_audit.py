"""The audit trail by the API."""

import json

from cloudhub.accounts.actor import Actor
from tests.api.caller import Caller, caller_of

BUDGET = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}


def test_lines_come_page_by_page_and_name_key_and_address(alices: Caller) -> None:
    number = alices.post("/api/v1/budgets", BUDGET).json()["id"]
    alices.patch(f"/api/v1/budgets/{number}", {"limit": "2.000000"})
    alices.delete(f"/api/v1/budgets/{number}")
    first = alices.get(f"/api/v1/audit?object=budget:{number}&limit=2").json()
    second = alices.get(first["next"]).json()
    found = [*first["results"], *second["results"]]
    assert [line["action"] for line in found] == ["budget.ended", "budget.changed", "budget.created"]
    assert second["next"] is None
    line = found[0]
    assert (line["door"], line["address"], line["hub_key"]) == ("api", "127.0.0.1", "test")
    assert found[0]["previous_hash"] == found[1]["hash"]


def test_a_file_comes_in_one_piece(alices: Caller) -> None:
    alices.post("/api/v1/budgets", BUDGET)
    lines = b"".join(alices.get("/api/v1/audit/export?format=jsonl&action=budget").streaming_content).splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["budget.created"]
    table = alices.get("/api/v1/audit/export?action=budget")
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    assert alices.get("/api/v1/audit/export?format=pdf").json()["error"]["fields"].keys() == {"format"}


def test_it_takes_the_scope_manage(alice: Actor, bobs: Caller) -> None:
    for path in ("/api/v1/audit", "/api/v1/audit/export"):
        assert caller_of(alice, "read", "generate").get(path).status_code == 403
        assert bobs.get(path).status_code == 403


def test_another_teams_lines_are_not_there(alices: Caller, charlies: Caller) -> None:
    alices.post("/api/v1/budgets", BUDGET)
    lines = charlies.get("/api/v1/audit").json()["results"]
    assert [line["action"] for line in lines] == ["hub_key.created"], "the own key, and nothing of the other team"


def test_a_bad_filter_is_named(alices: Caller) -> None:
    for query in ("since=soon", "door=window", "cursor=x", "limit=0", "whom=x", "person=%00"):
        answer = alices.get(f"/api/v1/audit?{query}")
        assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [query.partition("=")[0]]), query
