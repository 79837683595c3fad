"""fal's official client works unchanged against the emulator, and sends for a wish what ours sends.

The client has its queue's address as a module's constant, from FAL_QUEUE_RUN_HOST and with https. Allowed differences:
headers that say which program it is, and the platform headers that the client only sends when it is told to.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import fal_client
import fal_client.client
import httpx
import pytest

from providers.base import CloudGenerationRequest, InputImage, Key, Pending
from providers.emulation.server import RunningServer
from providers.fal.client import RESULT_SECONDS, START_SECONDS, Fal
from providers.fal.emulator import work
from tests.emulation.calls import amounts, opened, png

pytestmark = pytest.mark.sqlite_only
SCHNELL, DEV, REDRAW = "fal-ai/flux/schnell", "fal-ai/flux/dev", "fal-ai/flux/dev/image-to-image"
NANO, NANO_EDIT, IDEOGRAM = "fal-ai/nano-banana-2", "fal-ai/nano-banana-2/edit", "fal-ai/ideogram/v3"
KEY = "0b2c4d6e-0000-4000-8000-000000000001:test-key"
PLATFORM = {
    "X-Fal-No-Retry": "1",
    "x-app-fal-disable-fallback": "1",
    "X-Fal-Object-Lifecycle-Preference": json.dumps({"expiration_duration_seconds": RESULT_SECONDS}),
}
HEADERS_OF_THEIR_OWN = {"host", "accept", "accept-encoding", "connection", "content-length", "user-agent"}
Sent = tuple[str, str, dict[str, str], Any]


@contextmanager
def pointed_at(address: str, monkeypatch: pytest.MonkeyPatch, key: str = KEY) -> Iterator[fal_client.SyncClient]:
    monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{address}/")
    client = fal_client.SyncClient(key=key)
    yield client
    client._client.close()


@pytest.fixture
def sdk(emulator: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[fal_client.SyncClient]:
    with pointed_at(emulator.environment["FAL_QUEUE_BASE_URL"], monkeypatch) as client:
        yield client


def subscribe(sdk: fal_client.SyncClient, endpoint: str, wish: dict[str, Any]) -> dict[str, Any]:
    return dict(sdk.subscribe(endpoint, wish, interval=0.05, headers=PLATFORM))


def data_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def test_the_sdk_waits_for_a_result_and_reads_its_pictures(emulator: RunningServer, sdk: fal_client.SyncClient) -> None:
    result = subscribe(sdk, SCHNELL, {"prompt": "A red fox", "num_images": 2, "image_size": "portrait_16_9", "seed": 7})
    sizes = [opened(httpx.get(image["url"]).content).size for image in result["images"]]
    assert (sizes, result["seed"], result["has_nsfw_concepts"]) == ([(576, 1024)] * 2, 7, [False, False])
    assert amounts(emulator) == ["0.006000"]


def test_the_sdk_redraws_a_picture_at_its_size(emulator: RunningServer, sdk: fal_client.SyncClient) -> None:
    result = subscribe(sdk, REDRAW, {"prompt": "At night", "image_url": data_uri(png(320, 256)), "strength": 0.5})
    assert opened(httpx.get(result["images"][0]["url"]).content).size == (320, 256)
    assert amounts(emulator) == ["0.030000"]


def test_the_sdk_follows_and_cancels_a_request(sdk: fal_client.SyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "DONE_AFTER", 60)
    handle = sdk.submit(DEV, {"prompt": "A red fox"})
    assert handle.status_url.endswith(f"/fal-ai/flux/requests/{handle.request_id}/status")
    assert isinstance(handle.status(), fal_client.Queued | fal_client.InProgress)
    handle.cancel()
    ended = handle.status()
    assert (type(ended), ended.error_type) == (fal_client.Completed, "client_cancelled")
    assert sdk.status(DEV, handle.request_id) == ended


@pytest.mark.parametrize(
    ("endpoint", "wish", "words"),
    [
        (DEV, {}, "Field required"),
        (DEV, {"prompt": "x", "num_images": 5}, "less than or equal to 4"),
        (DEV, {"prompt": "x", "image_size": "huge"}, "Input should be square_hd"),
        (REDRAW, {"prompt": "x", "image_url": "data:image/png;base64,AAAA"}, "Failed to load"),
    ],
)
def test_the_sdk_raises_for_a_wrong_input(
    emulator: RunningServer, sdk: fal_client.SyncClient, endpoint: str, wish: dict[str, Any], words: str
) -> None:
    with pytest.raises(fal_client.FalClientHTTPError, match=words) as raised:
        subscribe(sdk, endpoint, wish)
    assert raised.value.status_code == 422
    assert amounts(emulator) == []


def test_the_sdk_raises_what_the_checker_refused(emulator: RunningServer, sdk: fal_client.SyncClient) -> None:
    emulator.exchange.faults.post({"vendor": "fal", "filtered": "prompt"}, ("fal",))
    with pytest.raises(fal_client.FalClientHTTPError, match="content_policy_violation"):
        subscribe(sdk, DEV, {"prompt": "A red fox"})


def test_the_sdk_raises_for_a_bad_key(emulator: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    address = emulator.environment["FAL_QUEUE_BASE_URL"]
    with (
        pointed_at(address, monkeypatch, "an-invalid-key") as client,
        pytest.raises(fal_client.FalClientHTTPError) as raised,
    ):
        client.submit(DEV, {"prompt": "A red fox"})
    assert raised.value.status_code == 401


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sent]]:
    sent: list[Sent] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            counting = {name: value for name, value in headers.items() if name not in HEADERS_OF_THEIR_OWN}
            sent.append((self.command, self.path, counting, body))
            place = f"http://127.0.0.1:{self.server.server_address[1]}/fal-ai/flux/requests/r1"
            named = {"response_url": place, "status_url": f"{place}/status", "cancel_url": f"{place}/cancel"}
            answer = json.dumps({"status": "IN_QUEUE", "request_id": "r1", "queue_position": 0, **named}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    monkeypatch.setenv("FAL_QUEUE_BASE_URL", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield sent
    server.shutdown()
    server.server_close()
    thread.join()


def of_ours(recording: list[Sent], request: CloudGenerationRequest) -> Sent:
    vendor = Fal()
    entry = vendor.entry_of(request)
    assert entry is not None
    fitted, _ = vendor.normalise(request, entry)
    assert isinstance(vendor.start(fitted, Key({"FAL_KEY": KEY})), Pending)
    vendor._door.client.close()
    return recording.pop()


PICTURE = InputImage(data=png(80, 60), mime_type="image/png", width=80, height=60)
WISHES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "text only": ({}, SCHNELL, {"num_images": 1}),
    "ratio, seed, number and type": (
        {"aspect_ratio": "16:9", "seed": 42, "num_images": 3, "output_format": "png"},
        DEV,
        {"image_size": "landscape_16_9", "seed": 42, "num_images": 3, "output_format": "png"},
    ),
    "a free size": ({"width": 768, "height": 512}, DEV, {"image_size": {"width": 768, "height": 512}, "num_images": 1}),
    "a picture to redraw": (
        {"input_images": (PICTURE,), "strength": 0.5, "guidance_scale": 4},
        REDRAW,
        {"image_url": data_uri(PICTURE.data), "strength": 0.5, "guidance_scale": 4, "num_images": 1},
    ),
    "several pictures and a resolution": (
        {"input_images": (PICTURE, PICTURE), "resolution": "2K", "aspect_ratio": "3:2"},
        NANO_EDIT,
        {"image_urls": [data_uri(PICTURE.data)] * 2, "resolution": "2K", "aspect_ratio": "3:2", "num_images": 1},
    ),
    "quality and style": (
        {"quality": "quality", "style": "design", "enhance_prompt": False},
        IDEOGRAM,
        {"rendering_speed": "QUALITY", "style": "DESIGN", "expand_prompt": False, "num_images": 1},
    ),
    "options": (
        {"options": {"enable_web_search": True}},
        NANO,
        {"enable_web_search": True, "resolution": "1K", "num_images": 1},
    ),
}


@pytest.mark.parametrize("name", WISHES)
def test_our_client_sends_what_the_sdk_sends(recording: list[Sent], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fields, endpoint, arguments = WISHES[name]
    ours = of_ours(recording, CloudGenerationRequest(prompt="A red fox – at dawn", model=endpoint, **fields))
    wish = {"prompt": "A red fox – at dawn", **arguments}
    with pointed_at(os.environ["FAL_QUEUE_BASE_URL"], monkeypatch) as client:
        client.submit(endpoint, wish, headers=PLATFORM, start_timeout=START_SECONDS)
    assert ours == recording.pop()


def test_the_key_travels_in_its_header_alone(recording: list[Sent]) -> None:
    _, path, headers, body = of_ours(recording, CloudGenerationRequest(prompt="A red fox", model=SCHNELL))
    assert [name for name, value in headers.items() if KEY in value] == ["authorization"]
    assert KEY not in path + json.dumps(body)
