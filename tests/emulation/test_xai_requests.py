"""xAI's image edits and its free reads as its pages write them, against the emulator and beside our own requests.

There is no SDK to set beside us here: xai-sdk speaks gRPC alone, and OpenAI's sends edits as a form, which xAI does
not take. So the requests are raw HTTP by https://docs.x.ai/developers/rest-api-reference/inference/images (fields),
with the names that xai-sdk's messages (`GenerateImageRequest` of image_pb2) and the AI SDK for JavaScript
(https://github.com/vercel/ai, packages/xai) give them. Allowed differences: the HTTP library's own headers.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from providers.base import CloudGenerationRequest, InputImage, Key
from providers.emulation.server import RunningServer
from providers.xai.client import XAI
from tests.emulation.calls import amounts, opened, png

pytestmark = pytest.mark.sqlite_only
NEWEST, CHEAP, PROMPT, KEY = "grok-imagine-image-2.0", "grok-imagine-image", "Make it night", "xai-test-key-0123456789"
HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "application/json", "accept": "application/json"}
HEADERS_OF_THEIR_OWN = {"host", "accept-encoding", "connection", "content-length", "user-agent"}
WIDE, BLUE = png(96, 64, "red"), png(64, 64, "blue")


def content(data: bytes) -> dict[str, str]:
    return {"url": f"data:image/png;base64,{base64.b64encode(data).decode()}", "type": "image_url"}


def reference(data: bytes) -> InputImage:
    width, height = opened(data).size
    return InputImage(data=data, mime_type="image/png", width=width, height=height)


@pytest.fixture(scope="module")
def xai_connections(served: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.environment["XAI_BASE_URL"], headers=HEADERS) as client:
        yield client


@pytest.fixture
def xai(emulator: RunningServer, xai_connections: httpx.Client) -> httpx.Client:
    """A client of the emulated xAI API with a key that it accepts."""
    return xai_connections


def edit(xai: httpx.Client, **fields: Any) -> httpx.Response:
    body = {"model": CHEAP, "prompt": PROMPT, "response_format": "b64_json", **fields}
    return xai.post("/images/edits", json=body)


@pytest.mark.parametrize(
    ("fields", "size", "amount"),
    [
        # A single picture keeps its shape, whatever ratio is asked.
        ({"image": content(WIDE)}, (1248, 832), "0.022000"),
        ({"image": content(WIDE), "aspect_ratio": "9:16"}, (1248, 832), "0.022000"),
        ({"images": [content(WIDE), content(BLUE)]}, (1248, 832), "0.024000"),
        ({"images": [content(WIDE), content(BLUE)], "aspect_ratio": "9:16"}, (720, 1280), "0.024000"),
        # Left open, the newest model takes medium for edits.
        ({"image": content(BLUE), "model": NEWEST}, (1024, 1024), "0.070000"),
        ({"image": content(BLUE), "model": NEWEST, "quality": "low", "n": 2}, (1024, 1024), "0.090000"),
    ],
)
def test_an_edit_has_its_shape_and_its_price(
    emulator: RunningServer, xai: httpx.Client, fields: dict[str, Any], size: tuple[int, int], amount: str
) -> None:
    answer = edit(xai, **fields).json()
    assert opened(base64.b64decode(answer["data"][0]["b64_json"])).size == size
    assert amounts(emulator) == [amount]
    assert answer["usage"]["cost_in_usd_ticks"] == int(amount.replace(".", "")) * 10_000


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"image": content(WIDE), "images": [content(BLUE)]}, 400),
        ({"images": [content(BLUE)] * 4}, 400),
        ({"image": {"url": "https://example.org/a.png", "type": "image_url"}}, 400),
        ({"image": content(b"no picture")}, 400),
        ({"image": "data:image/png;base64,AAAA"}, 422),
        ({"image": {**content(WIDE), "type": "file"}}, 422),
    ],
)
def test_an_edit_that_xai_refuses_costs_nothing(
    emulator: RunningServer, xai: httpx.Client, fields: dict[str, Any], status: int
) -> None:
    answer = edit(xai, **fields)
    assert answer.status_code == status
    assert amounts(emulator) == []
    assert status == 422 or set(answer.json()) == {"code", "error"}


def test_pictures_sent_to_generations_are_passed_over(emulator: RunningServer, xai: httpx.Client) -> None:
    body = {"model": CHEAP, "prompt": PROMPT, "image": content(WIDE), "response_format": "b64_json"}
    answer = xai.post("/images/generations", json=body).json()
    assert opened(base64.b64decode(answer["data"][0]["b64_json"])).size == (1024, 1024)
    assert amounts(emulator) == ["0.020000"]


def test_the_free_reads(emulator: RunningServer, xai: httpx.Client) -> None:
    described = xai.get("/api-key").json()
    assert (described["api_key_blocked"], described["team_blocked"]) == (False, False)
    assert KEY not in str(described)
    listed = xai.get("/image-generation-models").json()["models"]
    assert [model["id"] for model in listed] == [NEWEST, CHEAP]
    assert xai.get(f"/image-generation-models/{CHEAP}-2026-03-02").json()["id"] == CHEAP
    assert xai.get("/image-generation-models/none").status_code == 404
    assert xai.get("/api-key", headers={"authorization": ""}).json()["error"]["code"] == "Unauthenticated"
    assert amounts(emulator) == []


WISHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one picture": (
        {"model": CHEAP, "input_images": (reference(WIDE),)},
        {"model": CHEAP, "n": 1, "resolution": "1k", "image": content(WIDE)},
    ),
    "several pictures": (
        {"model": NEWEST, "input_images": (reference(WIDE), reference(BLUE)), "aspect_ratio": "16:9", "num_images": 2,
         "resolution": "2K"},
        {"model": NEWEST, "n": 2, "resolution": "2k", "aspect_ratio": "16:9", "quality": "medium",
         "images": [content(WIDE), content(BLUE)]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WISHES)
def test_our_edit_is_the_pages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XAI_BASE_URL", raising=False)
    fields, documented = WISHES[name]
    sent: list[Any] = []

    def receive(request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name not in HEADERS_OF_THEIR_OWN}
        sent.append((request.method, str(request.url), headers, json.loads(request.read())))
        return httpx.Response(400, json={"code": "x", "error": "recorded"})

    vendor = XAI(httpx.MockTransport(receive))
    request = CloudGenerationRequest(prompt=PROMPT, **fields)
    with pytest.raises(Exception, match="recorded"):
        vendor.start(vendor.normalise(request, vendor.model(request.model))[0], Key({"XAI_API_KEY": KEY}))
    body = {"prompt": PROMPT, "response_format": "b64_json", **documented}
    assert sent == [("POST", "https://api.x.ai/v1/images/edits", HEADERS, body)]
