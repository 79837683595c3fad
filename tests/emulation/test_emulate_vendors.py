"""The command `manage.py emulate_vendors`, run as people run it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


def started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(MANAGE), "emulate_vendors", *arguments]
    environment = {**os.environ, "SECRET_KEY": settings.SECRET_KEY}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command at work on a free port, and its address from the ready line."""
    with started("--port", "0") as process:
        try:
            line = process.stdout.readline()
            yield process, re.search(r"http://[^\s;]+", line)[0]
        finally:
            process.kill()


def test_the_printed_environment_leads_to_the_mounts() -> None:
    with started("--port", "9199", "--print-env") as process:
        words, _ = process.communicate(timeout=30)
    assert "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9199/google" in words.splitlines()
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_and_stops_on_a_signal(
    running: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    process, url = running
    assert httpx.get(url).status_code == 200
    process.send_signal(number)
    _, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints) == (0, "")


def test_a_taken_port_is_told(running: tuple[subprocess.Popen[str], str]) -> None:
    port = httpx.URL(running[1]).port
    with started("--port", str(port)) as process:
        _, complaints = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in complaints
