"""What the tests of Together do over and over: a vendor without a network, answers, pictures."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.together.client import Together

CANARY = "tgp_v1_canary0123456789canary0123456789"
KEY = Key({"TOGETHER_API_KEY": CANARY})
VENDOR = Together()
MAX, PRO = "black-forest-labs/FLUX.2-max", "black-forest-labs/FLUX.2-pro"
FLEX, KONTEXT = "black-forest-labs/FLUX.2-flex", "black-forest-labs/FLUX.1-kontext-pro"
SCHNELL, PRO_1_1 = "black-forest-labs/FLUX.1-schnell", "black-forest-labs/FLUX.1.1-pro"
PROMPT = "A red fox in snow"


def entry(model_id: str = MAX) -> ModelEntry:
    return next(model for model in VENDOR.models if model.id == model_id)


def wish(model_id: str = MAX, **fields: Any) -> CloudGenerationRequest:
    """A wish as the hub would send it. Raises `InvalidField`."""
    asked = CloudGenerationRequest(**{"prompt": PROMPT, "model": model_id, "entry": entry(model_id), **fields})
    return VENDOR.normalise(asked, entry(model_id))[0]


def picture(size: tuple[int, int] = (64, 48), kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    return file.getvalue()


def reference(data: bytes = b"") -> InputImage:
    return InputImage(data=data or picture(), mime_type="image/png", width=64, height=48)


def answer(*pictures: bytes, model: str = MAX, **changes: Any) -> dict[str, Any]:
    """As Together's reference shows one."""
    data = [{"index": index, "type": "b64_json", "b64_json": base64.b64encode(data).decode()}
            for index, data in enumerate(pictures)]  # fmt: skip
    return {"id": "oAbc123", "model": model, "object": "list", "data": data, **changes}


def answering(status: int, body: Any, **headers: str) -> Together:
    """The vendor as it is when it gets that answer to everything."""
    return Together(httpx.MockTransport(lambda _: _reply(status, body, headers)))


def recording(seen: list[httpx.Request], body: Any, *, fetch: Callable[[str], bytes] | None = None) -> Together:
    """The vendor that keeps its requests in `seen` and gets that answer with HTTP 200."""

    def receive(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return _reply(200, body, {})

    transport = httpx.MockTransport(receive)
    return Together(transport, fetch=fetch) if fetch else Together(transport)


def _reply(status: int, body: Any, headers: Any) -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=content, headers=names)
