"""Wishes, pictures and answers in Stability's form, for the tests of this vendor."""

import base64
import io
from collections.abc import Callable
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.stability.client import Stability

VENDOR = Stability()
CORE, ULTRA, LARGE, TURBO = "stable-image-core", "stable-image-ultra", "sd3.5-large", "sd3.5-large-turbo"
INPAINT, ERASE, OUTPAINT = "stable-image-inpaint", "stable-image-erase", "stable-image-outpaint"
CREATIVE = "stable-image-upscale-creative"
CANARY = "sk-canaryKey0123456789abcdefghij"
KEY = Key({"STABILITY_API_KEY": CANARY})
JOB = "a6dc6c6e20acda010fe14d71f180658f2896ed9b4ec25aa99a6ff06c796987c4"


def entry(model_id: str) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def picture(size: tuple[int, int] = (320, 256), kind: str = "PNG", *, see_through: bool = False) -> InputImage:
    """A plain picture; with `see_through` its left half is."""
    image = Image.new("RGBA" if see_through else "RGB", size, (200, 60, 20, 255) if see_through else (200, 60, 20))
    if see_through:
        image.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    image.save(file, kind)
    return InputImage(data=file.getvalue(), mime_type=f"image/{kind.lower()}", width=size[0], height=size[1])


def raw_wish(model_id: str = CORE, **changes: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **changes})


def wish(model_id: str = CORE, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised."""
    return VENDOR.normalise(raw_wish(model_id, **changes), entry(model_id))[0]


def usual_wish(model_id: str) -> CloudGenerationRequest:
    """A wish that gives a model everything that it needs and as much as it takes."""
    able = entry(model_id).capabilities
    options = {option.name: option.default for option in able.options if option.default is not None}
    options |= {option.name: option.choices[0] if option.choices else "the fox"
                for option in able.options if option.kind == "text"}  # fmt: skip
    if model_id == OUTPAINT:
        options["left"] = 100
    needed = 0 if "text-to-image" in able.modes else able.most_input_images
    return wish(
        model_id, options=options, seed=7, input_images=(picture(),) * needed,
        mask=picture() if "inpaint" in able.modes else None,
        negative_prompt="rain" if able.negative_prompt else None,
        style=able.styles[0] if able.styles else None,
        guidance_scale=5.5 if able.guidance_scale else None,
        output_format=able.output_formats[0],
    )  # fmt: skip


def drawn(**changes: Any) -> dict[str, Any]:
    """Stability's answer with a picture."""
    return {
        "image": base64.b64encode(picture((64, 48)).data).decode(), "seed": 343940597, "finish_reason": "SUCCESS",
        **changes,
    }  # fmt: skip


def envelope(name: str, *sentences: str) -> dict[str, Any]:
    """Stability's error body."""
    return {"id": "37967085a05c4ccb95d1ab2eb4b3b5a7", "name": name, "errors": list(sentences)}


class Platform:
    """Stability with its network here: gives each request the same answer and keeps what it was sent."""

    def __init__(self, status: int = 200, document: Any = None, **answer: Any) -> None:
        self.requests: list[httpx.Request] = []
        body = {"json": document} if document is not None else {}
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(status, **body, **answer)
        self.vendor = Stability(httpx.MockTransport(self._receive))

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer()
