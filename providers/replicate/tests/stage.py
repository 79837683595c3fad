"""What the tests of Replicate do over and over: a vendor without a network, predictions, pictures."""

import io
import json
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.replicate.client import Replicate

CANARY = "r8_canary0123456789canary0123456789canary"
KEY = Key({"REPLICATE_API_TOKEN": CANARY})
VENDOR = Replicate()
SCHNELL, DEV = "black-forest-labs/flux-schnell", "black-forest-labs/flux-dev"
PRO, FLUX_2 = "black-forest-labs/flux-1.1-pro", "black-forest-labs/flux-2-pro"
IDEOGRAM = "ideogram-ai/ideogram-v3-quality"
ADDRESS = "https://replicate.delivery/abc/out-0.png"


def entry(model_id: str = SCHNELL) -> ModelEntry:
    return next(model for model in VENDOR.models if model.id == model_id)


def wish(model_id: str = SCHNELL, **fields: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **fields})


def png(size: tuple[int, int] = (64, 48), colour: str = "red", mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, "PNG")
    return file.getvalue()


def reference(size: tuple[int, int] = (64, 48), colour: str = "red", data: bytes = b"") -> InputImage:
    return InputImage(data=data or png(size, colour), mime_type="image/png", width=size[0], height=size[1])


def prediction(status: str = "succeeded", **changes: Any) -> dict[str, Any]:
    """As the vendor's pages show one."""
    done = status in ("succeeded", "failed", "canceled")
    document: dict[str, Any] = {
        "id": "gm3qorzdhgbfurvjtvhg6dckhu", "model": SCHNELL, "version": "hidden",
        "input": {"prompt": "A red fox in snow", "num_outputs": 1}, "logs": "", "error": None, "status": status,
        "output": [ADDRESS] if status == "succeeded" else None, "data_removed": False,
        "created_at": "2026-11-22T09:00:00Z", "started_at": None if status == "starting" else "2026-11-22T09:00:00Z",
        "completed_at": "2026-11-22T09:00:03Z" if done else None,
        "urls": {"get": "https://elsewhere.example/steal", "cancel": "https://elsewhere.example/steal"},
    }  # fmt: skip
    if done:
        document["metrics"] = {"predict_time": 3.1, "total_time": 3.4}
    return document | changes


class Network:
    """A vendor whose network is here: the answers are given in order, the last one again and again."""

    def __init__(self, *answers: Any, files: dict[str, Any] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.fetched: list[str] = []
        self.answers = list(answers)
        self.files = {ADDRESS: png()} if files is None else files
        self.vendor = Replicate(httpx.MockTransport(self._receive), fetch=self._fetch)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, document = answer if isinstance(answer, tuple) else (200, answer)
        if isinstance(document, dict | list):
            return httpx.Response(status, json=document)
        return httpx.Response(status, content=document)

    def _fetch(self, address: str) -> bytes:
        self.fetched.append(address)
        found = self.files[address]
        if isinstance(found, Exception):
            raise found
        return bytes(found)

    def sent(self, index: int = 0) -> dict[str, Any]:
        return dict(json.loads(self.requests[index].content))
