"""What our client sends for a wish is, field by field, what Ideogram's pages write for the same wish.

Ideogram publishes no SDK for Python or any other language (https://developer.ideogram.ai/ideogram-api/sdks), so the
calls beside ours are raw HTTP as its pages have them: words as JSON and pictures as a form
(https://developer.ideogram.ai/ideogram-api/api-overview), masks as in …/masked-edits, a generation by its id as in
…/responses-and-metadata, keys as in …/authentication. Allowed differences: the HTTP library's own headers, the order
and file names of a form's parts, and that ours always names `private`, a count, a quality and a size.
"""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, Pending
from providers.emulation.multipart import is_form, read_form
from providers.http import Door
from providers.ideogram.client import DEFAULT_BASE_URL, Ideogram
from tests.emulation.calls import png

pytestmark = pytest.mark.sqlite_only
KEY, PROMPT = "ideogram-test-0123456789", "A ceramic mug on a wooden table, soft window light"
PICTURE, OTHER = png(320, 256), png(64, 64)
GENERATION = "xtdZiqPwRxqY1Y7NExFmzB"
HEADERS_OF_THEIR_OWN = {"host", "accept-encoding", "connection", "content-length", "user-agent", "accept"}
SHOWN = InputImage(data=PICTURE, mime_type="image/png", width=320, height=256)
REFERENCE = InputImage(data=OTHER, mime_type="image/png", width=64, height=64)
ANSWER: dict[str, Any] = {
    "generation_id": GENERATION, "generation_kind": "sampling", "seed": 12345,
    "data": [{
        "url": f"https://ideogram.ai/api/images/ephemeral/{GENERATION}.png", "prompt": PROMPT,
        "resolution": "2048x2048", "seed": 12345, "is_image_safe": True,
    }],
}  # fmt: skip


def half(changes: int, stays: int) -> bytes:
    """A mask for `PICTURE` whose left half shall change."""
    drawn, file = Image.new("L", (320, 256), stays), io.BytesIO()
    drawn.paste(changes, (0, 0, 160, 256))
    drawn.save(file, "PNG")
    return file.getvalue()


OURS = InputImage(data=half(255, 0), mime_type="image/png", width=320, height=256)
# What is wished, the address, the documented fields, and the documented files.
WISHES: dict[str, tuple[dict[str, Any], str, dict[str, Any], list[tuple[str, bytes]]]] = {
    "4.5": (
        {"model": "ideogram-4-5", "quality": "medium", "resolution": "2K", "aspect_ratio": "1:1"},
        "generate/ideogram-4-5", {"quality": "medium", "size": "2048x2048", "num_images": 1}, [],
    ),
    "4.5 with everything": (
        {"model": "ideogram-4-5", "quality": "low", "aspect_ratio": "9:16", "num_images": 4, "seed": 2147483647,
         "enhance_prompt": False, "options": {"enable_copyright_detection": True}},
        "generate/ideogram-4-5",
        {"quality": "low", "size": "720x1280", "num_images": 4, "seed": 2147483647, "magic_prompt": "off",
         "enable_copyright_detection": True}, [],
    ),
    "4.0": (
        {"model": "ideogram-4", "quality": "turbo", "resolution": "2K", "aspect_ratio": "16:9", "seed": 3},
        "generate/ideogram-4",
        {"rendering_speed": "turbo", "resolution": "2560x1440", "num_images": 1, "seed": 3}, [],
    ),
    "3.0": (
        {"model": "ideogram-3", "quality": "quality", "negative_prompt": "text", "style": "realistic",
         "enhance_prompt": True, "aspect_ratio": "1:2"},
        "generate/ideogram-3",
        {"rendering_speed": "quality", "resolution": "704x1408", "num_images": 1, "negative_prompt": "text",
         "style_type": "realistic", "magic_prompt": "on"}, [],
    ),
    "precise edit": (
        {"model": "ideogram-4-5-precise-edit", "quality": "very_low", "input_images": (SHOWN,)},
        "precise-edit/ideogram-4-5", {"quality": "very_low", "num_images": 1}, [("image", PICTURE)],
    ),
    "masked edit with a reference": (
        {"model": "ideogram-4-5-precise-edit", "input_images": (SHOWN, REFERENCE), "mask": OURS, "seed": 7},
        "precise-edit/ideogram-4-5", {"quality": "medium", "num_images": 1, "seed": 7},
        [("image", PICTURE), ("mask", half(0, 255)), ("reference_images", OTHER)],
    ),
    "background": (
        {"model": "ideogram-remove-background", "input_images": (SHOWN,)}, "remove-background/ideogram-1", {},
        [("image", PICTURE)],
    ),
}  # fmt: skip


def pixels(data: bytes) -> tuple[tuple[int, int], bytes]:
    """A picture without the ways of its encoder."""
    with Image.open(io.BytesIO(data)) as image:
        return image.size, image.convert("L").tobytes()


def read(request: httpx.Request) -> tuple[str, str, dict[str, str], Any]:
    headers = {name: value for name, value in request.headers.items() if name not in HEADERS_OF_THEIR_OWN}
    kind, body = headers.get("content-type", ""), request.read()
    if not is_form(kind):
        return request.method, str(request.url), headers, httpx.Response(200, content=body).json() if body else None
    headers["content-type"] = "multipart/form-data"
    parts = sorted((part.name, part.text) for part in read_form(kind, body) if part.filename is None)
    files = sorted((part.name, part.content_type, pixels(part.data)) for part in read_form(kind, body) if part.filename)
    return request.method, str(request.url), headers, (parts, files)


def write_by_the_pages(
    client: httpx.Client, path: str, fields: dict[str, Any], files: list[tuple[str, bytes]]
) -> None:  # fmt: skip
    """The call of Ideogram's pages, and the question after its generation."""
    headers = {"Api-Key": KEY}
    address = f"{DEFAULT_BASE_URL}/v2/image/{path}"
    if files:
        data = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()}
        sent = [(name, (f"{name}.png", content, "image/png")) for name, content in files]
        client.post(address, headers=headers, data=data, files=sent)
    else:
        client.post(address, headers=headers, json=fields)
    client.get(f"{DEFAULT_BASE_URL}/v2/generations/{GENERATION}", headers=headers)


@pytest.mark.parametrize("name", WISHES)
def test_our_requests_are_the_documented_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_BASE_URL", raising=False)
    fields, path, documented, files = WISHES[name]
    sent: list[Any] = []

    def receive(request: httpx.Request) -> httpx.Response:
        sent.append(read(request))
        return httpx.Response(200, json=ANSWER if request.method == "POST" else {"status": "pending"})

    transport = httpx.MockTransport(receive)
    busy = Door("The result's address", transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    vendor, key = Ideogram(transport, busy), Key({"IDEOGRAM_API_KEY": KEY})
    wish = CloudGenerationRequest(prompt="" if name == "background" else PROMPT, **fields)
    pending = vendor.start(vendor.normalise(wish, vendor.model(wish.model))[0], key)
    assert isinstance(pending, Pending)
    vendor.check(pending.remote_id, key)
    words = {} if name == "background" else {"prompt": PROMPT}
    with httpx.Client(transport=transport) as client:
        write_by_the_pages(client, path, {**words, **documented, "private": True}, files)
    assert sent[:2] == sent[2:]
