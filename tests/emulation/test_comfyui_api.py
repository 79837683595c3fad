"""The emulated ComfyUI, asked by plain HTTP as its repository has it.

Comfy's official Python SDK (comfy-sdk 0.5.0) speaks the Comfy API v2 of its cloud and of a proxy, not the routes of the
server itself. So the requests here follow server.py of https://github.com/Comfy-Org/ComfyUI.
"""

import io
import time
import uuid
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest
from PIL import Image

from providers.comfyui.emulator import jobs
from providers.emulation.server import RunningServer
from tests.emulation.calls import amounts, opened, png


def graph(**changes: Any) -> dict[str, Any]:
    """A small graph with a seed that was never used; `changes` are inputs of its sampler."""
    sampler = {
        "model": ["4", 0], "seed": uuid.uuid4().int % 2**63, "steps": 4, "cfg": 7, "sampler_name": "euler",
        "scheduler": "normal", "positive": ["6", 0], "negative": ["6", 0], "latent_image": ["5", 0], "denoise": 1,
    }  # fmt: skip
    return {
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 256, "height": 320, "batch_size": 2}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox", "clip": ["4", 1]}},
        "3": {"class_type": "KSampler", "inputs": sampler | changes},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "fox"}},
    }


@pytest.fixture
def comfy(emulator: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{emulator.url}/comfyui", trust_env=False) as client:
        yield client


def queue(comfy: httpx.Client, prompt: dict[str, Any], **fields: Any) -> httpx.Response:
    return comfy.post("/prompt", json={"prompt": prompt, "client_id": "tests", **fields})


def ended(comfy: httpx.Client, job: str, seconds: float = 10) -> dict[str, Any]:
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        history = comfy.get(f"/history/{job}").json()
        if history:
            return dict(history[job])
        time.sleep(0.05)
    raise AssertionError("the prompt does not end")


def pictures(comfy: httpx.Client, history: dict[str, Any], node: str = "9") -> list[Image.Image]:
    return [opened(comfy.get("/view", params=file).content) for file in history["outputs"][node]["images"]]


def test_a_prompt_runs_and_leaves_its_pictures_in_the_history(comfy: httpx.Client, emulator: RunningServer) -> None:
    own = str(uuid.uuid4())
    answer = queue(comfy, graph(), prompt_id=own).json()
    assert (answer["prompt_id"], answer["node_errors"]) == (own, {})
    assert comfy.get(f"/history/{own}").json() == {}
    history = ended(comfy, own)
    assert history["status"]["status_str"] == "success"
    assert history["prompt"][1] == own
    first, second = pictures(comfy, history)
    assert first.size == second.size == (256, 320)
    assert first.tobytes() != second.tobytes()
    assert amounts(emulator) == []


def test_routes_also_stand_below_api(comfy: httpx.Client) -> None:
    job = comfy.post("/api/prompt", json={"prompt": graph()}).json()["prompt_id"]
    assert uuid.UUID(job)
    ended(comfy, job)
    assert job in comfy.get(f"/api/history/{job}").json()


def test_the_same_graph_again_comes_from_the_cache_without_pictures(comfy: httpx.Client) -> None:
    prompt = graph()
    assert ended(comfy, queue(comfy, prompt).json()["prompt_id"])["outputs"]
    again = ended(comfy, queue(comfy, prompt).json()["prompt_id"])
    assert (again["status"]["status_str"], again["outputs"]) == ("success", {})


def changed(node: str, **inputs: Any) -> dict[str, Any]:
    prompt = graph()
    prompt[node] = deepcopy(prompt[node])
    prompt[node]["inputs"] |= inputs
    return prompt


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (changed("4", ckpt_name="gone.safetensors"), "value_not_in_list"),
        (changed("3", cfg=200), "value_bigger_than_max"),
        (changed("5", width=8), "value_smaller_than_min"),
        (changed("3", steps="many"), "invalid_input_type"),
        (changed("3", positive=["4", 0]), "return_type_mismatch"),
        (changed("8", samples=["99", 0]), "bad_linked_input"),
        ({**graph(), "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a"}}}, "required_input_missing"),
    ],
)
def test_a_graph_that_does_not_fit_is_refused_with_the_node_at_fault(
    comfy: httpx.Client, prompt: dict[str, Any], kind: str
) -> None:
    answer = queue(comfy, prompt)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "prompt_outputs_failed_validation")
    assert kind in {fault["type"] for node in answer.json()["node_errors"].values() for fault in node["errors"]}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "no_prompt"),
        ({"prompt": {}}, "prompt_no_outputs"),
        ({"prompt": {"1": {"inputs": {}}}}, "invalid_prompt"),
        ({"prompt": {"1": {"class_type": "FooNode", "inputs": {}}}}, "invalid_prompt"),
    ],
)
def test_what_is_no_graph_is_refused(comfy: httpx.Client, body: dict[str, Any], kind: str) -> None:
    answer = comfy.post("/prompt", json=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, kind)


def upload(comfy: httpx.Client, name: str, data: bytes, **form: str) -> dict[str, str]:
    return dict(comfy.post("/upload/image", files={"image": (name, data, "image/png")}, data=form).json())


