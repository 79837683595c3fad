"""Registrations, wishes and answers of compatible servers, for the tests of this vendor."""

import base64
import io
from dataclasses import replace
from functools import cache
from typing import Any

from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.compatible.client import USUAL, Compatible

VENDOR = Compatible()
BASE = "http://images.example:8080/v1"
CANARY = "gateway-canary-key-0123456789"
KEY = Key({"OPENAI_COMPATIBLE_API_KEY": CANARY})


def registered(address: str = "", **abilities: Any) -> ModelEntry:
    """A registration with these abilities over the usual ones."""
    return ModelEntry(id="flux-dev", name="Flux", address=address, capabilities=replace(USUAL, **abilities))


def wish(entry: ModelEntry | None = None, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised, with the registration's description."""
    entry = entry or registered()
    raw = CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": entry.id, **changes})
    return replace(VENDOR.normalise(raw, entry)[0], entry=entry)


@cache
def picture(width: int = 64, height: int = 48) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (90, 40, 20)).save(file, "PNG")
    return file.getvalue()


def reference() -> InputImage:
    return InputImage(data=picture(), mime_type="image/png", width=64, height=48)


def answer(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"created": 1, "data": list(items) or [{"b64_json": base64.b64encode(picture()).decode()}], **more}
