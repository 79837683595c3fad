"""Which lines somebody reads: whose, filtered, and as files."""

import csv
import json

import pytest

from cloudhub.accounts.actor import Actor, Origin, actor_of_user
from cloudhub.accounts.audit_report import COLUMNS, as_csv, as_json_lines, audit_lines_for, present_line
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import AuditEntry
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Forbidden, Invalid
from tests.conftest import Cast


@pytest.fixture
def told(cast: Cast) -> Cast:
    """Alice at a page, Charlie by a command, and the hub itself."""
    alice = actor_of_user(cast.alice.user, origin=Origin("page", "203.0.113.7"))

    def act() -> None:
        record(alice, "budget.changed", target_kind="budget", target_id=3, target_name="Week", details={"hard": True})
        record(cast.charlie, "hub_key.revoked", target_kind="hub_key", target_id=3, target_name="=HYPERLINK(evil)")
        record(None, "price.blocked", target_kind="model", target_id="practice-1", target_name="+1")

    run_transaction(act)
    return cast


def _actions(actor: Actor, **filters: str) -> list[str]:
    stage = ["model.registered"]
    return [line.action for line in audit_lines_for(actor, filters) if line.action not in stage]


def test_the_hubs_owner_reads_all_and_a_teams_owner_their_teams(told: Cast) -> None:
    assert _actions(told.alice) == ["price.blocked", "hub_key.revoked", "budget.changed"]
    assert _actions(told.charlie) == ["hub_key.revoked"]
    assert _actions(told.charlie, team=str(told.team.pk)) == []


def test_nobody_else_reads_it(told: Cast) -> None:
    for actor in (told.bob, told.victor):
        with pytest.raises(Forbidden):
            audit_lines_for(actor, {})


FILTERS = [
    ({"person": "ALICE@example.org"}, ["budget.changed"]),
    ({"person": "alice"}, []),
    ({"action": "hub_key.revoked"}, ["hub_key.revoked"]),
    ({"action": "budget"}, ["budget.changed"]),
    ({"action": "bud"}, []),
    ({"object": "budget"}, ["budget.changed"]),
    ({"object": "hub_key:3"}, ["hub_key.revoked"]),
    ({"object": "hub_key:4"}, []),
    ({"team": "elsewhere"}, ["hub_key.revoked"]),
    ({"door": "page"}, ["budget.changed"]),
    ({"door": "command"}, ["hub_key.revoked"]),
    ({"since": "2020-01-01", "until": "2020-01-02"}, []),
    ({"since": "2020-01-01T00:00:00Z", "door": "page", "person": "", "team": " Studio "}, ["budget.changed"]),
]


@pytest.mark.parametrize(("filters", "found"), FILTERS, ids=str)
def test_filters_find(told: Cast, filters: dict[str, str], found: list[str]) -> None:
    assert _actions(told.alice, **filters) == found


@pytest.mark.parametrize("filters", [{"since": "soon"}, {"until": "2026-13-01"}, {"door": "window"}, {"whom": "x"},
                                     {"person": "a\x00b"}], ids=str)  # fmt: skip
def test_a_bad_filter_is_named(told: Cast, filters: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        audit_lines_for(told.alice, filters)
    assert set(refused.value.fields) == set(filters)


def test_files_hold_every_column_the_oldest_line_first(told: Cast) -> None:
    lines = audit_lines_for(told.alice, {})
    rows = list(csv.DictReader("".join(as_csv(lines)).splitlines()))
    objects = [json.loads(line) for line in as_json_lines(lines)]
    assert tuple(rows[0]) == tuple(objects[0]) == COLUMNS
    assert [row["number"] for row in rows] == [str(line["number"]) for line in objects]
    assert [line["number"] for line in objects] == sorted(line["number"] for line in objects)
    assert objects[-3] == present_line(AuditEntry.objects.get(action="budget.changed"))
    assert (objects[-3]["address"], objects[-3]["details"]) == ("203.0.113.7", {"hard": True})


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_begins_like_a_formula(cast: Cast, name: str) -> None:
    run_transaction(lambda: record(cast.alice, "thing.made", target_name=name))
    rows = list(csv.DictReader(as_csv(audit_lines_for(cast.alice, {"action": "thing"})), strict=True))
    assert rows[0]["target_name"].startswith("'")
    assert present_line(AuditEntry.objects.get(action="thing.made"))["target_name"] == name
