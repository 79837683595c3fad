"""RunPod's official SDK (PyPI: runpod) works unchanged against the emulator, and our client sends what it sends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from providers.base import Key
from providers.emulation.server import RunningServer
from providers.runpod.client import RunPod
from providers.runpod.emulator import work
from providers.runpod.tests.stage import fitted
from tests.contract.tap import Arrived, tapped
from tests.emulation.calls import opened

ROOT = Path(__file__).resolve().parents[2]
KEY, QWEN = "rpa_test0123456789", "qwen-image-t2i"
# Of the HTTP library, the address, which program it is; and the SDK names a type of content where it sends none.
HEADERS_OF_THEIR_OWN = {"host", "accept", "accept-encoding", "connection", "content-length", "user-agent"}
Sent = tuple[str, str, dict[str, str], Any]


@pytest.fixture(scope="module")
def session(served: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[Arrived]]:
    """What the SDK was told in one session, and the calls by which it asked."""
    served.exchange.invoice.clear()
    served.exchange.faults.clear()
    own = {"HOME": str(tmp_path_factory.mktemp("home")), "NO_PROXY": "127.0.0.1",
           "RUNPOD_ENDPOINT_BASE_URL": f"{served.environment['RUNPOD_BASE_URL']}/v2"}  # fmt: skip
    with tapped(served) as tap, pytest.MonkeyPatch.context() as patch:
        # A job must still wait when the SDK, in its own time, cancels it.
        patch.setattr(work, "STARTS_AFTER", 0.5)
        ended = subprocess.run(
            [sys.executable, "-m", "tests.emulation.runpod_session"],
            env={**os.environ, **own}, cwd=ROOT, capture_output=True, text=True, timeout=110,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr[-2000:]
        return json.loads(ended.stdout.splitlines()[-1]), list(tap.calls)


def test_the_sdk_runs_a_job_at_once(session: tuple[dict[str, Any], list[Arrived]]) -> None:
    output = session[0]["run_sync"]
    assert opened(httpx.get(output["image_url"]).content).size == (512, 768)
    assert output["cost"] == 0.0009437184


def test_the_sdk_asks_until_a_job_is_done(session: tuple[dict[str, Any], list[Arrived]]) -> None:
    told = session[0]
    assert (told["run"]["first"], told["run"]["last"]) == ("IN_QUEUE", "COMPLETED")
    assert opened(httpx.get(told["run"]["output"]["image_url"]).content).size == (1024, 1024)
    assert told["failed"] == "FAILED"


def test_the_sdk_cancels_a_job(session: tuple[dict[str, Any], list[Arrived]]) -> None:
    told = session[0]
    assert told["compared"]["before"] == "IN_QUEUE"
    assert told["compared"]["cancelled"] == {"id": told["compared"]["job"], "status": "CANCELLED"}
    assert told["after"] == "CANCELLED"


def test_the_sdk_reads_an_endpoints_health(session: tuple[dict[str, Any], list[Arrived]]) -> None:
    assert set(session[0]["health"]) == {"jobs", "workers"}


def test_the_sdk_raises_its_own_errors(session: tuple[dict[str, Any], list[Arrived]]) -> None:
    told = session[0]
    name, words = told["wrong key"]
    assert (name, "Unauthorized" in words) == ("RuntimeError", True), words
    assert told["no endpoint"] == ["HTTPError", 404]
    assert told["no input"] == ["HTTPError", 400]


def sent(method: str, path: str, headers: Any, body: bytes, job: str) -> Sent:
    """A request without what is each program's own; the job's id becomes JOB."""
    own = HEADERS_OF_THEIR_OWN | (set() if body else {"content-type"})
    kept = {name.lower(): value for name, value in headers.items() if name.lower() not in own}
    return method, path.replace(job, "JOB"), kept, orjson.loads(body) if body else None


def test_our_client_sends_what_the_sdk_sends(session: tuple[dict[str, Any], list[Arrived]]) -> None:
    told, arrived = session
    calls = [one.call for one in arrived if f"/{QWEN}/" in one.call.path]
    theirs = [sent(call.method, call.path, call.headers, call.body, told["compared"]["job"]) for call in calls]
    seen: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": "j1", "status": "IN_QUEUE"})

    ours, key = RunPod(httpx.MockTransport(receive)), Key({"RUNPOD_API_KEY": KEY})
    pending = ours.start(fitted(QWEN, aspect_ratio="4:3", seed=7), key)
    ours.check(pending.remote_id, key)
    ours.cancel(pending.remote_id, key)
    assert theirs[:3] == [sent(one.method, one.url.path, one.headers, one.content, "j1") for one in seen]
    assert [path for _, path, _, _ in theirs[:3]] == [
        f"/v2/{QWEN}/{end}" for end in ("run", "status/JOB", "cancel/JOB")
    ]
