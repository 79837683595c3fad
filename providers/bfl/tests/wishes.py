"""Wishes, pictures and answers in BFL's form, for the tests of this vendor."""

import io
import json
from typing import Any

import httpx
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.bfl.client import BlackForestLabs
from providers.bfl.jobs import Job
from providers.http import Door

VENDOR = BlackForestLabs()
FLUX_3, MAX, PRO, FLEX = "flux-3-image", "flux-2-max", "flux-2-pro", "flux-2-flex"
FILL = "flux-pro-1.0-fill"
KLEIN_9, KLEIN_4 = "flux-2-klein-9b", "flux-2-klein-4b"
ALL = (FLUX_3, MAX, PRO, "flux-2-pro-preview", FLEX, KLEIN_9, "flux-2-klein-9b-preview", KLEIN_4)
CANARY = "bfl_canaryKey0123456789abcdef"
KEY = Key({"BFL_API_KEY": CANARY})
TASK = "38b4e501-344b-4d19-9ffa-a566b7f36b1c"
POLLING = f"https://api.eu2.bfl.ai/v1/get_result?id={TASK}"
SAMPLE = "https://delivery.eu2.bfl.ai/results/38b4_sample.png?se=2026-11-22T14%3A41&sig=Pbvl8"


def entry(model_id: str) -> ModelEntry:
    found = VENDOR.model(model_id)
    assert found is not None  # noqa: S101
    return found


def picture(size: tuple[int, int] = (320, 256), kind: str = "PNG") -> InputImage:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 60, 20)).save(file, kind)
    return InputImage(data=file.getvalue(), mime_type=f"image/{kind.lower()}", width=size[0], height=size[1])


def raw_wish(model_id: str = PRO, **changes: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(**{"prompt": "A red fox in snow", "model": model_id, **changes})


def wish(model_id: str = PRO, **changes: Any) -> CloudGenerationRequest:
    """A wish as the hub hands it to `start`: already normalised."""
    return VENDOR.normalise(raw_wish(model_id, **changes), entry(model_id))[0]


def submitted(**changes: Any) -> dict[str, Any]:
    """BFL's answer to a submission."""
    return {"id": TASK, "polling_url": POLLING, "cost": 3.0, "input_mp": 0.0, "output_mp": 1.0, **changes}


def state(name: str, **changes: Any) -> dict[str, Any]:
    """BFL's answer to the question after a task."""
    return {
        "id": TASK, "status": name, "result": None, "progress": None, "details": None, "preview": None, **changes,
    }  # fmt: skip


def ready(**result: Any) -> dict[str, Any]:
    told = {"sample": SAMPLE, "prompt": "A red fox in snow", "seed": 1601288383, "start_time": 1764253858.85}
    return state("Ready", result=told | result)


def job(**changes: Any) -> str:
    """A job's text as `start` gives it for a plain wish."""
    usual: dict[str, Any] = {
        "id": TASK, "address": POLLING, "quoted_cost": "3.0", "most": {"image": 1}, "prompt_mark": "",
    }  # fmt: skip
    return Job(**(usual | changes)).to_text()


class Labs:
    """BFL with its network here: one answer to every call, and a picture behind every result's address."""

    def __init__(self, status: int = 200, document: Any = None, **answer: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.fetched: list[httpx.Request] = []
        self.delivered: dict[str, Any] = {"status_code": 200, "content": picture((64, 48)).data}
        # Numbers as BFL writes them, 3.0 and not 3.
        body = {"content": json.dumps(document)} if document is not None else {}
        self.answer: dict[str, Any] = {"status_code": status, **body, **answer}
        results = Door("The result's address", transport=httpx.MockTransport(self._deliver))
        self.vendor = BlackForestLabs(httpx.MockTransport(self._receive), results)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(**self.answer)

    def _deliver(self, request: httpx.Request) -> httpx.Response:
        self.fetched.append(request)
        return httpx.Response(**self.delivered)
