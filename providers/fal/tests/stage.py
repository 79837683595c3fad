"""What the tests of fal do over and over: a vendor without a network, states and results of requests, pictures."""

import io
import json
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.fal.client import Fal

CANARY = "0canary0-0000-4000-8000-canary000000:canary0123456789canary0123456789"
KEY = Key({"FAL_KEY": CANARY})
VENDOR = Fal()
SCHNELL, REDRAW = "fal-ai/flux/schnell", "fal-ai/flux/dev/image-to-image"
DEV, ULTRA, NANO = "fal-ai/flux/dev", "fal-ai/flux-pro/v1.1-ultra", "fal-ai/nano-banana-2"
NANO_EDIT, IDEOGRAM, INPAINT = "fal-ai/nano-banana-2/edit", "fal-ai/ideogram/v3", "fal-ai/ideogram/v3/edit"
FLUX_3, RECRAFT = "blackforestlabs/flux-3/text-to-image", "fal-ai/recraft/v3/text-to-image"
ADDRESS = "https://v3.fal.media/files/lion/abc.png"
ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
BASE = f"https://queue.fal.run/fal-ai/flux/requests/{ID}"
QUEUED: dict[str, Any] = {
    "status": "IN_QUEUE", "request_id": ID, "queue_position": 0, "response_url": BASE, "status_url": f"{BASE}/status",
    "cancel_url": f"{BASE}/cancel",
}  # fmt: skip
DONE: dict[str, Any] = {"status": "COMPLETED", "request_id": ID, "logs": None, "metrics": {"inference_time": 0.8}}


def entry(model_id: str = SCHNELL) -> ModelEntry:
    return next(model for model in VENDOR.models if model.id == model_id)


def wish(model_id: str = SCHNELL, **fields: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **fields})


def png(size: tuple[int, int] = (64, 48), colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def reference(size: tuple[int, int] = (64, 48), colour: str = "red") -> InputImage:
    return InputImage(data=png(size, colour), mime_type="image/png", width=size[0], height=size[1])


def result(count: int = 1, **changes: Any) -> dict[str, Any]:
    """As https://fal.ai/docs/model-api-reference shows one."""
    image = {"url": ADDRESS, "width": 64, "height": 48, "content_type": "image/png"}
    return {
        "images": [image] * count, "seed": 42, "has_nsfw_concepts": [False] * count, "prompt": "A red fox in snow",
        "timings": {"inference": 0.8}, **changes,
    }  # fmt: skip


class Network:
    """A vendor whose network is here: the answers are given in order, the last one again and again."""

    def __init__(self, *answers: Any, files: dict[str, Any] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.fetched: list[str] = []
        self.answers = list(answers)
        self.files = {ADDRESS: png()} if files is None else files
        self.vendor = Fal(httpx.MockTransport(self._receive), fetch=self._fetch)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, document, *headers = answer if isinstance(answer, tuple) else (200, answer)
        given = headers[0] if headers else {}
        if isinstance(document, dict | list):
            return httpx.Response(status, json=document, headers=given)
        return httpx.Response(status, content=document, headers=given)

    def _fetch(self, address: str) -> bytes:
        self.fetched.append(address)
        found = self.files[address]
        if isinstance(found, Exception):
            raise found
        return bytes(found)

    def sent(self, index: int = 0) -> dict[str, Any]:
        return dict(json.loads(self.requests[index].content))
