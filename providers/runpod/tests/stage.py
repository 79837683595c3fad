"""What the tests of RunPod do over and over: a vendor without a network, jobs, pictures, an own endpoint."""

import base64
import io
import json
from typing import Any

import httpx
from PIL import Image

from providers.base import Capabilities, CloudGenerationRequest, FreeSize, InputImage, Key, ModelEntry, Option
from providers.runpod.client import RunPod

CANARY = "rpa_canary0123456789canary0123456789canary"
KEY = Key({"RUNPOD_API_KEY": CANARY})
VENDOR = RunPod()
DEV, QWEN, Z_IMAGE = "black-forest-labs-flux-1-dev", "qwen-image-t2i", "z-image-turbo"
KONTEXT, EDIT, PRO_EDIT = "black-forest-labs-flux-1-kontext-dev", "qwen-image-edit-2511", "nano-banana-pro-edit"
ADDRESS = "https://image.runpod.ai/abc123/output.png"
WORKFLOW: dict[str, Any] = {
    "3": {"class_type": "KSampler", "inputs": {
        "seed": "{{seed}}", "steps": "{{steps}}", "cfg": "{{guidance_scale}}", "model": ["4", 0],
    }},
    "5": {"class_type": "EmptyLatentImage", "inputs": {
        "width": "{{width}}", "height": "{{height}}", "batch_size": "{{num_images}}",
    }},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "{{prompt}}, masterpiece"}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "{{negative_prompt}}"}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
}  # fmt: skip
REDRAW: dict[str, Any] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "{{image_1}}"}},
    "2": {"class_type": "LoadImageMask", "inputs": {"image": "{{mask}}", "channel": "red"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "{{prompt}}"}},
    "9": {"class_type": "SaveImage", "inputs": {}},
}  # fmt: skip
ABLE = {
    "seed": "guaranteed", "negative_prompt": True, "guidance_scale": True, "images_per_call": 4,
    "free_size": FreeSize(default=(512, 512)), "options": (Option(name="steps", kind="integer", default=20),),
}  # fmt: skip
FACTS = {"workflow": WORKFLOW, "defaults": {"negative_prompt": "", "guidance_scale": 7}}


def entry(model_id: str = DEV) -> ModelEntry:
    return next(model for model in VENDOR.models if model.id == model_id)


def own(facts: dict[str, Any] | None = None, **able: Any) -> ModelEntry:
    """An own endpoint as an owner registers it."""
    abilities = Capabilities(**{**ABLE, **able, "facts": FACTS if facts is None else facts})
    return ModelEntry(id="comfy0base64", name="My endpoint", capabilities=abilities)


def wish(model: str | ModelEntry = DEV, **fields: Any) -> CloudGenerationRequest:
    found = entry(model) if isinstance(model, str) else model
    return CloudGenerationRequest(**{"prompt": "A red fox", "model": found.id, "entry": found, **fields})


def fitted(model: str | ModelEntry = DEV, **fields: Any) -> CloudGenerationRequest:
    asked = wish(model, **fields)
    request, _ = VENDOR.normalise(asked, asked.entry)
    return request


def png(size: tuple[int, int] = (64, 48), colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def reference(size: tuple[int, int] = (64, 48), colour: str = "red", data: bytes = b"") -> InputImage:
    return InputImage(data=data or png(size, colour), mime_type="image/png", width=size[0], height=size[1])


def job(status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
    """As the vendor's pages show one."""
    document: dict[str, Any] = {"id": "60902e6c-08a1-426e-9cb9-9eaec90f5e2b-u1", "status": status}
    if status in ("COMPLETED", "FAILED"):
        document |= {"delayTime": 12, "executionTime": 856, "workerId": "oqk7ao1uomckye"}
    if status == "COMPLETED":
        document["output"] = {"image_url": ADDRESS, "cost": 0.02097152}
    return document | changes


class Network:
    """A vendor whose network is here: the answers are given in order, the last one again and again."""

    def __init__(self, *answers: Any, files: dict[str, Any] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.answers = list(answers)
        self.files = {ADDRESS: png()} if files is None else files
        self.vendor = RunPod(httpx.MockTransport(self._receive), fetch=self._fetch)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, document = answer if isinstance(answer, tuple) else (200, answer)
        if isinstance(document, dict | list):
            return httpx.Response(status, json=document)
        return httpx.Response(status, content=document)

    def _fetch(self, address: str) -> bytes:
        found = self.files[address]
        if isinstance(found, Exception):
            raise found
        return bytes(found)

    def sent(self, index: int = 0) -> dict[str, Any]:
        return dict(json.loads(self.requests[index].content))
