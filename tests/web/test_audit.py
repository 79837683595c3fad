"""The page of the audit trail."""

import json
from datetime import UTC

import pytest
from django.test import Client
from pytest_django import Settings

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import AuditEntry
from cloudhub.core.database import run_transaction
from cloudhub.web.audit_words import action_words
from tests.conftest import Cast

BUDGET = {"name": "Week <b>", "limits": "hub", "window": "week", "limit": "5", "currency": "USD"}


@pytest.fixture
def changed(alices: Client) -> None:
    """A budget made and changed at the page, from an address."""
    assert alices.post("/budgets/", BUDGET).status_code == 302
    number = AuditEntry.objects.latest("number").target_id
    assert alices.post(f"/budgets/{number}/change", {"limit": "7.5"}).status_code == 302


def test_the_page_tells_what_was_done_from_where(changed: None, alices: Client) -> None:
    page = alices.get("/audit/").content.decode()
    assert "<strong>alice@example.org</strong> changed the budget" in page
    assert "Week &lt;b&gt;" in page
    assert "limit: 5.000000 → 7.500000" in page
    assert "Pages from 127.0.0.1 · Studio" in page


def test_times_are_told_in_utc_wherever_the_hub_is(changed: None, alices: Client, settings: Settings) -> None:
    at = AuditEntry.objects.latest("number").at.astimezone(UTC)
    settings.TIME_ZONE = "Asia/Kathmandu"
    page = alices.get("/audit/").content.decode()
    assert f"{at:%-d %b %Y %H:%M:%S}</time>" in page
    assert "Days and times are in UTC." in page


def test_filters_stay_in_the_links(changed: None, alices: Client) -> None:
    page = alices.get("/audit/?action=budget&person=alice%40example.org").content.decode()
    assert page.count("audit-line") == 2
    assert "/audit/lines.csv?action=budget&amp;person=alice%40example.org" in page


def test_older_lines_are_a_page_away(cast: Cast, alices: Client) -> None:
    def act() -> None:
        for number in range(60):
            record(cast.alice, "thing.made", target_name=f"thing {number}")

    run_transaction(act)
    first = alices.get("/audit/?action=thing")
    assert first.content.decode().count("audit-line") == 50
    second = alices.get(f"/audit/?{first.context['older']}").content.decode()
    assert second.count("audit-line") == 10
    assert "thing 9<" in second
    assert "Older lines" not in second


def test_an_erased_person_is_nobody(changed: None, alices: Client) -> None:
    AuditEntry.objects.all().update(who="", address="", target_name="", salt="")
    page = alices.get("/audit/?action=budget").content.decode()
    assert "somebody who was erased" in page
    assert "alice@example.org</strong>" not in page


def test_a_bad_filter_stays_in_its_field(alices: Client) -> None:
    page = alices.get("/audit/?since=soon&person=x%40y")
    assert page.status_code == 422
    assert 'id="since-error"' in page.content.decode()
    assert 'value="x@y"' in page.content.decode()


def test_files_keep_the_filters(changed: None, alices: Client, charlies: Client) -> None:
    table = alices.get("/audit/lines.csv?action=budget")
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    assert table["Content-Disposition"].startswith('attachment; filename="audit-')
    assert b"".join(table.streaming_content).count(b"\r\n") == 3
    lines = b"".join(alices.get("/audit/lines.jsonl?action=budget.created").streaming_content).splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["budget.created"]
    assert b"".join(charlies.get("/audit/lines.jsonl").streaming_content) == b""
    assert alices.get("/audit/lines.pdf").status_code == 404
    assert alices.get("/audit/lines.csv?since=soon").status_code == 422


def test_members_see_neither_page_nor_link(bobs: Client, alices: Client, alice: Actor) -> None:
    assert bobs.get("/audit/").status_code == bobs.get("/audit/lines.csv").status_code == 403
    assert "/audit/" not in bobs.get("/account/").content.decode()
    assert "/audit/" in alices.get("/account/").content.decode()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("action", "words"),
    [("hub_key.revoked", "revoked the hub key"), ("provider_key.added", "added the vendor key"),
     ("lane.opened", "let calls go again in the lane"), ("user.changed", "changed the person")],
)  # fmt: skip
def test_actions_are_plain_words(action: str, words: str) -> None:
    assert action_words(action) == words
