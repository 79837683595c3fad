"""Adobe for the client's tests: scripted answers by method and path, and everything that was asked."""

import io
from collections.abc import Callable
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.firefly.client import Firefly

CANARY = "p8e-canary-secret-0123456789"
BEARER = "eyJ-canary-token.0123456789"
CLIENT = "client-of-the-tests"
KEY = Key({"FIREFLY_CLIENT_ID": CLIENT, "FIREFLY_CLIENT_SECRET": CANARY}, form="client", public=("FIREFLY_CLIENT_ID",))
BASE = "http://firefly.test/api"
IMS = "http://ims.test"
JOB = "urn:ff:jobs:eso1:abc"
SUBMITTED = {"jobId": JOB, "statusUrl": f"{BASE}/v3/status/{JOB}", "cancelUrl": f"{BASE}/v3/cancel/{JOB}"}
Answers = httpx.Response | Callable[[httpx.Request], httpx.Response]


class Adobe:
    """Answers the first scripted route that fits; tokens come by themselves, the n-th ends in -n."""

    def __init__(self, *routes: tuple[str, str, Answers]) -> None:
        self.routes = list(routes)
        self.asked: list[httpx.Request] = []
        self.tokens = 0
        self.vendor = Firefly(httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        for method, path, answer in self.routes:
            if (request.method, request.url.path) == (method, path):
                return answer(request) if callable(answer) else answer
        if request.url.host == "ims.test":
            self.tokens += 1
            token = f"{BEARER}-{self.tokens}"
            return httpx.Response(200, json={"access_token": token, "token_type": "bearer", "expires_in": 86399})
        return httpx.Response(404, json={"error_code": "not_found"})

    def to(self, part: str) -> list[httpx.Request]:
        """The requests whose address has `part` in it."""
        return [request for request in self.asked if part in str(request.url)]

    def start(self, model: str = "image4_standard", **wish: Any) -> Any:
        request = fitted(self.vendor, model, **wish)
        return self.vendor.start(self.vendor.prepare(request, KEY), KEY)


def wish(model: str = "image4_standard", **fields: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(**{"prompt": "a red fox", "model": model, **fields})


def entry(model: str = "image4_standard") -> ModelEntry:
    return next(known for known in Firefly.models if known.id == model)


def fitted(vendor: Firefly, model: str = "image4_standard", **fields: Any) -> CloudGenerationRequest:
    return vendor.normalise(wish(model, **fields), entry(model))[0]


def png(size: tuple[int, int] = (64, 48), colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def reference(colour: str = "teal") -> InputImage:
    return InputImage(data=png(colour=colour), mime_type="image/png", width=64, height=48)


def large(colour: str = "teal") -> InputImage:
    """A picture or a mask as large as Fill wants it."""
    return InputImage(data=png((600, 600), colour), mime_type="image/png", width=600, height=600)


def submit_to(version: str = "v3") -> str:
    return f"/api/{version}/images/generate-async"
