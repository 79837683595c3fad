"""A process that is stopped in the middle and wakes after its lease: it sends nothing (DESIGN 4, "Fencing")."""

import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.http import SEND_WITHIN_SECONDS
from tests.generations.books import check_invoice_against_ledger
from tests.generations.stage import invoice
from tests.processes.hub_process import HubFolder, HubProcess

WISH = {"model": "gemini-2.5-flash-image", "prompt": "a fox"}
LEASE = "2"


def wait_until_paused(process: HubProcess) -> None:
    last = time.monotonic() + 30
    while Path(f"/proc/{process.process.pid}/stat").read_text().rsplit(") ")[1][0] != "T":
        assert time.monotonic() < last, "it does not pause"
        time.sleep(0.05)


def paused_at(hub: HubFolder, point: str) -> HubProcess:
    """A process that stopped itself at `point` while it carried out a queued wish, its lease over."""
    process = hub.serve(CLOUDHUB_PAUSE_AT=point, HUB_LEASE_SECONDS=LEASE)
    # The whole process stops, so the answer to this may never come.
    with suppress(httpx.ReadTimeout):
        process.ask("POST", "generations", WISH, seconds=2)
    wait_until_paused(process)
    time.sleep(float(LEASE) + 0.5)
    return process


def states(told: dict[str, Any]) -> list[str]:
    return [attempt.state for attempt in told["attempts"]]


@pytest.mark.slow
def test_paused_before_it_was_sent_another_process_does_the_work_and_the_woken_one_nothing(
    hub: HubFolder, emulator: Any
) -> None:
    process = paused_at(hub, "before_sent")
    assert sorted(states(hub.recover())) == ["released", "settled"]
    process.send(signal.SIGCONT)
    time.sleep(1)
    told = hub.report()
    assert sorted(states(told)) == ["released", "settled"]
    assert told["differences"] == []
    assert len(invoice(emulator)) == 1
    check_invoice_against_ledger(emulator, told["attempts"])


@pytest.mark.slow
def test_paused_between_sent_and_the_first_byte_it_sends_nothing_and_gives_the_money_back(
    hub: HubFolder, emulator: Any
) -> None:
    process = paused_at(hub, "after_sent")
    assert states(hub.recover()) == ["unknown"]
    time.sleep(SEND_WITHIN_SECONDS - float(LEASE))
    process.send(signal.SIGCONT)
    last = time.monotonic() + 20
    while states(told := hub.report()) != ["released"]:
        assert time.monotonic() < last, states(told)
    assert told["differences"] == []
    assert told["generations"][0]["error"]["billed"] == "no"
    assert invoice(emulator) == []