def test_an_uploaded_picture_is_drawn_over_behind_its_mask(comfy: httpx.Client) -> None:
    mask = Image.new("RGB", (256, 256), "black")
    mask.paste("white", (128, 0, 256, 256))
    file = io.BytesIO()
    mask.save(file, "PNG")
    picture = upload(comfy, "black.png", png(256, 256, "black"), subfolder="hub", type="input")
    white = upload(comfy, "mask.png", file.getvalue(), subfolder="hub", type="input")
    assert picture == {"name": "black.png", "subfolder": "hub", "type": "input"}
    prompt = changed("3", latent_image=["14", 0])
    prompt |= {
        "10": {"class_type": "LoadImage", "inputs": {"image": "hub/black.png"}},
        "11": {"class_type": "VAEEncode", "inputs": {"pixels": ["10", 0], "vae": ["4", 2]}},
        "12": {"class_type": "LoadImage", "inputs": {"image": f"hub/{white['name']}"}},
        "13": {"class_type": "ImageToMask", "inputs": {"image": ["12", 0], "channel": "red"}},
        "14": {"class_type": "SetLatentNoiseMask", "inputs": {"samples": ["11", 0], "mask": ["13", 0]}},
    }
    history = ended(comfy, queue(comfy, prompt).json()["prompt_id"])
    (drawn,) = pictures(comfy, history)
    assert drawn.crop((0, 0, 120, 256)).getextrema() == ((0, 0),) * 3
    assert max(high for _, high in drawn.crop((136, 0, 256, 256)).getextrema()) > 50


def test_another_picture_of_the_same_name_gets_a_number(comfy: httpx.Client) -> None:
    name = f"{uuid.uuid4()}.png"
    stem = name.removesuffix(".png")
    names = [upload(comfy, name, png(colour=colour))["name"] for colour in ("red", "red", "blue")]
    assert names == [name, name, f"{stem} (1).png"]


def test_a_picture_that_nobody_uploaded_is_refused(comfy: httpx.Client) -> None:
    prompt = changed("3", latent_image=["11", 0])
    prompt |= {
        "10": {"class_type": "LoadImage", "inputs": {"image": "nobody.png"}},
        "11": {"class_type": "VAEEncode", "inputs": {"pixels": ["10", 0], "vae": ["4", 2]}},
    }
    assert "custom_validation_failed" in queue(comfy, prompt).text


def test_jobs_wait_for_each_other_and_can_be_taken_out(comfy: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "WORK_SECONDS", 0.5)
    first, second, third = (queue(comfy, graph()).json()["prompt_id"] for _ in range(3))
    listed = comfy.get("/queue").json()
    assert [entry[1] for entry in listed["queue_running"]] == [first]
    assert [entry[1] for entry in listed["queue_pending"]] == [second, third]
    assert comfy.post("/queue", json={"delete": [second, first]}).status_code == 200
    assert ended(comfy, first)["outputs"]
    assert ended(comfy, third)["outputs"]
    assert comfy.get(f"/history/{second}").json() == {}


def test_an_interrupt_by_id_stops_that_job_alone(comfy: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "WORK_SECONDS", 0.5)
    job = queue(comfy, graph()).json()["prompt_id"]
    comfy.post("/interrupt", json={"prompt_id": "somebody else's"})
    assert comfy.get(f"/history/{job}").json() == {}
    comfy.post("/interrupt", json={"prompt_id": job})
    history = ended(comfy, job)
    assert (history["status"]["status_str"], history["outputs"]) == ("error", {})
    assert history["status"]["messages"][-1][0] == "execution_interrupted"


def test_too_large_a_picture_is_an_error_inside_the_history(comfy: httpx.Client) -> None:
    job = queue(comfy, changed("5", width=4096, height=4096)).json()["prompt_id"]
    name, data = ended(comfy, job)["status"]["messages"][-1]
    assert (name, data["exception_type"], data["node_id"]) == ("execution_error", "torch.OutOfMemoryError", "3")


def test_what_is_installed_is_told(comfy: httpx.Client) -> None:
    assert comfy.get("/system_stats").json()["system"]["comfyui_version"]
    info = comfy.get("/object_info/CheckpointLoaderSimple").json()["CheckpointLoaderSimple"]
    assert "sd_xl_base_1.0.safetensors" in info["input"]["required"]["ckpt_name"][0]
    assert set(comfy.get("/object_info").json()) > {"KSampler", "SaveImage"}
    assert comfy.get("/object_info/Foo").json() == {}


def test_other_addresses_are_not_there(comfy: httpx.Client) -> None:
    assert comfy.get("/sdapi/v1/sd-models").status_code == 404
    assert comfy.get("/view", params={"filename": "../secret"}).status_code == 404


def test_fewer_pictures_come_by_a_fault(comfy: httpx.Client, control: httpx.Client) -> None:
    control.post("/faults", json={"partial": 1})
    history = ended(comfy, queue(comfy, graph()).json()["prompt_id"])
    assert len(pictures(comfy, history)) == 1
