"""What our clients send the servers of one's own is what those servers' pages write for the same wish.

Neither has an official client for these routes, so the requests beside ours are raw HTTP: AUTOMATIC1111's by its
https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API with the defaults of modules/processing.py, ComfyUI's
by the scripts in https://github.com/Comfy-Org/ComfyUI/tree/master/script_examples and, for pictures, by nodes.py.
Allowed differences: the HTTP library's own headers and `accept`; fields that ours names with the server's default; at
ComfyUI the beginning of file names, and that ours chooses the prompt's id, as server.py allows.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from providers.automatic1111.client import Automatic1111
from providers.base import CloudGenerationRequest, InputImage, Key
from providers.comfyui.client import ComfyUI
from providers.comfyui.wire import bare_entry
from providers.emulation.multipart import read_form
from tests.emulation.calls import png

BASE, PROMPT, CHECKPOINT = "http://gpu.test", "A red fox – at dawn", "v1-5-pruned-emaonly.safetensors"
PICTURE, MASK = png(512, 512), png(512, 512, "white")
ENCODED_PICTURE = base64.b64encode(PICTURE).decode()
HEADERS_OF_THEIR_OWN = {"host", "accept", "accept-encoding", "connection", "content-length", "user-agent"}
pytestmark = pytest.mark.sqlite_only
Sent = tuple[str, str, dict[str, str], Any]


def reference(data: bytes) -> InputImage:
    return InputImage(data=data, mime_type="image/png", width=512, height=512)


def listening(answer: Callable[[httpx.Request], Any]) -> tuple[list[Sent], httpx.MockTransport]:
    """A server that answers with JSON, and what it was sent by POST."""
    sent: list[Sent] = []

    def receive(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            headers = {name: value for name, value in request.headers.items() if name not in HEADERS_OF_THEIR_OWN}
            kind, headers["content-type"] = headers["content-type"], headers["content-type"].partition(";")[0]
            sent.append((request.method, str(request.url), headers, _content(kind, request.read())))
        return httpx.Response(200, json=answer(request))

    return sent, httpx.MockTransport(receive)


def _content(kind: str, body: bytes) -> Any:
    if kind == "application/json":
        return json.loads(body)
    return sorted((part.name, part.content_type if part.filename else "", part.data) for part in read_form(kind, body))


SERVERS_DEFAULTS = {
    "negative_prompt": "", "seed": -1, "batch_size": 1, "n_iter": 1, "width": 512, "height": 512, "send_images": True,
}  # fmt: skip
# The pages' own habits, named by every call beside ours: which checkpoint, how many steps, and that nothing is filed.
USUAL = {"prompt": PROMPT, "steps": 20, "override_settings": {"sd_model_checkpoint": "v1-5"}, "save_images": False}
OVER_A_PICTURE = {"init_images": [ENCODED_PICTURE], "resize_mode": 1}
WEB_UI: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "words": ({}, "txt2img", {}),
    "everything": (
        {"width": 640, "height": 704, "seed": 9, "num_images": 3, "negative_prompt": "rain", "guidance_scale": 6.5,
         "options": {"steps": 30, "sampler": "DDIM", "scheduler": "karras"}},
        "txt2img",
        {"width": 640, "height": 704, "seed": 9, "batch_size": 3, "negative_prompt": "rain", "cfg_scale": 6.5,
         "steps": 30, "sampler_name": "DDIM", "scheduler": "karras"},
    ),
    "over a picture": (
        {"input_images": (reference(PICTURE),), "strength": 0.4}, "img2img",
        {**OVER_A_PICTURE, "denoising_strength": 0.4},
    ),
    "behind a mask": (
        {"input_images": (reference(PICTURE),), "mask": reference(MASK), "strength": 0.9}, "img2img",
        {**OVER_A_PICTURE, "denoising_strength": 0.9, "mask": "a mask", "inpainting_mask_invert": 0,
         "inpainting_fill": 1, "inpaint_full_res": False},
    ),
}  # fmt: skip
LISTS = {
    "/sdapi/v1/sd-models": [{"title": "v1-5.safetensors", "model_name": "v1-5"}],
    "/sdapi/v1/samplers": [{"name": "DDIM"}], "/sdapi/v1/schedulers": [{"name": "karras"}],
}  # fmt: skip


@pytest.mark.parametrize("name", WEB_UI)
def test_our_request_to_the_web_ui_is_the_documented_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOMATIC1111_BASE_URL", BASE)
    fields, path, documented = WEB_UI[name]
    drawn = {"images": [ENCODED_PICTURE] * 3, "parameters": {}, "info": "{}"}
    sent, transport = listening(lambda request: LISTS.get(request.url.path, drawn))
    vendor, key = Automatic1111(transport), Key({"AUTOMATIC1111_API_AUTH": "alice:a-word"})
    entry = vendor.describe("v1-5", key)
    wish = CloudGenerationRequest(prompt=PROMPT, model=entry.id, entry=entry, **fields)
    vendor.start(vendor.prepare(vendor.normalise(wish, entry)[0], key), key)
    with httpx.Client(transport=transport, auth=("alice", "a-word")) as client:
        client.post(f"{BASE}/sdapi/v1/{path}", json=USUAL | documented)
    (*ours, body), (*theirs, documented_body) = sent
    assert ours == theirs
    if "mask" in body:
        # The hub writes a mask anew; that white changes is held by the vendor's own tests.
        body["mask"] = "a mask"
    assert SERVERS_DEFAULTS | body == SERVERS_DEFAULTS | documented_body


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def documented_graph(latent: list[Any], *nodes: tuple[str, dict[str, Any]], **sampling: Any) -> dict[str, Any]:
    """The pages' default workflow, from `latent`, with these nodes besides."""
    sampler = {"cfg": 7, "denoise": 1, "sampler_name": "euler", "scheduler": "normal", "seed": 5, "steps": 20}
    return {
        "3": node("KSampler", latent_image=latent, model=["4", 0], negative=["7", 0], positive=["6", 0],
                  **sampler | sampling),
        "4": node("CheckpointLoaderSimple", ckpt_name=CHECKPOINT),
        "6": node("CLIPTextEncode", clip=["4", 1], text=PROMPT),
        "7": node("CLIPTextEncode", clip=["4", 1], text="bad hands"),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="cloudhub", images=["8", 0]),
        **dict(nodes),
    }  # fmt: skip


