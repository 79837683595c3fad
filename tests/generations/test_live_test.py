"""`live_test` as a person runs it, the emulator in place of the vendor: a hub of its own, and at most five cents."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from cloudhub.generations.management.commands import live_test as command
from providers.emulation.server import RunningServer
from tests.canary import TEST_KEY
from tests.generations.test_commands import run

pytestmark = pytest.mark.sqlite_only
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def inside(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """This test's database in place of the hub of its own, which takes seconds to make."""
    monkeypatch.setenv(command.INSIDE, str(settings.DATA_DIR))


def test_with_secrets_in_files_one_cheap_picture_is_booked_and_the_hub_left_alone(
    vendors: RunningServer, tmp_path: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "PYTEST", "CLOUDHUB"))}
    secrets, data = tmp_path / "secrets", tmp_path / "data"
    secrets.mkdir()
    data.mkdir()
    production = secrets / "production.sqlite3"
    values = {"DATABASE_URL": f"sqlite:///{production}", "OPENAI_API_KEY": kept["OPENAI_API_KEY"],
              "SECRET_KEY": "a-secret-for-tests-only-0123456789-abcdefghijklmnop"}  # fmt: skip
    for name, value in values.items():
        (secrets / name).write_text(f"{value}\n")
    # One of the three is named by a line of `.env`.
    (secrets / "env").write_text(f"DATABASE_URL_FILE={secrets / 'DATABASE_URL'}\n")
    files = {f"{name}_FILE": str(secrets / name) for name in ("OPENAI_API_KEY", "SECRET_KEY")}
    own = {**files, "CLOUDHUB_ENV_FILE": str(secrets / "env"), "CLOUDHUB_DATA_DIR": str(data), "TMPDIR": str(data)}
    kept = {name: value for name, value in kept.items() if name not in values}
    try:
        told = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "live_test", "openai", "--spend"],
            env={**kept, **own}, cwd=ROOT, capture_output=True, text=True, timeout=110,
        )  # fmt: skip
    finally:
        # The watch over the whole run looks for this key in every file.
        (secrets / "OPENAI_API_KEY").unlink()
    assert told.returncode == 0, told.stdout + told.stderr
    assert "A picture came: image/" in told.stdout
    assert "The books agree" in told.stdout
    assert told.stdout.rstrip().endswith("ALL CHECKS PASSED")
    (call,) = vendors.exchange.invoice.as_json()["calls"]
    assert float(call["amount"]) <= 0.05
    assert TEST_KEY not in told.stdout + told.stderr
    assert list(data.iterdir()) == [], "its folder is thrown away"
    assert not production.exists(), "the hub's own database stays as it is"


@pytest.mark.usefixtures("inside")
def test_without_the_word_nothing_is_spent(vendors: RunningServer) -> None:
    code, said = run("live_test", "google-gemini")
    assert code == 0, said
    assert "API credentials are valid" in said
    assert "A wrong key is told as such" in said
    assert "The cheapest call is" in said
    assert "NOTHING WAS SPENT" in said
    assert vendors.exchange.invoice.as_json()["calls"] == []


@pytest.mark.usefixtures("inside")
def test_what_costs_more_than_five_cents_is_not_sent(vendors: RunningServer) -> None:
    code, said = run("live_test", "google-imagen", "--spend", "--model", "imagen-4.0-ultra-generate-001")
    assert code == 1
    assert "budget" in said
    assert vendors.exchange.invoice.as_json()["calls"] == []


@pytest.mark.usefixtures("inside")
def test_a_vendor_without_a_known_price_is_said(vendors: RunningServer) -> None:
    code, said = run("live_test", "adobe-firefly")
    assert (code, "No model of Adobe Firefly with a known price draws from words alone." in said) == (1, True), said


def test_a_vendor_that_is_not_there_is_said_at_once() -> None:
    code, said = run("live_test", "nobody")
    assert (code, "There is no vendor nobody." in said) == (1, True), said
