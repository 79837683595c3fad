"""kill −9 of the real process at every labelled point and at random moments, then restart and audit."""

import random
import threading
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest

from cloudhub.generations.crash_points import POINTS
from tests.generations.books import check_invoice_against_ledger
from tests.processes.hub_process import HubFolder, HubProcess

FLASH = "gemini-2.5-flash-image"
WISH = {"model": FLASH, "prompt": "a fox in the snow"}
# What an attempt has come to after the restart; points that this vendor, which answers at once, never reaches are out.
ENDS = {
    "after_held": {"queued": "settled", "inline": "released"},
    "before_sent": {"queued": "settled", "inline": "released"},
    "after_sent": {"queued": "unknown", "inline": "unknown"},
    "after_reply": {"queued": "settled", "inline": "settled"},
    "during_file_store": {"queued": "settled", "inline": "settled"},
    "after_answer_kept": {"queued": "settled", "inline": "settled"},
    "during_settlement": {"queued": "settled", "inline": "settled"},
    "after_settled": {"queued": "settled", "inline": "settled"},
}
# Between these and their neighbours above only files change, which no database sees.
OF_FILES = ("before_sent", "during_file_store", "after_answer_kept")
QUEUED = [pytest.param(point, "queued", marks=pytest.mark.sqlite_only if point in OF_FILES else ()) for point in ENDS]
# From the answer on it makes no difference whether somebody waits: one of those points is asked at a waiting door too.
INLINE = [
    pytest.param(point, "inline", marks=pytest.mark.sqlite_only)
    for point in ("after_held", "before_sent", "after_sent", "during_settlement")
]


def submit_and_die(process: HubProcess, door: str, wish: dict[str, Any]) -> None:
    """The answer may come or not: what counts is what the next start finds."""
    path = "generations?wait=20" if door == "inline" else "generations"
    with suppress(httpx.TransportError):
        process.ask("POST", path, wish)
    assert process.wait_until_dead() == -9


def assert_books(told: dict[str, Any], emulator: Any) -> None:
    assert told["differences"] == []
    gemini = [attempt for attempt in told["attempts"] if attempt.model != "practice-1"]
    check_invoice_against_ledger(emulator, gemini)
    assert {attempt.state for attempt in told["attempts"]} <= {"settled", "released", "unknown"}


def test_every_point_has_an_expected_end() -> None:
    assert set(ENDS) | {"after_remote_id"} == set(POINTS)


@pytest.mark.slow
@pytest.mark.parametrize(("point", "door"), [*QUEUED, *INLINE])
def test_i25_killed_at_a_point_nothing_is_lost_and_nothing_doubled(
    hub: HubFolder, emulator: Any, point: str, door: str
) -> None:
    submit_and_die(hub.serve(CLOUDHUB_CRASH_AT=point), door, WISH)
    told = hub.recover()
    assert_books(told, emulator)
    # I22: what was never sent is given back, and queued work is held and carried out afresh.
    assert [attempt.state for attempt in told["attempts"]][-1] == ENDS[point][door]
    settled = sum(attempt.state == "settled" for attempt in told["attempts"])
    assert told["pictures"] == settled == len(emulator.exchange.invoice.as_json()["calls"])


@pytest.mark.slow
@pytest.mark.parametrize("point", ["after_reply", "during_settlement"])
def test_i25_the_practice_vendor_too_keeps_what_it_drew(hub: HubFolder, emulator: Any, point: str) -> None:
    wish = {"model": "practice-1", "prompt": "a fox", "num_images": 3, "resolution": "0.5K", "quality": "draft"}
    submit_and_die(hub.serve(CLOUDHUB_CRASH_AT=point), "inline", wish)
    told = hub.recover()
    assert_books(told, emulator)
    assert told["generations"][0]["state"] == "succeeded"
    assert told["pictures"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_i25_killed_at_random_moments_with_pictures_under_way(hub: HubFolder, emulator: Any, seed: int) -> None:
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    emulator.exchange.faults.post({"delay_ms": 150, "times": None}, ("google-gemini",))
    for _ in range(3):
        process = hub.serve()
        threads = [threading.Thread(target=submit_some, args=(process, number)) for number in range(10)]
        for thread in threads:
            thread.start()
        time.sleep(moments.uniform(0.1, 1.6))
        process.kill()
        for thread in threads:
            thread.join()
    told = hub.recover()
    assert_books(told, emulator)
    assert told["pictures"] == sum(attempt.state == "settled" for attempt in told["attempts"])
    assert not {row["state"] for row in told["generations"]} & {"queued", "running"}


def submit_some(process: HubProcess, number: int) -> None:
    model = FLASH if number % 2 else "gemini-nano-banana-2.1"
    path = "generations?wait=20" if number % 3 else "generations"
    with suppress(httpx.TransportError):
        process.ask("POST", path, {"model": model, "prompt": f"fox {number}", "num_images": 2}, seconds=20)
