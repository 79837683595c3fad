"""What our client sends for a wish is what Replicate's official SDK sends for the same wish.

Allowed differences: headers that say which program it is, and `Cancel-After`, which the SDK does not know (it is in
https://replicate.com/docs/topics/predictions/lifecycle).
"""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import replicate

from providers.base import CloudGenerationRequest, InputImage, Key, Pending
from providers.replicate.client import Replicate
from tests.emulation.calls import png

TOKEN = "r8_test0123456789test0123456789test01234"
SCHNELL, DEV, FLUX_2 = "black-forest-labs/flux-schnell", "black-forest-labs/flux-dev", "black-forest-labs/flux-2-pro"
VERSION = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"
HEADERS_OF_THEIR_OWN = {
    "host",
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "user-agent",
    "cancel-after",
}
ANSWER = {
    "id": "p1", "model": SCHNELL, "version": "hidden", "status": "starting", "input": {}, "output": None, "error": None,
    "logs": "", "urls": {"get": "https://api.replicate.com/v1/predictions/p1", "cancel": "x"},
}  # fmt: skip
Sent = tuple[str, str, dict[str, str], Any]


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sent]]:
    sent: list[Sent] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            counting = {name: value for name, value in headers.items() if name not in HEADERS_OF_THEIR_OWN}
            sent.append((self.command, self.path, counting, body))
            answer = json.dumps(ANSWER).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    monkeypatch.setenv("REPLICATE_BASE_URL", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield sent
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def sdk(recording: list[Sent]) -> Iterator[replicate.Client]:
    client = replicate.Client(api_token=TOKEN)
    yield client
    client._client.close()


def of_ours(recording: list[Sent], request: CloudGenerationRequest) -> Sent:
    vendor = Replicate()
    fitted, _ = vendor.normalise(request, vendor.entry_of(request))
    assert isinstance(vendor.start(fitted, Key({"REPLICATE_API_TOKEN": TOKEN})), Pending)
    return recording.pop()


def data_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


PICTURE = InputImage(data=png(80, 60), mime_type="image/png", width=80, height=60)
WISHES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "text only": ({}, SCHNELL, {"num_outputs": 1}),
    "ratio, seed, number and type": (
        {"aspect_ratio": "16:9", "seed": 42, "num_images": 3, "output_format": "png"},
        SCHNELL,
        {"aspect_ratio": "16:9", "seed": 42, "num_outputs": 3, "output_format": "png"},
    ),
    "a picture to redraw": (
        {"input_images": (PICTURE,), "strength": 0.5, "guidance_scale": 4},
        DEV,
        {"image": data_uri(PICTURE.data), "prompt_strength": 0.5, "guidance": 4, "num_outputs": 1},
    ),
    "several pictures and a resolution": (
        {"input_images": (PICTURE, PICTURE), "resolution": "2 MP", "aspect_ratio": "3:2"},
        FLUX_2,
        {"input_images": [data_uri(PICTURE.data)] * 2, "resolution": "2 MP", "aspect_ratio": "3:2"},
    ),
    "options": ({"options": {"megapixels": "0.25"}}, SCHNELL, {"megapixels": "0.25", "num_outputs": 1}),
}


@pytest.mark.parametrize("name", WISHES)
def test_our_client_sends_what_the_sdk_sends(recording: list[Sent], sdk: replicate.Client, name: str) -> None:
    fields, model, sdk_input = WISHES[name]
    ours = of_ours(recording, CloudGenerationRequest(prompt="A red fox – at dawn", model=model, **fields))
    sdk.models.predictions.create(model, input={"prompt": "A red fox – at dawn", **sdk_input}, wait=5)
    assert ours == recording.pop()


def test_a_version_is_called_as_the_sdk_calls_it(recording: list[Sent], sdk: replicate.Client) -> None:
    vendor = Replicate()
    entry = vendor.model(SCHNELL)
    facts = {**entry.capabilities.facts, "official": False, "version": VERSION}
    stored = entry.capabilities.as_json() | {"facts": facts}
    own = type(entry)(id="some/model", name="x", capabilities=type(entry.capabilities).from_json(stored))
    ours = of_ours(recording, CloudGenerationRequest(prompt="A red fox", model="some/model", entry=own))
    sdk.predictions.create(version=VERSION, input={"prompt": "A red fox", "num_outputs": 1}, wait=5)
    assert ours == recording.pop()


def test_the_token_travels_in_its_header_alone(recording: list[Sent]) -> None:
    _, path, headers, body = of_ours(recording, CloudGenerationRequest(prompt="A red fox", model=SCHNELL))
    assert [name for name, value in headers.items() if TOKEN in value] == ["authorization"]
    assert TOKEN not in path + json.dumps(body)
