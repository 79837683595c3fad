"""What our client sends a compatible server for a wish is, field by field, what OpenAI's official SDK sends it.

Allowed differences: the headers of `HEADERS_OF_THEIR_OWN` and the SDK's x-stainless-…, and the names of files in a
form. What a server takes beyond OpenAI's form, such as a seed, the SDK's users send by its `extra_body`.
"""

import json
from typing import Any

import httpx
import pytest
from openai import OpenAI as SDK

from providers.base import Capabilities, CloudGenerationRequest, FreeSize, InputImage, Key, ModelEntry, Option
from providers.compatible.client import Compatible
from providers.emulation.multipart import read_form
from tests.emulation.calls import png
from tests.emulation.openai_calls import see_through

BASE, KEY, PROMPT = "http://images.test:8080/v1", "gateway-key-0123456789", "A red fox – at dawn"
HEADERS_OF_THEIR_OWN = {"host", "accept-encoding", "connection", "content-length", "user-agent"}
RED, BLUE, MASK = png(64, 64, "red"), png(64, 64, "blue"), see_through()
ABLE = Capabilities(
    modes=("text-to-image", "image-to-image", "inpaint"), free_size=FreeSize(step=8), images_per_call=4,
    seed="best_effort", negative_prompt=True, guidance_scale=True, qualities=("low", "high"), most_input_images=2,
    output_formats=("png", "webp"), options=(Option(name="num_inference_steps", kind="integer"),),
)  # fmt: skip
ENTRY = ModelEntry(id="qwen-image", name="Qwen Image", capabilities=ABLE)
USUAL = {"model": "qwen-image", "prompt": PROMPT, "n": 1, "response_format": "b64_json"}
Sent = tuple[str, str, dict[str, str], Any]


def reference(data: bytes) -> InputImage:
    return InputImage(data=data, mime_type="image/png", width=64, height=64)


WISHES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "words": ({}, "generate", USUAL),
    "several of a size": ({"width": 640, "height": 480, "num_images": 3}, "generate",
                          {**USUAL, "n": 3, "size": "640x480"}),
    "everything": (
        {"width": 512, "height": 512, "quality": "high", "output_format": "webp", "seed": 7, "negative_prompt": "rain",
         "guidance_scale": 4.5, "options": {"num_inference_steps": 28}},
        "generate",
        {**USUAL, "size": "512x512", "quality": "high", "output_format": "webp",
         "extra_body": {"seed": 7, "negative_prompt": "rain", "guidance_scale": 4.5, "num_inference_steps": 28}},
    ),
    "a picture": (
        {"input_images": (reference(RED),), "seed": 7}, "edit",
        {**USUAL, "image": ("a.png", RED, "image/png"), "extra_body": {"seed": 7}},
    ),
    "two pictures": (
        {"input_images": (reference(RED), reference(BLUE)), "width": 512, "height": 512, "num_images": 2}, "edit",
        {**USUAL, "n": 2, "size": "512x512",
         "image": [("a.png", RED, "image/png"), ("b.png", BLUE, "image/png")]},
    ),
    "a mask": (
        {"input_images": (reference(RED),), "mask": reference(MASK)}, "edit",
        {**USUAL, "image": ("a.png", RED, "image/png"), "mask": ("mask.png", MASK, "image/png")},
    ),
}  # fmt: skip


def read(request: httpx.Request) -> Sent:
    """Method, address, the headers that count, and the JSON or the parts of the form."""
    request.read()
    headers = {name: value for name, value in request.headers.items()
               if name not in HEADERS_OF_THEIR_OWN and not name.startswith("x-stainless-")}  # fmt: skip
    kind, headers["content-type"] = headers["content-type"], headers["content-type"].partition(";")[0]
    return request.method, str(request.url), headers, _content(kind, request.content)


def _content(kind: str, body: bytes) -> Any:
    if kind.startswith("application/json"):
        return json.loads(body)
    parts = read_form(kind, body)
    plain = sorted((part.name, part.text) for part in parts if part.filename is None)
    # The hub writes a mask anew; what it means is the business of `tests/providers/test_masks.py`.
    files = [(part.name, part.content_type, part.data if part.name != "mask" else b"")
             for part in parts if part.filename is not None]  # fmt: skip
    return plain, sorted(files)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", WISHES)
def test_our_request_is_the_sdks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", BASE)
    fields, verb, of_sdk = WISHES[name]
    sent: list[Sent] = []

    def receive(request: httpx.Request) -> httpx.Response:
        sent.append(read(request))
        return httpx.Response(400, json={"error": {"message": "recorded"}})

    transport = httpx.MockTransport(receive)
    vendor = Compatible(transport)
    wish = CloudGenerationRequest(prompt=PROMPT, model=ENTRY.id, entry=ENTRY, **fields)
    with pytest.raises(Exception, match="recorded"):
        vendor.start(vendor.normalise(wish, ENTRY)[0], Key({"OPENAI_COMPATIBLE_API_KEY": KEY}))
    with (
        httpx.Client(transport=transport) as connection,
        SDK(api_key=KEY, base_url=BASE, http_client=connection, max_retries=0) as client,
        pytest.raises(Exception, match="recorded"),
    ):
        getattr(client.images, verb)(**of_sdk)
    ours, theirs = sent
    assert ours == theirs
