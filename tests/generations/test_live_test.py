"""`live_test` as a person runs it, the emulator in place of the vendor: a hub of its own, and at most five cents."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from providers.emulation.server import RunningServer
from tests.canary import TEST_KEY

ROOT = Path(__file__).resolve().parent.parent.parent


def live_test(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "PYTEST", "CLOUDHUB"))}
    own = {"SECRET_KEY": "a-secret-for-tests-only-0123456789-abcdefghijklmnop", "CLOUDHUB_ENV_FILE": "",
           "CLOUDHUB_DATA_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}  # fmt: skip
    command = [sys.executable, str(ROOT / "manage.py"), "live_test", *arguments]
    return subprocess.run(command, env={**kept, **own}, cwd=ROOT, capture_output=True, text=True, timeout=110)


def test_without_the_word_nothing_is_spent(vendors: RunningServer, tmp_path: Path) -> None:
    told = live_test(tmp_path, "google-gemini")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "API credentials are valid" in told.stdout
    assert "A wrong key is told as such" in told.stdout
    assert "The cheapest call is" in told.stdout
    assert "NOTHING WAS SPENT" in told.stdout
    assert vendors.exchange.invoice.as_json()["calls"] == []
    assert list(tmp_path.iterdir()) == [], "its folder is thrown away"


def test_with_the_word_one_cheap_picture_is_made_and_booked(vendors: RunningServer, tmp_path: Path) -> None:
    told = live_test(tmp_path, "openai", "--spend")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "A picture came: image/" in told.stdout
    assert "The books agree" in told.stdout
    assert told.stdout.rstrip().endswith("ALL CHECKS PASSED")
    (call,) = vendors.exchange.invoice.as_json()["calls"]
    assert float(call["amount"]) <= 0.05
    assert TEST_KEY not in told.stdout + told.stderr


def test_what_costs_more_than_five_cents_is_not_sent(vendors: RunningServer, tmp_path: Path) -> None:
    told = live_test(tmp_path, "google-imagen", "--spend", "--model", "imagen-4.0-ultra-generate-001")
    assert told.returncode == 1
    assert "budget" in told.stdout
    assert vendors.exchange.invoice.as_json()["calls"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody",), "There is no vendor nobody."),
        (("adobe-firefly",), "No model of Adobe Firefly with a known price draws from words alone."),
    ],
)
def test_what_cannot_be_tried_is_said(
    vendors: RunningServer, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    told = live_test(tmp_path, *arguments)
    assert (told.returncode, words in told.stdout) == (1, True), told.stdout + told.stderr
