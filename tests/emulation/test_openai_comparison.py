"""What our client sends for a wish is, field by field and part by part, what OpenAI's official SDK sends for it.

Allowed differences: the headers of `HEADERS_OF_THEIR_OWN`, and the names of files in a form.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from openai import OpenAI as SDK

from providers.base import CloudGenerationRequest, InputImage, Key
from providers.emulation.multipart import read_form
from providers.openai.client import OpenAI
from tests.emulation.calls import png
from tests.emulation.openai_calls import DALL_E, LATE, NEWEST, PROMPT, SECOND, see_through

KEY = "sk-proj-test-key-0123456789"
HEADERS_OF_THEIR_OWN = {
    "host", "accept", "accept-encoding", "connection", "content-length",  # of the HTTP library and the address
    "user-agent",  # which program it is; and the SDK's x-stainless-… about its machine and its tries
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def headers_that_count(self) -> dict[str, str]:
        counted = {name: value for name, value in self.headers.items()
                   if name not in HEADERS_OF_THEIR_OWN and not name.startswith("x-stainless-")}  # fmt: skip
        # Each form has a boundary of its own.
        return counted | {"content-type": counted["content-type"].partition(";")[0]}

    @property
    def content(self) -> Any:
        """The JSON, or the parts of the form in the order that counts: plain ones by name, files as they stand."""
        if self.headers["content-type"].startswith("application/json"):
            return json.loads(self.body)
        parts = read_form(self.headers["content-type"], self.body)
        plain = sorted((part.name, part.text) for part in parts if part.filename is None)
        return plain, [(part.name, part.content_type, part.data) for part in parts if part.filename is not None]


class Recorder(BaseHTTPRequestHandler):
    """Keeps what arrives in its server's list and refuses it, which both programs then tell."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.sent.append(Sent(self.command, self.path, headers, body))
        answer = b'{"error": {"message": "recorded", "type": "invalid_request_error", "param": null, "code": null}}'
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@dataclass
class Recording:
    url: str
    sent: list[Sent] = field(default_factory=list)

    def of_ours(self, wish: CloudGenerationRequest) -> Sent:
        """What our client sends for a wish that the hub has fitted to the model."""
        provider = OpenAI()
        fitted, _ = provider.normalise(wish, provider.model(wish.model))
        with pytest.raises(Exception, match="recorded"):
            provider.start(fitted, Key({"OPENAI_API_KEY": KEY}))
        return self.sent.pop()

    def of_sdk(self, verb: str, **fields: Any) -> Sent:
        with SDK(api_key=KEY, base_url=self.url) as client, pytest.raises(Exception, match="recorded"):
            getattr(client.images, verb)(prompt=PROMPT, **fields)
        return self.sent.pop()


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    recording = Recording(f"http://127.0.0.1:{server.server_port}/v1")
    server.sent = recording.sent
    monkeypatch.setenv("OPENAI_BASE_URL", recording.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield recording
    server.shutdown()
    server.server_close()
    thread.join()


def wish(model: str, **fields: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(prompt=PROMPT, model=model, **fields)


def reference(data: bytes, side: int = 64) -> InputImage:
    return InputImage(data=data, mime_type="image/png", width=side, height=side)


RED, BLUE = png(64, 64, "red"), png(64, 64, "blue")
GENERATIONS: dict[str, tuple[CloudGenerationRequest, dict[str, Any]]] = {
    "the hub's choices": (wish(NEWEST), {"model": NEWEST, "size": "1024x1024", "quality": "medium", "n": 1}),
    "everything": (
        wish(
            NEWEST, width=1536, height=864, quality="max", background="transparent", output_format="webp",
            options={"output_compression": 60, "moderation": "low", "complexity": "high", "safety_identifier": "a1"},
        ),
        {"model": NEWEST, "size": "1536x864", "quality": "max", "n": 1, "background": "transparent",
         "output_format": "webp", "output_compression": 60, "moderation": "low", "complexity": "high",
         "safety_identifier": "a1"},
    ),
    "stream": (
        wish(SECOND, quality="low", options={"stream": True}),
        {"model": SECOND, "size": "1024x1024", "quality": "low", "n": 1, "stream": True},
    ),
    "unfinished pictures": (
        wish(SECOND, quality="low", options={"partial_images": 3}),
        {"model": SECOND, "size": "1024x1024", "quality": "low", "n": 1, "stream": True, "partial_images": 3},
    ),
    "dall-e-3": (
        wish(DALL_E, quality="hd", style="natural", aspect_ratio="9:16"),
        {"model": DALL_E, "size": "1024x1792", "quality": "hd", "style": "natural", "n": 1,
         "response_format": "b64_json"},
    ),
}  # fmt: skip
EDITS: dict[str, tuple[CloudGenerationRequest, dict[str, Any]]] = {
    "one picture": (
        wish(LATE, quality="high", input_images=(reference(RED),)),
        {"model": LATE, "size": "1024x1024", "quality": "high", "n": 1, "image": ("a.png", RED, "image/png")},
    ),
    "several pictures and a stream": (
        wish(NEWEST, quality="low", input_images=(reference(RED), reference(BLUE)), options={"partial_images": 1}),
        {"model": NEWEST, "size": "1024x1024", "quality": "low", "n": 1, "stream": True, "partial_images": 1,
         "image": [("a.png", RED, "image/png"), ("b.png", BLUE, "image/png")]},
    ),
    "everything a form may hold": (
        wish(NEWEST, quality="low", background="opaque", output_format="jpeg", input_images=(reference(RED),),
             options={"output_compression": 60, "safety_identifier": "a1", "complexity": "low"}),
        {"model": NEWEST, "size": "1024x1024", "quality": "low", "n": 1, "background": "opaque",
         "output_format": "jpeg", "output_compression": 60, "safety_identifier": "a1", "complexity": "low",
         "image": ("a.png", RED, "image/png")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GENERATIONS)
def test_our_generation_is_the_sdks(recording: Recording, name: str) -> None:
    request, fields = GENERATIONS[name]
    check_equal(recording.of_ours(request), recording.of_sdk("generate", **fields))


@pytest.mark.parametrize("name", EDITS)
def test_our_edit_is_the_sdks(recording: Recording, name: str) -> None:
    request, fields = EDITS[name]
    check_equal(recording.of_ours(request), recording.of_sdk("edit", **fields))


def test_our_mask_goes_where_the_sdks_goes(recording: Recording) -> None:
    mask = see_through()
    request = wish(NEWEST, quality="low", input_images=(reference(RED), reference(BLUE)), mask=reference(mask))
    ours = recording.of_ours(request)
    pictures = [("a.png", RED, "image/png"), ("b.png", BLUE, "image/png")]
    sdk = recording.of_sdk("edit", model=NEWEST, size="1024x1024", quality="low", n=1, image=pictures,
                           mask=("mask.png", mask, "image/png"))  # fmt: skip
    # The hub writes the mask anew; what it means is `test_wire`'s business.
    (plain, files), (sdk_plain, sdk_files) = ours.content, sdk.content
    assert plain == sdk_plain
    assert sorted(file[:2] for file in files) == sorted(file[:2] for file in sdk_files)
    assert [file for file in files if file[0] != "mask"] == [file for file in sdk_files if file[0] != "mask"]


def check_equal(ours: Sent, sdk: Sent) -> None:
    assert ours.content == sdk.content
    assert (ours.method, ours.path) == (sdk.method, sdk.path)
    assert ours.headers_that_count == sdk.headers_that_count


def test_the_key_travels_in_its_header_alone(recording: Recording) -> None:
    sent = recording.of_ours(wish(NEWEST))
    assert [name for name, value in sent.headers.items() if KEY in value] == ["authorization"]
    assert KEY not in sent.path
    assert KEY.encode() not in sent.body
