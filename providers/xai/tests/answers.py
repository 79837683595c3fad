"""Wishes, models and answers in xAI's form, for the tests of this vendor."""

import base64
import io
from functools import cache
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.xai.client import XAI

VENDOR = XAI()
NEWEST, CHEAP = "grok-imagine-image-2.0", "grok-imagine-image"
CANARY = "xai-canary_key-0123456789abcdef"
KEY = Key({"XAI_API_KEY": CANARY})


def entry(model_id: str) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def wish(model_id: str = NEWEST, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised."""
    raw = CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **changes})
    return VENDOR.normalise(raw, entry(model_id))[0]


@cache
def picture(kind: str = "JPEG", width: int = 64, height: int = 48, shade: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 40, 20)).save(file, kind)
    return file.getvalue()


def encoded(data: bytes | None = None) -> str:
    return base64.b64encode(picture() if data is None else data).decode()


@cache
def reference(kind: str = "PNG", shade: int = 90) -> InputImage:
    data = picture(kind, 96, 64, shade)
    return InputImage(data=data, mime_type=f"image/{kind.lower()}", width=96, height=64)


def item(data: bytes | None = None, **more: Any) -> dict[str, Any]:
    return {
        "b64_json": encoded(data),
        "mime_type": "image/jpeg",
        "revised_prompt": "",
        "respect_moderation": True,
    } | more


WITHHELD = {"respect_moderation": False, "revised_prompt": ""}


def answer(*items: dict[str, Any], ticks: Any = 400_000_000, **more: Any) -> dict[str, Any]:
    """An answer of the newest model; without `ticks` it names no cost."""
    usage = {} if ticks is None else {"usage": {"cost_in_usd_ticks": ticks}}
    return {"data": list(items or (item(),)), "model": NEWEST, **usage, **more}


class Recorded:
    """A vendor whose network is here: answers each request with the same answer and keeps what it was sent."""

    def __init__(self, status: int = 200, document: Any = None, **answered: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = {"status_code": status, **({"json": document} if document is not None else {}), **answered}
        self.vendor = XAI(httpx.MockTransport(self._receive))

    def _receive(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return httpx.Response(**self.answer)

    def start(self, model_id: str = NEWEST, key: Key = KEY, **changes: Any) -> Any:
        return self.vendor.start(wish(model_id, **changes), key)
