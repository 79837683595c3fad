"""The real program in a process of its own, which a test starts, kills and asks."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.generations.booked import Booked

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 90


@dataclass
class HubFolder:
    """A data folder and database with everything prepared; processes of the hub come and go on it."""

    data: Path
    database_url: str
    key: str
    environment: dict[str, str]
    processes: list["HubProcess"] = field(default_factory=list)

    def serve(self, **extra: str) -> "HubProcess":
        """Start web and runner; returns once it answers."""
        process = HubProcess(self, extra)
        self.processes.append(process)
        process.wait_until_ready()
        return process

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(str(ROOT / "manage.py"), *arguments)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=110
        )
        assert ended.returncode in (0, 1), ended.stderr[-2000:]
        return ended

    def recover(self) -> dict[str, Any]:
        """What the next start does with what a dead process left, and how everything stands afterwards."""
        return self.report("recover")

    def report(self, *jobs: str) -> dict[str, Any]:
        """How everything stands, after `jobs` of `inside` in the same process."""
        ended = self.run("-m", "tests.processes.inside", *jobs, "report")
        assert ended.returncode == 0, ended.stderr[-2000:]
        told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        told["attempts"] = [Booked(**attempt) for attempt in told["attempts"]]
        return told


class HubProcess:
    """`manage.py serve` on a free port. `extra` goes into its environment, such as CLOUDHUB_CRASH_AT."""

    def __init__(self, folder: HubFolder, extra: dict[str, str]) -> None:
        self.log = folder.data / f"serve-{len(folder.processes)}.log"
        self.url = ""
        self.folder = folder
        command = [sys.executable, str(ROOT / "manage.py"), "serve", "--host", "127.0.0.1", "--port", "0"]
        if "GRACE" in extra:
            command += ["--grace", extra.pop("GRACE")]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, env={**folder.environment, **extra}, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def wait_until_ready(self) -> None:
        last = time.monotonic() + READY_SECONDS
        while time.monotonic() < last:
            words = self.log.read_text()
            if "Stop with Ctrl-C" in words:
                self.url = words.split("CloudHub is ready on ")[1].split()[0]
                return
            assert self.process.poll() is None, words
            time.sleep(0.05)
        raise AssertionError(f"not ready in time: {self.log.read_text()}")

    def ask(self, method: str, path: str, body: object = None, *, seconds: float = 60) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.folder.key}"}
        return httpx.request(method, f"{self.url}/api/v1/{path}", json=body, headers=headers, timeout=seconds)

    def wait_until_dead(self, seconds: float = 60) -> int:
        return self.process.wait(timeout=seconds)

    def kill(self) -> None:
        """As a power cut: nothing of the process runs on."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=20)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)
