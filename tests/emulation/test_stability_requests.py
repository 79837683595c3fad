"""What our client sends for a wish is, part by part, what Stability's pages write for the same wish.

Stability has no client library for REST v2beta; the calls beside ours are raw HTTP by its reference, as in
`stability_calls`. Allowed differences: the HTTP library's own headers and the order of the parts.
"""

import io
from email.parser import BytesParser
from typing import Any

import httpx
import pytest
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key
from providers.stability.client import DEFAULT_BASE_URL, Stability
from tests.emulation.stability_calls import KEY, MASK, PICTURE, multipart

ANSWER = {"id": "a" * 64}
OURS_ALONE = {"host", "accept-encoding", "connection", "content-length", "user-agent", "content-type"}
Sent = tuple[str, dict[str, str], dict[str, Any]]


def reference(data: bytes = PICTURE) -> InputImage:
    return InputImage(data=data, mime_type="image/png", width=320, height=256)


WISHES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "core": (
        {"model": "stable-image-core", "aspect_ratio": "16:9", "seed": 42, "output_format": "png"}, "generate/core",
        {"aspect_ratio": "16:9", "seed": 42, "output_format": "png"},
    ),
    "ultra from a picture": (
        {"model": "stable-image-ultra", "input_images": (reference(),), "strength": 0.3}, "generate/ultra",
        {"image": PICTURE, "strength": 0.3},
    ),
    "sd3.5": (
        {"model": "sd3.5-medium", "negative_prompt": "rain", "guidance_scale": 4.5}, "generate/sd3",
        {"model": "sd3.5-medium", "negative_prompt": "rain", "cfg_scale": 4.5},
    ),
    "sd3.5 from a picture": (
        {"model": "sd3.5-large-turbo", "input_images": (reference(),), "strength": 0.9}, "generate/sd3",
        {"model": "sd3.5-large-turbo", "mode": "image-to-image", "image": PICTURE, "strength": 0.9},
    ),
    "inpaint": (
        {"model": "stable-image-inpaint", "input_images": (reference(),), "mask": reference(MASK),
         "options": {"grow_mask": 7}}, "edit/inpaint",
        {"image": PICTURE, "mask": MASK, "grow_mask": 7},
    ),
    "outpaint": (
        {"model": "stable-image-outpaint", "input_images": (reference(),), "options": {"left": 200, "creativity": 0.4}},
        "edit/outpaint", {"image": PICTURE, "left": 200, "creativity": 0.4},
    ),
    "search and replace": (
        {"model": "stable-image-search-and-replace", "input_images": (reference(),), "style": "anime",
         "options": {"search_prompt": "the dog"}}, "edit/search-and-replace",
        {"image": PICTURE, "search_prompt": "the dog", "style_preset": "anime"},
    ),
    "style transfer": (
        {"model": "stable-image-style-transfer", "input_images": (reference(), reference(MASK)),
         "options": {"style_strength": 0.5}}, "control/style-transfer",
        {"init_image": PICTURE, "style_image": MASK, "style_strength": 0.5},
    ),
    "creative upscale": (
        {"model": "stable-image-upscale-creative", "input_images": (reference(),), "options": {"creativity": 0.2}},
        "upscale/creative", {"image": PICTURE, "creativity": 0.2},
    ),
}  # fmt: skip


def read(request: httpx.Request) -> Sent:
    """Address, headers that count, and parts by name; pictures as their pixels."""
    head = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
    form = BytesParser().parsebytes(head + request.content)
    parts = {}
    for part in form.get_payload():
        data = part.get_payload(decode=True)
        parts[part.get_param("name", header="content-disposition")] = (
            (part.get_content_type(), _pixels(data)) if part.get_filename() else data.decode()
        )
    headers = {name: value for name, value in request.headers.items() if name not in OURS_ALONE}
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    return str(request.url), headers, parts


def _pixels(data: bytes) -> tuple[tuple[int, int], bytes]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    return image.size, image.tobytes()


@pytest.mark.parametrize("name", list(WISHES))
def test_our_request_is_the_documented_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STABILITY_BASE_URL", raising=False)
    fields, path, documented = WISHES[name]
    sent: list[Sent] = []

    def receive(request: httpx.Request) -> httpx.Response:
        request.read()
        sent.append(read(request))
        return httpx.Response(200, json=ANSWER)

    transport = httpx.MockTransport(receive)
    vendor = Stability(transport)
    wish = CloudGenerationRequest(prompt="A red fox – at dawn", **fields)
    vendor.start(vendor.normalise(wish, vendor.model(wish.model))[0], Key({"STABILITY_API_KEY": KEY}))
    with httpx.Client(transport=transport) as client:
        client.post(
            f"{DEFAULT_BASE_URL}/v2beta/stable-image/{path}",
            headers={"Authorization": f"Bearer {KEY}", "Accept": "application/json"},
            files=multipart({"prompt": "A red fox – at dawn", **documented}),
        )
    ours, theirs = sent
    assert ours == theirs
