"""What our client sends for a wish is, field by field, what BFL's pages write for the same wish.

BFL's own client (`blackforest` 0.1.3) cannot be asked: it knows neither FLUX.2 nor FLUX 3. So the calls beside ours are
raw HTTP by https://docs.bfl.ai/quick_start/generating_images and https://docs.bfl.ai/flux_tools/flux_1_fill. Allowed
differences: the HTTP library's own headers, and that ours always names an output format and a size.
"""

import base64
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from providers.base import CloudGenerationRequest, InputImage, Key
from providers.bfl.client import DEFAULT_BASE_URL, BlackForestLabs
from providers.masks import white_changes
from tests.emulation.bfl_calls import ENCODED, HALF, KEY, PICTURE

PROMPT = "A red fox – at dawn"
TASK = "d5ba37dc-ba09-4658-852e-deea7e176439"
POLLING = f"https://api.eu2.bfl.ai/v1/get_result?id={TASK}"
HEADERS_OF_THEIR_OWN = {"host", "accept-encoding", "connection", "content-length", "user-agent"}
REFERENCE = InputImage(data=PICTURE, mime_type="image/png", width=320, height=256)
MASK = InputImage(
    data=white_changes(replace(REFERENCE, data=base64.b64decode(HALF))), mime_type="image/png", width=320, height=256
)
ANSWERS = {
    "POST": {"id": TASK, "polling_url": POLLING, "cost": 3.0, "input_mp": 0.0, "output_mp": 0.0},
    "GET": {"id": TASK, "status": "Pending", "result": None},
}
WISHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "from words": (
        {"model": "flux-2-pro", "width": 1920, "height": 1088, "safety_level": "2", "output_format": "png", "seed": 42},
        {"width": 1920, "height": 1088, "safety_tolerance": 2, "output_format": "png", "seed": 42},
    ),
    "edit": (
        {"model": "flux-2-max", "input_images": (REFERENCE, REFERENCE), "output_format": "jpeg"},
        {"input_image": ENCODED, "input_image_2": ENCODED, "output_format": "jpeg"},
    ),
    "flex": (
        {"model": "flux-2-flex", "width": 1024, "height": 768, "guidance_scale": 4.5, "enhance_prompt": False,
         "options": {"steps": 50}, "output_format": "webp"},
        {"width": 1024, "height": 768, "guidance": 4.5, "steps": 50, "prompt_upsampling": False,
         "output_format": "webp"},
    ),
    "without upsampling": (
        {"model": "flux-2-pro-preview", "width": 1024, "height": 1024, "enhance_prompt": False, "output_format": "png"},
        {"width": 1024, "height": 1024, "disable_pup": True, "output_format": "png"},
    ),
    "klein": (
        {"model": "flux-2-klein-4b", "aspect_ratio": "1:1", "output_format": "png"},
        {"width": 1024, "height": 1024, "output_format": "png"},
    ),
    "fill": (
        {"model": "flux-pro-1.0-fill", "input_images": (REFERENCE,), "mask": MASK, "seed": 42, "guidance_scale": 60,
         "enhance_prompt": False, "output_format": "jpeg", "safety_level": "2", "options": {"steps": 50}},
        {"image": ENCODED, "mask": base64.b64encode(MASK.data).decode(), "seed": 42, "guidance": 60,
         "prompt_upsampling": False, "output_format": "jpeg", "safety_tolerance": 2, "steps": 50},
    ),
    "FLUX 3": (
        {"model": "flux-3-image", "aspect_ratio": "16:9", "resolution": "2k", "input_images": (REFERENCE,),
         "safety_level": "0", "options": {"grounding": False}},
        {"aspect_ratio": "16:9", "resolution": "2k", "images": [ENCODED], "safety_tolerance": 0, "grounding": False},
    ),
}  # fmt: skip


def read(request: httpx.Request) -> tuple[str, str, dict[str, str], Any]:
    headers = {name: value for name, value in request.headers.items() if name not in HEADERS_OF_THEIR_OWN}
    return request.method, str(request.url), headers, json.loads(request.content) if request.content else None


@pytest.mark.parametrize("name", list(WISHES))
def test_our_requests_are_the_documented_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BFL_BASE_URL", raising=False)
    fields, documented = WISHES[name]
    sent = []

    def receive(request: httpx.Request) -> httpx.Response:
        sent.append(read(request))
        return httpx.Response(200, json=ANSWERS[request.method])

    transport = httpx.MockTransport(receive)
    vendor, key = BlackForestLabs(transport), Key({"BFL_API_KEY": KEY})
    wish = CloudGenerationRequest(prompt=PROMPT, **fields)
    pending = vendor.start(vendor.normalise(wish, vendor.model(wish.model))[0], key)
    vendor.check(pending.remote_id, key)
    headers = {"accept": "application/json", "x-key": KEY}
    with httpx.Client(transport=transport) as client:
        body = json.dumps({"prompt": PROMPT, **documented})
        url = f"{DEFAULT_BASE_URL}/v1/{wish.model}"
        submitted = client.post(url, headers=headers | {"content-type": "application/json"}, content=body).json()
        client.get(submitted["polling_url"], headers=headers)
    assert sent[:2] == sent[2:]
