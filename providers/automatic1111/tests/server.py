"""The web UI for the client's tests: scripted answers, and everything that was asked."""

import base64
import io
import json
from typing import Any

import httpx
from PIL import Image

from providers.automatic1111.client import Automatic1111
from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry

CANARY = "canary-word-0123456789"
PAIR = f"alice:{CANARY}"
KEY, NO_KEY = Key({"AUTOMATIC1111_API_AUTH": PAIR}, form="server"), Key({}, form="server")
BASE, OTHER = "http://gpu.test:7860", "http://other.test:7860"
MODELS = [
    {"title": "v1-5.safetensors [6ce0161689]", "model_name": "v1-5", "filename": "/m/v1-5.safetensors"},
    {
        "title": "sd_xl_base_1.0.safetensors",
        "model_name": "sd_xl_base_1.0",
        "filename": "/m/sd_xl_base_1.0.safetensors",
    },
]
SAMPLERS = [{"name": "Euler a", "aliases": ["k_euler_a"], "options": {}}, {"name": "DDIM"}]
SCHEDULERS = [{"name": "karras", "label": "Karras"}]


def png(size: tuple[int, int] = (64, 48), colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def reference(size: tuple[int, int] = (640, 480), colour: str = "teal") -> InputImage:
    return InputImage(data=png(size, colour), mime_type="image/png", width=size[0], height=size[1])


def drawn(*pictures: bytes, **info: Any) -> dict[str, Any]:
    """An answer with these pictures, the seeds counting up from 5."""
    facts = {"seed": 5, "all_seeds": [5, 6, 7, 8], "index_of_first_image": 0, "sd_model_name": "v1-5"} | info
    encoded = [base64.b64encode(picture).decode() for picture in pictures]
    return {"images": encoded, "parameters": {"prompt": "a fox", "init_images": None}, "info": json.dumps(facts)}


class WebUI:
    """Lists its models and samplers; answers every costly call with `answer`."""

    def __init__(self, answer: httpx.Response | None = None, **lists: Any) -> None:
        self.answer = answer or httpx.Response(200, json=drawn(png()))
        known = {"sd-models": MODELS, "samplers": SAMPLERS, "schedulers": SCHEDULERS} | lists
        self.lists = {f"/sdapi/v1/{name.replace('_', '-')}": listed for name, listed in known.items()}
        self.asked: list[httpx.Request] = []
        self.vendor = Automatic1111(httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "POST":
            return self.answer
        listed = self.lists.get(request.url.path)
        if isinstance(listed, httpx.Response):
            return listed
        return (
            httpx.Response(200, json=listed)
            if listed is not None
            else httpx.Response(404, json={"detail": "Not Found"})
        )

    @property
    def sent(self) -> httpx.Request:
        """The one costly call."""
        (request,) = [request for request in self.asked if request.method == "POST"]
        return request

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.sent.content))

    def entry(self, model: str = "v1-5", address: str = "") -> ModelEntry:
        return self.vendor.describe(model, NO_KEY, address=address)

    def draw(self, entry: ModelEntry | None = None, key: Key = NO_KEY, **fields: Any) -> Any:
        entry = entry or self.entry()
        wish = CloudGenerationRequest(**{"prompt": "a fox", "model": entry.id, "entry": entry, **fields})
        request, _ = self.vendor.normalise(wish, entry)
        return self.vendor.start(self.vendor.prepare(request, key), key)
