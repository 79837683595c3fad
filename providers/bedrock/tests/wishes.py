"""Wishes, pictures and answers in Bedrock's form, for the tests of this vendor."""

import base64
import io
from collections.abc import Callable
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.bedrock.client import Bedrock

VENDOR = Bedrock()
CORE, LARGE = "stability.stable-image-core-v1:1", "stability.sd3-5-large-v1:0"
ULTRA = "stability.stable-image-ultra-v1:1"
INPAINT, ERASE = "us.stability.stable-image-inpaint-v1:0", "us.stability.stable-image-erase-object-v1:0"
OUTPAINT, TRANSFER = "us.stability.stable-outpaint-v1:0", "us.stability.stable-style-transfer-v1:0"
CUTOUT, REPLACE = "us.stability.stable-image-remove-background-v1:0", "us.stability.stable-image-search-replace-v1:0"
FAST, CREATIVE = "us.stability.stable-fast-upscale-v1:0", "us.stability.stable-creative-upscale-v1:0"
CANARY = "bedrock-api-key-canary0123456789"
KEY = Key({"AWS_BEARER_TOKEN_BEDROCK": CANARY, "AWS_REGION": "us-west-2"}, form="api_key", public=("AWS_REGION",))
SIGNING_KEY = Key(
    {"AWS_ACCESS_KEY_ID": "AKIACANARY0123456789", "AWS_SECRET_ACCESS_KEY": "secret/canary+0123456789",
     "AWS_SESSION_TOKEN": "session/canary+0123456789==", "AWS_DEFAULT_REGION": "us-east-1"},
    form="access_key", public=("AWS_REGION", "AWS_DEFAULT_REGION"),
)  # fmt: skip


def entry(model_id: str) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def picture(size: tuple[int, int] = (320, 256), kind: str = "PNG", *, see_through: bool = False) -> InputImage:
    """A plain picture; with `see_through` a corner of it is."""
    colour = (20, 90, 200, 255)
    image = Image.new("RGBA", size, colour) if see_through else Image.new("RGB", size, colour[:3])
    if see_through:
        image.putpixel((0, 0), (0, 0, 0, 0))
    file = io.BytesIO()
    image.save(file, kind)
    return InputImage(data=file.getvalue(), mime_type=f"image/{kind.lower()}", width=size[0], height=size[1])


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def raw_wish(model_id: str = CORE, **changes: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **changes})


def wish(model_id: str = CORE, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised."""
    return VENDOR.normalise(raw_wish(model_id, **changes), entry(model_id))[0]


def drawn(**changes: Any) -> dict[str, Any]:
    """Bedrock's answer with a picture."""
    answer = {"seeds": [2130420379], "finish_reasons": [None], "images": [coded(picture((64, 48)).data)]}
    return {**answer, **changes}


class Network:
    """Bedrock with its network here: gives each request the same answer and keeps what it was sent."""

    def __init__(self, status: int = 200, document: Any = None, **answer: Any) -> None:
        self.requests: list[httpx.Request] = []
        body = {"json": document} if document is not None else {}
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(status, **body, **answer)
        self.vendor = Bedrock(httpx.MockTransport(self._receive))

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer()
