"""Calls to the emulated BFL as its pages write them: raw HTTP, for want of a usable client of BFL's own.

BFL's `blackforest` 0.1.3 knows neither FLUX.2 nor FLUX 3 and wants a Pillow that the hub's own excludes.
"""

import base64
import io
import time
from typing import Any

import httpx
from PIL import Image

from providers.emulation.server import RunningServer
from tests.emulation.calls import png


def half_white(width: int, height: int) -> str:
    """A mask in base64 whose left half is white."""
    drawn, file = Image.new("L", (width, height), 0), io.BytesIO()
    drawn.paste(255, (0, 0, width // 2, height))
    drawn.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


# One client for all tests: each new one reads the machine's certificates again.
_connections = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
KEY = "bfl-test-0123456789"
PICTURE = png(320, 256)
HALF = half_white(320, 256)
ENCODED = base64.b64encode(PICTURE).decode()


def submit(emulator: RunningServer, model: str = "flux-2-pro", key: str = KEY, **body: Any) -> httpx.Response:
    url = f"{emulator.url}/bfl/v1/{model}"
    return _connections.post(url, headers={"x-key": key}, json={"prompt": "a red bicycle"} | body)


def ask(address: str, key: str = KEY) -> httpx.Response:
    return _connections.get(address, headers={"x-key": key} if key else {})


def outcome(submitted: httpx.Response) -> dict[str, Any]:
    """The end of a task, asked for as BFL's pages do."""
    last = time.monotonic() + 20
    while time.monotonic() < last:
        document: dict[str, Any] = ask(submitted.json()["polling_url"]).json()
        if document["status"] not in ("Pending", "Reasoning", "Generating"):
            return document
        time.sleep(0.05)
    raise AssertionError("the task does not end")


def picture_of(document: dict[str, Any]) -> bytes:
    """The picture behind a result's address, fetched without a key."""
    answer = ask(document["result"]["sample"], key="")
    assert answer.status_code == 200
    return answer.content