def loaded(first: str, upload: str) -> list[tuple[str, dict[str, Any]]]:
    """Nodes that load an uploaded picture and bring it to the wished size."""
    scale = {"upscale_method": "lanczos", "width": 512, "height": 512, "crop": "center"}
    return [(first, node("LoadImage", image=upload)),
            (str(int(first) + 1), node("ImageScale", image=[first, 0], **scale))]  # fmt: skip


ENCODED = ("12", node("VAEEncode", pixels=["11", 0], vae=["4", 2]))
COMFY: dict[str, tuple[dict[str, Any], list[bytes], dict[str, Any]]] = {
    "words": (
        {"num_images": 2, "width": 640, "height": 512, "guidance_scale": 8.0}, [],
        documented_graph(["5", 0], ("5", node("EmptyLatentImage", batch_size=2, height=512, width=640)), cfg=8),
    ),
    "over a picture": (
        {"input_images": (reference(PICTURE),), "strength": 0.5}, [PICTURE],
        documented_graph(["12", 0], *loaded("10", "cloudhub/1.png"), ENCODED, denoise=0.5),
    ),
    "behind a mask": (
        {"input_images": (reference(PICTURE),), "mask": reference(MASK), "strength": 0.9}, [PICTURE, MASK],
        documented_graph(
            ["16", 0], *loaded("10", "cloudhub/1.png"), ENCODED, *loaded("13", "cloudhub/2.png"),
            ("15", node("ImageToMask", image=["14", 0], channel="red")),
            ("16", node("SetLatentNoiseMask", samples=["12", 0], mask=["15", 0])), denoise=0.9,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMFY)
def test_our_requests_to_comfyui_are_the_documented_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMFYUI_BASE_URL", BASE)
    fields, files, graph = COMFY[name]
    sent, transport = listening(
        lambda request: {"prompt_id": "p", "number": 1, "node_errors": {}} if request.url.path == "/prompt"
        else {"name": f"{len(sent)}.png", "subfolder": "cloudhub", "type": "input"}
    )  # fmt: skip
    vendor, key = ComfyUI(transport), Key({}, form="server")
    able = bare_entry(CHECKPOINT)
    wish = CloudGenerationRequest(
        prompt=PROMPT, negative_prompt="bad hands", seed=5, model=able.id, entry=able, **fields
    )
    vendor.start(vendor.prepare(vendor.normalise(wish, able)[0], key), key)
    ours = sent[:]
    own_id = ours[-1][3]["prompt_id"]
    graph["9"]["inputs"]["filename_prefix"] += f"-{own_id[:8]}"
    with httpx.Client(transport=transport) as client:
        for data in files:
            form = {"type": "input", "subfolder": "cloudhub"}
            client.post(f"{BASE}/upload/image", files={"image": ("a.png", data, "image/png")}, data=form)
        client.post(f"{BASE}/prompt", json={"prompt": graph, "client_id": own_id, "prompt_id": own_id})
    assert [_without_mask(call) for call in ours] == [_without_mask(call) for call in sent[len(ours) :]]


def _without_mask(call: Sent) -> Sent:
    """A call without the bytes of a mask, which the hub writes anew; what they mean is for the vendor's own tests."""
    method, address, headers, content = call
    if isinstance(content, list):
        known = (PICTURE, b"input", b"cloudhub")
        content = [(name, kind, data if data in known else b"") for name, kind, data in content]
    return method, address, headers, content
