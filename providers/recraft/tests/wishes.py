"""Wishes, pictures and answers in Recraft's form, for the tests of this vendor."""

import base64
import io
import json
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.recraft.client import Recraft

VENDOR = Recraft()
NEWEST, FLASH, OLD = "recraftv4_1", "recraftv4_1_flash", "recraftv3"
ERASE, CUT_OUT, CRISP = "recraft-erase-region", "recraft-remove-background", "recraft-crisp-upscale"
REPLACE = "recraft-replace-background"
CANARY = "rcr-canaryKey0123456789abcdefghij"
KEY = Key({"RECRAFT_API_TOKEN": CANARY})
IMAGE_ID = "c18a1988-45e7-4c00-82c4-4ad7d3dbce3a"


def entry(model_id: str) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def as_input(image: Image.Image, kind: str = "PNG") -> InputImage:
    file = io.BytesIO()
    image.save(file, kind)
    return InputImage(data=file.getvalue(), mime_type=f"image/{kind.lower()}", width=image.width, height=image.height)


def picture(size: tuple[int, int] = (320, 256), kind: str = "PNG") -> InputImage:
    return as_input(Image.new("RGB", size, (200, 60, 20)), kind)


def mask(size: tuple[int, int] = (320, 256), *, see_through: bool = False) -> InputImage:
    """White, or with `see_through` nothing, in the left half; black in the right one."""
    image = Image.new("RGBA", size, (0, 0, 0, 255))
    image.paste((0, 0, 0, 0) if see_through else (255, 255, 255, 255), (0, 0, size[0] // 2, size[1]))
    return as_input(image)


def wish(model_id: str = NEWEST, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised."""
    raw = CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **changes})
    return VENDOR.normalise(raw, entry(model_id))[0]


def usual_wish(model_id: str) -> CloudGenerationRequest:
    """The plainest wish that a model takes."""
    able = entry(model_id).capabilities
    needs_picture = "text-to-image" not in able.modes
    return wish(
        model_id, input_images=(picture(),) if needs_picture else (),
        mask=mask() if able.modes == ("inpaint",) else None,
    )  # fmt: skip


def drawn(*pictures: bytes, credits: Any = 35, name: str = "data") -> dict[str, Any]:
    """An answer: a list of pictures, or by the name "image" a single one."""
    listed = [{"image_id": IMAGE_ID, "b64_json": base64.b64encode(data).decode()}
              for data in pictures or (picture().data,)]  # fmt: skip
    return {"created": 1760000000, "credits": credits, name: listed if name == "data" else listed[0]}


def complaint(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


class Platform(httpx.BaseTransport):
    """Recraft that gives one answer and remembers what it was asked."""

    def __init__(self, status: int, body: Any, headers: Any = ()) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self._answer = (status, content, dict(headers))
        self.requests: list[httpx.Request] = []
        self.vendor = Recraft(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        status, content, headers = self._answer
        return httpx.Response(status, content=content, headers=headers)

    @property
    def body(self) -> Any:
        """The JSON of the only request."""
        (request,) = self.requests
        return json.loads(request.content)
