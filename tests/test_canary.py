"""The watch over test keys can fail: it finds a key in a file, in a database and in what the suite prints."""

import base64
from pathlib import Path

import pytest
from django.db import connection

from cloudhub.accounts.models import Team
from cloudhub.health.models import KeyCheck
from tests import canary
from tests.canary import CANARY, TEST_KEY, Statements
from tests.conftest import statements

ROOT = Path(__file__).resolve().parent.parent
BASIC = base64.b64encode(f"user:{TEST_KEY}".encode())


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    # Ids of their own: the report, which is looked through too, names each test.
    "text",
    [TEST_KEY.encode(), b"\0\1" + TEST_KEY.encode() + b"\xff", BASIC],
    ids=["alone", "among bytes", "in base64"],
)
def test_a_key_in_a_file_ends_a_run_badly(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "canary-counts").mkdir()
    (tmp_path / "canary-counts" / "1").write_text("41")
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "log").write_text("harmless")
    assert canary.verdict(tmp_path) == ("canary: nothing found in 2 files, 41 statements", True)
    (tmp_path / "a" / "b" / "log").write_bytes(text)
    line, well = canary.verdict(tmp_path)
    # The run's own verdict looks here as well.
    (tmp_path / "a" / "b" / "log").unlink()
    assert not well
    assert "a/b/log" in line


@pytest.mark.django_db
def test_a_key_in_any_column_is_seen_as_it_is_written() -> None:
    watch = Statements("a-text-of-this-test")
    with connection.execute_wrapper(watch):
        Team.objects.create(name="harmless")
        assert watch.found == 0
        Team.objects.create(name="holds a-text-of-this-test inside")
        KeyCheck.objects.filter(id=0).update(sentence="a-text-of-this-test")
    assert (watch.found, watch.seen) == (2, 3)


@pytest.mark.django_db
def test_a_key_in_json_is_seen_too() -> None:
    watch = Statements("a-text-of-this-test")
    with connection.execute_wrapper(watch), connection.cursor() as cursor:
        cursor.execute("SELECT %s", [connection.ops.adapt_json_value({"a": ["x" * 500, "a-text-of-this-test"]}, None)])
    assert watch.found == 1


@pytest.mark.django_db
def test_every_connection_of_the_tests_is_watched() -> None:
    before = statements.seen
    Team.objects.count()
    assert statements.seen > before


@pytest.mark.sqlite_only
def test_no_source_holds_this_runs_canary() -> None:
    holding = [path for path in ROOT.rglob("*.py") if ".venv" not in path.parts and CANARY in path.read_text()]
    assert holding == []
