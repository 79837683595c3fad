"""Two processes of the hub and one lane: together they never call faster than its limit."""

import time

import pytest

from providers.emulation.server import RunningServer
from tests.processes.hub_process import HubFolder

CALLS = 24


@pytest.mark.slow
def test_two_processes_keep_one_limit(hub: HubFolder, emulator: RunningServer) -> None:
    limit = {"vendor": "google-gemini", "requests": 10, "seconds": 2}
    emulator.exchange.limits.post(limit, ("google-gemini",))
    assert hub.run("-m", "tests.processes.inside", "pace").returncode == 0
    first, second = hub.serve(), hub.serve()
    for number in range(CALLS):
        wish = {"model": "gemini-2.5-flash-image", "prompt": f"fox {number}"}
        assert (first, second)[number % 2].ask("POST", "generations", wish).status_code == 202
    last = time.monotonic() + 60
    states: list[str] = []
    while states != ["succeeded"] * CALLS:
        assert time.monotonic() < last, states
        time.sleep(0.5)
        states = [generation["state"] for generation in hub.report()["generations"]]
    assert [row["refused"] for row in emulator.exchange.limits.as_json()["limits"]] == [0]
    assert hub.report()["differences"] == []
