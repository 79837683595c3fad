"""A graceful stop, a hurried one, and a process that sleeps through its lease (DESIGN 4)."""

import signal
import threading
import time
from typing import Any

import pytest

from tests.generations.books import check_invoice_against_ledger
from tests.processes.hub_process import HubFolder, HubProcess

SLOW = {"model": "practice-1", "prompt": "the sea #slow:3", "resolution": "0.5K", "quality": "draft"}
ENDLESS = {**SLOW, "prompt": "the sea #slow:120"}


def wait_for_state(process: HubProcess, generation: str, state: str) -> None:
    for _ in range(200):
        told = process.ask("GET", f"generations/{generation}").json()
        if told["attempts"][-1]["state"] == state:
            return
        time.sleep(0.05)
    raise AssertionError(told)


def submit(process: HubProcess, wish: dict[str, str]) -> str:
    return str(process.ask("POST", "generations", wish).json()["id"])


@pytest.mark.sqlite_only
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_calls_under_way_finish(hub: HubFolder, number: signal.Signals) -> None:
    process = hub.serve(GRACE="20")
    wait_for_state(process, submit(process, SLOW), "sent")
    process.send(number)
    assert process.wait_until_dead(30) == 0
    told = hub.report()
    assert told["differences"] == []
    assert [row["state"] for row in told["generations"]] == ["succeeded"]


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_a_waiting_door_still_gets_its_picture_while_the_hub_stops(hub: HubFolder) -> None:
    process = hub.serve(GRACE="20")
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(process.ask("POST", "generations?wait=30", SLOW)))
    waiting.start()
    time.sleep(1.5)
    process.send(signal.SIGTERM)
    waiting.join(timeout=30)
    assert (answers[0].status_code, answers[0].json()["state"]) == (200, "succeeded")
    assert process.wait_until_dead(30) == 0


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_what_outlasts_the_grace_stays_sent_for_the_next_start(hub: HubFolder) -> None:
    process = hub.serve(GRACE="1")
    wait_for_state(process, submit(process, ENDLESS), "sent")
    process.send(signal.SIGTERM)
    assert process.wait_until_dead(30) == 0
    assert "1 calls stay sent" in process.log.read_text()
    assert [attempt.state for attempt in hub.report()["attempts"]] == ["sent"]
    told = hub.recover()
    assert told["differences"] == []
    assert [attempt.state for attempt in told["attempts"]] == ["unknown"]


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once_with_the_same_result(hub: HubFolder) -> None:
    process = hub.serve(GRACE="100")
    wait_for_state(process, submit(process, ENDLESS), "sent")
    process.send(signal.SIGINT)
    time.sleep(0.5)
    assert process.process.poll() is None
    begun = time.monotonic()
    process.send(signal.SIGINT)
    assert process.wait_until_dead(30) == 0
    assert time.monotonic() - begun < 10
    assert [attempt.state for attempt in hub.report()["attempts"]] == ["sent"]


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_work_that_was_never_sent_goes_back_to_the_queue(hub: HubFolder) -> None:
    process = hub.serve(GRACE="1", HUB_CALL_THREADS="1")
    first, second = submit(process, ENDLESS), submit(process, SLOW)
    wait_for_state(process, first, "sent")
    process.send(signal.SIGTERM)
    assert process.wait_until_dead(30) == 0
    states = {row["id"]: row["state"] for row in hub.report()["generations"]}
    assert states[second] == "queued"
    assert {row["id"]: row["state"] for row in hub.recover()["generations"]}[second] == "succeeded"


@pytest.mark.slow
def test_a_process_that_slept_through_its_lease_sends_nothing_twice(hub: HubFolder, emulator: Any) -> None:
    process = hub.serve(HUB_LEASE_SECONDS="2")
    emulator.exchange.faults.post({"delay_ms": 3000}, ("google-gemini",))
    generation = submit(process, {"model": "gemini-2.5-flash-image", "prompt": "a fox"})
    wait_for_state(process, generation, "sent")
    process.send(signal.SIGSTOP)
    time.sleep(2.5)
    # Another process sweeps while the first one sleeps: it still holds its lock, but its lease is over.
    assert [attempt.state for attempt in hub.recover()["attempts"]] == ["unknown"]
    process.send(signal.SIGCONT)
    wait_for_state(process, generation, "settled")
    told = hub.report()
    assert told["differences"] == []
    assert told["pictures"] == 1
    check_invoice_against_ledger(emulator, told["attempts"])


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_the_hub_refuses_a_vendor_address_that_is_its_own(hub: HubFolder) -> None:
    hub.environment["GOOGLE_GEMINI_BASE_URL"] = "http://localhost:9555/google"
    ended = hub.manage("serve", "--port", "9555")
    assert ended.returncode == 1
    assert "GOOGLE_GEMINI_BASE_URL is the hub's own address" in ended.stderr


@pytest.mark.sqlite_only
@pytest.mark.slow
def test_a_taken_port_is_said_in_words(hub: HubFolder) -> None:
    process = hub.serve()
    ended = hub.manage("serve", "--port", process.url.rsplit(":", 1)[1])
    assert ended.returncode == 1
    assert "Choose another one with --port" in ended.stderr
