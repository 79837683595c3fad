"""What the tests send to the emulated Gemini API, and how they look at its answers."""

import base64
import io
from typing import Any

import httpx
from PIL import Image

from providers.emulation.server import RunningServer

FLASH_2_5 = "gemini-2.5-flash-image"
NANO_BANANA = "gemini-nano-banana-2.1"
PRO = "gemini-3-pro-image"
FLASH_3_1 = "gemini-3.1-flash-image"
LITE = "gemini-3.1-flash-lite-image"
MODELS = (FLASH_2_5, NANO_BANANA, PRO, FLASH_3_1, LITE)


def body(prompt: str = "A red fox in fresh snow", *references: bytes, **settings: Any) -> dict[str, Any]:
    """A `generateContent` body with `settings` as its generationConfig."""
    parts: list[dict[str, Any]] = [{"text": prompt}]
    for reference in references:
        parts.append({"inlineData": {"mimeType": "image/png", "data": base64.b64encode(reference).decode()}})
    return {
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": {"responseModalities": ["IMAGE"]} | settings,
    }


def generate(google: httpx.Client, request: dict[str, Any] | None = None, model: str = FLASH_2_5) -> httpx.Response:
    return google.post(f"/v1beta/models/{model}:generateContent", json=request or body())


def pictures(answer: httpx.Response) -> list[bytes]:
    """The finished pictures of an answer; drafts among the thoughts are none."""
    parts = answer.json()["candidates"][0].get("content", {}).get("parts", [])
    return [
        base64.b64decode(part["inlineData"]["data"])
        for part in parts
        if "inlineData" in part and not part.get("thought")
    ]


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def png(width: int = 64, height: int = 64, colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


def amounts(emulator: RunningServer) -> list[str]:
    return [call["amount"] for call in emulator.exchange.invoice.as_json()["calls"]]
