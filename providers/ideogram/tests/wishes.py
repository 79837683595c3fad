"""Wishes, pictures and answers in Ideogram's form, for the tests of this vendor."""

import io
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.http import Door
from providers.ideogram.client import Ideogram

VENDOR = Ideogram()
NEWEST, FOUR, THREE = "ideogram-4-5", "ideogram-4", "ideogram-3"
EDIT, CUT = "ideogram-4-5-precise-edit", "ideogram-remove-background"
CANARY = "ideogramCanaryKey0123456789abcdef"
KEY = Key({"IDEOGRAM_API_KEY": CANARY})
GENERATION = "xtdZiqPwRxqY1Y7NExFmzB"
ADDRESS = f"https://ideogram.ai/api/images/ephemeral/{GENERATION}.png?exp=1795000000&sig=0123abcd"


def entry(model_id: str) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def picture(size: tuple[int, int] = (96, 64), kind: str = "PNG") -> InputImage:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 60, 20)).save(file, kind)
    return InputImage(data=file.getvalue(), mime_type=f"image/{kind.lower()}", width=size[0], height=size[1])


def mask(size: tuple[int, int] = (96, 64), level: int = 255) -> InputImage:
    """The hub's kind: a square of `level` on black, white is what shall change."""
    drawn, file = Image.new("L", size, 0), io.BytesIO()
    drawn.paste(level, (0, 0, size[0] // 2, size[1]))
    drawn.save(file, "PNG")
    return InputImage(data=file.getvalue(), mime_type="image/png", width=size[0], height=size[1])


def wish(model_id: str = NEWEST, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised."""
    usual: dict[str, Any] = {"prompt": "A red fox in snow", "model": model_id}
    if model_id in (EDIT, CUT):
        usual["input_images"] = (picture(),)
    return VENDOR.normalise(CloudGenerationRequest(**(usual | changes)), entry(model_id))[0]


def entry_of_answer(**changes: Any) -> dict[str, Any]:
    return {
        "url": ADDRESS, "prompt": "A red fox in snow", "resolution": "1024x1024", "seed": 12345, "is_image_safe": True,
        **changes,
    }  # fmt: skip


def answered(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Ideogram's answer to a call that it carried out."""
    return {
        "generation_id": GENERATION, "generation_kind": "sampling", "seed": 12345,
        "data": list(entries or (entry_of_answer(),)), **changes,
    }  # fmt: skip


class Studio:
    """Ideogram with its network here: `answers` by method and path, one picture behind every result's address."""

    def __init__(self, status: int = 200, document: Any = None, **answers: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.fetched: list[httpx.Request] = []
        self.usual = (status, answered() if document is None else document)
        self.answers: dict[str, tuple[int, Any]] = answers
        self.delivered: list[dict[str, Any]] = []
        results = Door("The result's address", transport=httpx.MockTransport(self._deliver))
        self.vendor = Ideogram(httpx.MockTransport(self._receive), results)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = request.url.path.strip("/").split("/")[1] if request.url.path.startswith("/v2/") else "models"
        status, document = self.answers.get(name, self.usual)
        return httpx.Response(status, json=document)

    def _deliver(self, request: httpx.Request) -> httpx.Response:
        self.fetched.append(request)
        usual = {"status_code": 200, "content": picture((64, 48)).data}
        return httpx.Response(**(self.delivered.pop(0) if self.delivered else usual))
