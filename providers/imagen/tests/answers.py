"""Wishes, models, keys and answers in Imagen's form, for the tests of this vendor."""

import base64
import io
from functools import cache
from typing import Any

from PIL import Image

from providers.base import CloudGenerationRequest, Key, ModelEntry
from providers.imagen.client import Imagen

VENDOR = Imagen()
ULTRA, STANDARD, FAST = "imagen-4.0-ultra-generate-001", "imagen-4.0-generate-001", "imagen-4.0-fast-generate-001"
ALL = (ULTRA, STANDARD, FAST)
CANARY = "AQ.Ab8RN6-canary_key.0123456789"
TOKEN = "opaque-canary-token-0123456789"  # noqa: S105
KEY = Key({"GOOGLE_API_KEY": CANARY}, form="api_key")
WATERMARK_OFF = {"add_watermark": False}
ALL_FILTERED = (
    "Unable to show generated images. All images were filtered out because they violated Vertex AI's usage guidelines. "
    "You will not be charged for blocked images. Try rephrasing the prompt. Support codes: 39322892"
)
SOME_FILTERED = "Your current safety filter threshold filtered out 2 generated images. You will not be charged."


def entry(model_id: str = STANDARD) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def wish(model_id: str = STANDARD, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `prepare`: already normalised."""
    raw = CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **changes})
    return VENDOR.normalise(raw, entry(model_id))[0]


@cache
def picture(shade: int = 90, kind: str = "PNG", width: int = 64, height: int = 48) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 40, 20)).save(file, kind)
    return file.getvalue()


def drawn(data: bytes | None = None, **more: Any) -> dict[str, Any]:
    encoded = base64.b64encode(picture() if data is None else data).decode()
    return {"mimeType": "image/png", "bytesBase64Encoded": encoded, **more}


def answer(*predictions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"predictions": list(predictions), **more}


def error_body(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}
