"""ComfyUI for the client's tests: scripted answers, and everything that was asked."""

import io
import json
from collections.abc import Callable
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.comfyui.client import ComfyUI

KEY = Key({}, form="server")
BASE, OTHER = "http://gpu.test:8188", "http://other.test:8188"
CHECKPOINTS = ["SD15/dreamshaper_8.safetensors", "sd_xl_base_1.0.safetensors"]
LOADER = {"CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [CHECKPOINTS, {"tooltip": "…"}]}}}}
SAMPLER = {
    "KSampler": {"input": {"required": {"sampler_name": [["euler", "ddim"]], "scheduler": [["normal", "karras"]]}}}
}
STATS = {"system": {"comfyui_version": "0.3.64"}, "devices": [{"name": "cuda:0 RTX 4070"}]}
Route = httpx.Response | Callable[[httpx.Request], httpx.Response]


def png(size: tuple[int, int] = (64, 48), colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def reference(size: tuple[int, int] = (640, 480), colour: str = "teal") -> InputImage:
    return InputImage(data=png(size, colour), mime_type="image/png", width=size[0], height=size[1])


class Comfy:
    """Queues a prompt and ends it at once with one picture; `routes` answer instead, by method and path."""

    def __init__(self, routes: dict[str, Route] | None = None) -> None:
        self.routes = routes or {}
        self.asked: list[httpx.Request] = []
        self.prompts: dict[str, Any] = {}
        self.waiting: list[str] = []
        self.running: list[str] = []
        self.pictures = [png()]
        self.uploads: list[bytes] = []
        self.vendor = ComfyUI(httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        route = self.routes.get(f"{request.method} {request.url.path}")
        if route is not None:
            return route(request) if callable(route) else route
        head = request.url.path.split("/")[1]
        return {"POST": self._post, "GET": self._get}[request.method](request, head)

    def _post(self, request: httpx.Request, head: str) -> httpx.Response:
        if head == "upload":
            self.uploads.append(request.content)
            return httpx.Response(
                200, json={"name": f"{len(self.uploads)}.png", "subfolder": "cloudhub", "type": "input"}
            )
        body = json.loads(request.content)
        if head == "prompt":
            self.prompts[body["prompt_id"]] = body["prompt"]
            return httpx.Response(200, json={"prompt_id": body["prompt_id"], "number": 1, "node_errors": {}})
        return httpx.Response(200)

    def _get(self, request: httpx.Request, head: str) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if head == "view":
            return httpx.Response(200, content=self.pictures[int(request.url.params["filename"])])
        documents: dict[str, Any] = {
            "system_stats": STATS,
            "object_info": {"CheckpointLoaderSimple": LOADER, "KSampler": SAMPLER}.get(name, {}),
            "queue": {"queue_running": self._entries(self.running), "queue_pending": self._entries(self.waiting)},
            "history": {name: self._ended(name)} if self._has_ended(name) else {},
        }
        return httpx.Response(200, json=documents[head])

    def _has_ended(self, name: str) -> bool:
        return name in self.prompts and name not in (*self.waiting, *self.running)

    def _ended(self, name: str) -> dict[str, Any]:
        files = [{"filename": str(place), "subfolder": "", "type": "output"} for place in range(len(self.pictures))]
        return {
            "prompt": [1, name, self.prompts[name], {}, ["9"]],
            "outputs": {"9": {"images": files}},
            "status": {"status_str": "success", "completed": True, "messages": []},
        }

    def _entries(self, names: list[str]) -> list[Any]:
        return [[1, name, {}, {}, []] for name in names]

    def to(self, part: str) -> list[httpx.Request]:
        return [request for request in self.asked if part in request.url.path]

    @property
    def graph(self) -> dict[str, Any]:
        """The one graph that was queued."""
        (request,) = self.to("/prompt")
        return dict(json.loads(request.content)["prompt"])

    def entry(self, model: str = CHECKPOINTS[0], address: str = "") -> ModelEntry:
        return self.vendor.describe(model, KEY, address=address)

    def start(self, entry: ModelEntry | None = None, **fields: Any) -> Any:
        entry = entry or self.entry()
        wish = CloudGenerationRequest(**{"prompt": "a fox", "model": entry.id, "entry": entry, **fields})
        request, _ = self.vendor.normalise(wish, entry)
        return self.vendor.start(self.vendor.prepare(request, KEY), KEY)

    def draw(self, entry: ModelEntry | None = None, **fields: Any) -> Any:
        return self.vendor.check(self.start(entry, **fields).remote_id, KEY)
