"""Wishes, models and answers in OpenAI's form, for the tests of this vendor."""

import base64
import io
from functools import cache
from typing import Any

import orjson
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.openai.client import OpenAI

VENDOR = OpenAI()
FLARE, SUNBURST = "gpt-image-2.6-flare", "gpt-image-2.6-sunburst"
FLARE_2_5, SUNBURST_2_5, SECOND = "gpt-image-2.5-flare", "gpt-image-2.5-sunburst", "gpt-image-2"
LATE, MINI, FIRST, DALL_E = "gpt-image-1.5", "gpt-image-1-mini", "gpt-image-1", "dall-e-3"
FREE = (FLARE, SUNBURST, FLARE_2_5, SUNBURST_2_5, SECOND)
FIXED = (LATE, "chatgpt-image-latest", MINI, FIRST)
ALL = (FLARE, SUNBURST, FLARE_2_5, SUNBURST_2_5, SECOND, *FIXED, DALL_E)
CANARY = "sk-proj-canary_key-0123456789abcdef"
KEY = Key({"OPENAI_API_KEY": CANARY})
# As recorded on 2026-06-09 (openai-dotnet), for gpt-image-1 at high quality.
USAGE = {
    "input_tokens": 11,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 11},
    "output_tokens": 6240,
    "output_tokens_details": {"image_tokens": 6240, "text_tokens": 0},
    "total_tokens": 6251,
}


def entry(model_id: str) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def wish(model_id: str = FLARE, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised."""
    raw = CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **changes})
    return VENDOR.normalise(raw, entry(model_id))[0]


@cache
def picture(kind: str = "PNG", width: int = 64, height: int = 48, shade: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 40, 20)).save(file, kind)
    return file.getvalue()


def encoded(data: bytes | None = None) -> str:
    return base64.b64encode(picture() if data is None else data).decode()


@cache
def reference(width: int = 96, height: int = 64, kind: str = "PNG") -> InputImage:
    mime_type = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}[kind]
    return InputImage(data=picture(kind, width, height), mime_type=mime_type, width=width, height=height)


@cache
def mask(width: int = 96, height: int = 64) -> InputImage:
    """The hub's kind: white on the right half shall change."""
    drawn = Image.new("L", (width, height), 0)
    drawn.paste(255, (width // 2, 0, width, height))
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return InputImage(data=file.getvalue(), mime_type="image/png", width=width, height=height)


def answer(*pictures: bytes, **more: Any) -> dict[str, Any]:
    data = [{"b64_json": encoded(data)} for data in pictures or (picture(),)]
    return {"created": 1781048029, "background": "opaque", "data": data, "output_format": "png", "quality": "high",
            "size": "1024x1536", "usage": USAGE, **more}  # fmt: skip


def error_body(message: str, *, kind: str = "invalid_request_error", code: str | None = None, **more: Any) -> Any:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}


def frame(name: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps({"type": name, **fields}))


def partial(number: int, data: bytes | None = None) -> bytes:
    return frame("image_generation.partial_image", b64_json=encoded(data), partial_image_index=number, created_at=1)


def completed(data: bytes | None = None, **more: Any) -> bytes:
    usage = {name: value for name, value in USAGE.items() if name != "output_tokens_details"}
    fields = {"b64_json": encoded(data), "created_at": 2, "size": "1024x1024", "quality": "high",
              "background": "opaque", "output_format": "png", "usage": usage, **more}  # fmt: skip
    return frame("image_generation.completed", **fields)
