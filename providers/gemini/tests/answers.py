"""Wishes, models and answers in Google's form, for the tests of this vendor."""

import base64
import io
from functools import cache
from typing import Any

from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.gemini.client import Gemini

VENDOR = Gemini()
FLAT, LITE = "gemini-2.5-flash-image", "gemini-3.1-flash-lite-image"
NEWEST, PRO, FLASH = "gemini-nano-banana-2.1", "gemini-3-pro-image", "gemini-3.1-flash-image"
ALL = (NEWEST, PRO, LITE, FLASH, FLAT)
CANARY = "AQ.Ab8RN6-canary_key.0123456789"
KEY = Key({"GOOGLE_API_KEY": CANARY})
USAGE = {
    "promptTokenCount": 2076,
    "candidatesTokenCount": 1332,
    "thoughtsTokenCount": 137,
    "totalTokenCount": 3545,
    "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
}


def entry(model_id: str) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def wish(model_id: str = FLAT, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised."""
    raw = CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **changes})
    return VENDOR.normalise(raw, entry(model_id))[0]


@cache
def picture(kind: str = "JPEG", width: int = 64, height: int = 48, shade: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 40, 20)).save(file, kind)
    return file.getvalue()


def image_part(data: bytes | None = None, **more: Any) -> dict[str, Any]:
    encoded = base64.b64encode(picture() if data is None else data).decode()
    return {"inlineData": {"mimeType": "image/jpeg", "data": encoded}, **more}


def candidate(*parts: dict[str, Any], finish: str = "STOP", **more: Any) -> dict[str, Any]:
    return {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0, **more}


def answer(*candidates: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"candidates": list(candidates), "usageMetadata": USAGE, "responseId": "abc-1", **more}


def drawn(**more: Any) -> dict[str, Any]:
    return answer(candidate(image_part()), **more)


def reference(size: int = 100) -> InputImage:
    return InputImage(data=b"\x89PNG" + b"x" * (size - 4), mime_type="image/png", width=64, height=64)


def error_body(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "metadata": metadata}


def quota_failure(quota_id: str, value: str | None = None) -> dict[str, Any]:
    violation = {"quotaId": quota_id} | ({"quotaValue": value} if value is not None else {})
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}


def retry_info(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
