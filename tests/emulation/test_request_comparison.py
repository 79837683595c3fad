"""What our client sends for a wish is, field by field, what Google's official SDK sends for the same wish.

Allowed differences: the API version in the address (the SDK's default is v1, ours v1beta) and the headers of
`HEADERS_OF_THEIR_OWN`. Google reads camelCase and snake_case alike, and both alphabets of base64; the SDK mixes them
(`mime_type` and `thinking_level` beside `inlineData` and `thinkingConfig`), so that names and pictures are compared
in one spelling.
"""

import base64
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from google import genai
from google.genai import types

from providers.base import CloudGenerationRequest, InputImage, Key
from providers.gemini.client import Gemini
from tests.emulation.calls import FLASH_2_5, FLASH_3_1, LITE, NANO_BANANA, PRO, png

KEY = "AQ.test-key-0123456789"
PROMPT = "A red fox in fresh snow – at dawn"
HEADERS_OF_THEIR_OWN = {
    "host", "accept", "accept-encoding", "connection", "content-length",  # of the HTTP library and the address
    "user-agent", "x-goog-api-client",  # which program it is
}  # fmt: skip
CATEGORIES = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
ANSWER = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [{"inlineData": {"mimeType": "image/png", "data": base64.b64encode(png()).decode()}}],
            },
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1290, "totalTokenCount": 1299},
    "predictions": [{"mimeType": "image/png", "bytesBase64Encoded": base64.b64encode(png()).decode()}],
}


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def path_without_version(self) -> str:
        _, version, rest = self.path.split("/", 2)
        assert version in ("v1", "v1beta", "v1beta1")
        return rest

    @property
    def headers_that_count(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name not in HEADERS_OF_THEIR_OWN}


class Recorder(BaseHTTPRequestHandler):
    """Keeps what arrives in its server's list and answers with a picture."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.sent.append(Sent(self.command, self.path, headers, body))
        answer = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
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
        provider = Gemini()
        fitted, _ = provider.normalise(wish, provider.model(wish.model))
        provider.start(fitted, Key({"GOOGLE_API_KEY": KEY}))
        return self.sent.pop()

    def of_sdk(self, wish: CloudGenerationRequest, timeout_seconds: int, **config: Any) -> Sent:
        """What the SDK sends for the same wish, when it is told to wait for as long as our client does."""
        parts = [types.Part.from_text(text=wish.prompt)]
        parts += [types.Part.from_bytes(data=image.data, mime_type=image.mime_type) for image in wish.input_images]
        options = types.HttpOptions(base_url=self.url, timeout=timeout_seconds * 1000)
        settings = types.GenerateContentConfig(response_modalities=["IMAGE"], **config)
        with genai.Client(api_key=KEY, http_options=options) as client:
            client.models.generate_content(model=wish.model, contents=parts, config=settings)
        return self.sent.pop()


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    recording = Recording(f"http://127.0.0.1:{server.server_port}")
    server.sent = recording.sent
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", recording.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield recording
    server.shutdown()
    server.server_close()
    thread.join()


def wish(model: str, **fields: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(prompt=PROMPT, model=model, **fields)


def reference(colour: str) -> InputImage:
    return InputImage(data=png(80, 60, colour), mime_type="image/png", width=80, height=60)


def in_one_spelling(value: Any) -> Any:
    """A body with camelCase names and its pictures as bytes."""
    if isinstance(value, list):
        return [in_one_spelling(element) for element in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub("_([a-z])", lambda letter: letter[1].upper(), name): part for name, part in value.items()}
    return {
        name: base64.b64decode(part, altchars=b"-_") if name == "data" else in_one_spelling(part)
        for name, part in named.items()
    }


WISHES = {
    "text only": (wish(FLASH_2_5), {}),
    "text only, priced by tokens": (wish(NANO_BANANA), {"image_config": types.ImageConfig(image_size="1K")}),
    "text only, without sizes": (wish(LITE), {}),
    "ratio": (wish(FLASH_2_5, aspect_ratio="16:9"), {"image_config": types.ImageConfig(aspect_ratio="16:9")}),
    "ratio and size": (
        wish(PRO, aspect_ratio="3:2", resolution="4K"),
        {"image_config": types.ImageConfig(aspect_ratio="3:2", image_size="4K")},
    ),
    "smallest size": (
        wish(FLASH_3_1, aspect_ratio="1:8", resolution="512"),
        {"image_config": types.ImageConfig(aspect_ratio="1:8", image_size="512")},
    ),
    "seed": (wish(FLASH_2_5, seed=42), {"seed": 42}),
    "seed for a model that refuses it": (
        wish(NANO_BANANA, seed=42),
        {"image_config": types.ImageConfig(image_size="1K")},
    ),
    "reference pictures": (wish(FLASH_2_5, input_images=(reference("red"), reference("blue"))), {}),
    "safety level": (
        wish(FLASH_2_5, safety_level="BLOCK_ONLY_HIGH"),
        {
            "safety_settings": [
                types.SafetySetting(category=f"HARM_CATEGORY_{word}", threshold="BLOCK_ONLY_HIGH")
                for word in CATEGORIES
            ]
        },
    ),
    "thinking level": (
        wish(NANO_BANANA, options={"thinking_level": "HIGH"}),
        {
            "image_config": types.ImageConfig(image_size="1K"),
            "thinking_config": types.ThinkingConfig(thinking_level="HIGH"),
        },
    ),
}


@pytest.mark.parametrize("name", WISHES)
def test_our_client_sends_what_the_sdk_sends(recording: Recording, name: str) -> None:
    request, config = WISHES[name]
    ours = recording.of_ours(request)
    # The hub caps the output of models priced by tokens, so that its hold is an upper bound; the SDK is told the same.
    cap = ours.body["generationConfig"].get("maxOutputTokens")
    sdk = recording.of_sdk(request, int(ours.headers["x-server-timeout"]), max_output_tokens=cap, **config)
    assert in_one_spelling(ours.body) == in_one_spelling(sdk.body)
    assert (ours.method, ours.path_without_version) == (sdk.method, sdk.path_without_version)
    assert ours.headers_that_count == sdk.headers_that_count


def test_the_key_travels_in_its_header_alone(recording: Recording) -> None:
    sent = recording.of_ours(wish(FLASH_2_5))
    assert sent.headers["x-goog-api-key"] == KEY
    assert [name for name, value in sent.headers.items() if KEY in value] == ["x-goog-api-key"]
    assert "authorization" not in sent.headers
    assert KEY not in sent.path
    assert KEY not in json.dumps(sent.body)


@pytest.mark.parametrize("name", [name for name, (request, _) in WISHES.items() if request.model == FLASH_2_5])
def test_a_flat_price_needs_no_cap_on_output(recording: Recording, name: str) -> None:
    assert "maxOutputTokens" not in recording.of_ours(WISHES[name][0]).body["generationConfig"]
