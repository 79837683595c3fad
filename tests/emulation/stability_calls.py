"""Calls to the emulated Stability as its pages write them: raw multipart, since Stability has no client of its own."""

import base64
from typing import Any

import httpx

from providers.emulation.server import RunningServer
from tests.emulation.calls import png

# One client for all tests: each new one reads the machine's certificates again.
_connections = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
KEY = "sk-test-0123456789"
PICTURE = png(320, 256)
MASK = png(320, 256, "white")


def multipart(fields: dict[str, Any]) -> dict[str, Any]:
    """Text as fields and bytes as files: what httpx sends as a form even without a file."""
    return {
        name: (f"{name}.png", value, "image/png") if isinstance(value, bytes) else (None, str(value))
        for name, value in fields.items()
    }


def call(emulator: RunningServer, path: str, accept: str = "application/json", key: str = KEY, **fields: Any) -> Any:
    """One POST to an image service."""
    headers = {"Authorization": f"Bearer {key}", "Accept": accept}
    url = f"{emulator.url}/stability/v2beta/stable-image/{path}"
    return _connections.post(url, headers=headers, files=multipart(fields or {"prompt": "a red bicycle"}))


def result(emulator: RunningServer, job: str, key: str = KEY) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    return _connections.get(f"{emulator.url}/stability/v2beta/results/{job}", headers=headers)


def picture_of(answer: httpx.Response, name: str = "image") -> bytes:
    return base64.b64decode(answer.json()[name])
