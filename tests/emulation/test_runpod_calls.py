"""What the emulated RunPod accepts, refuses and charges, by raw HTTP in the form of RunPod's own SDK.

The SDK itself is at work in `test_runpod_sdk.py`.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from providers.base import Key
from providers.emulation.server import RunningServer
from providers.runpod.client import RunPod
from providers.runpod.emulator import work
from providers.runpod.tests.stage import REDRAW, encoded, fitted, own, reference
from tests.emulation.calls import amounts, opened, png

SCHNELL, EDIT, OWN = "black-forest-labs-flux-1-schnell", "qwen-image-edit-2511", "comfy0base64"
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")
GRAPH = {
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 384, "batch_size": 2}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox"}},
    "9": {"class_type": "SaveImage", "inputs": {}},
}


@pytest.fixture(scope="module")
def connections(served: RunningServer) -> Iterator[httpx.Client]:
    address = served.environment["RUNPOD_BASE_URL"]
    with httpx.Client(base_url=address, headers={"Authorization": "Bearer test-key"}) as client:
        yield client


@pytest.fixture
def vendor(emulator: RunningServer, connections: httpx.Client) -> httpx.Client:
    return connections


def sdk_call(vendor: httpx.Client, endpoint: str, verb: str, wish: dict[str, Any] | None = None) -> httpx.Response:
    """As the SDK's `Endpoint` calls: `run` and `runsync` post {"input": …}, `cancel` posts nothing."""
    if verb.startswith(("status", "health")):
        return vendor.get(f"/v2/{endpoint}/{verb}")
    return vendor.post(f"/v2/{endpoint}/{verb}", **({"json": {"input": wish}} if wish is not None else {}))


def outcome(vendor: httpx.Client, endpoint: str, job: str) -> dict[str, Any]:
    last = time.monotonic() + 10
    while time.monotonic() < last:
        document = sdk_call(vendor, endpoint, f"status/{job}").json()
        if document["status"] in ENDED:
            return dict(document)
        time.sleep(0.01)
    raise AssertionError("the job does not end")


def run(vendor: httpx.Client, endpoint: str, **wish: Any) -> dict[str, Any]:
    made = sdk_call(vendor, endpoint, "run", wish).json()
    assert made["status"] == "IN_QUEUE"
    return outcome(vendor, endpoint, made["id"])


def test_a_synchronous_job_answers_with_picture_and_cost(emulator: RunningServer, vendor: httpx.Client) -> None:
    done = sdk_call(vendor, SCHNELL, "runsync", {"prompt": "fox", "width": 512, "height": 768}).json()
    assert (done["status"], done["output"]["cost"]) == ("COMPLETED", 0.0009437184)
    assert opened(httpx.get(done["output"]["image_url"]).content).size == (512, 768)
    assert amounts(emulator) == ["0.000944"]


def test_a_synchronous_job_that_is_not_awaited_is_asked_for(vendor: httpx.Client) -> None:
    made = vendor.post(f"/v2/{SCHNELL}/runsync", json={"input": {"prompt": "fox"}}, params={"wait": 1000}).json()
    assert outcome(vendor, SCHNELL, made["id"])["status"] == "COMPLETED"
    assert (
        vendor.post(f"/v2/{SCHNELL}/runsync", json={"input": {"prompt": "x"}}, params={"wait": 10}).status_code == 400
    )


def test_a_job_goes_through_its_states(vendor: httpx.Client) -> None:
    made = sdk_call(vendor, SCHNELL, "run", {"prompt": "fox"}).json()
    seen = [made["status"]]
    while seen[-1] not in ENDED:
        seen.append(sdk_call(vendor, SCHNELL, f"status/{made['id']}").json()["status"])
    assert [state for state in dict.fromkeys(seen) if state != "IN_PROGRESS"] == ["IN_QUEUE", "COMPLETED"]


def test_a_job_cancelled_in_the_queue_is_not_charged(
    emulator: RunningServer, vendor: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "STARTS_AFTER", 60)
    made = sdk_call(vendor, SCHNELL, "run", {"prompt": "fox"}).json()
    cancelled = sdk_call(vendor, SCHNELL, f"cancel/{made['id']}").json()
    assert cancelled == {"id": made["id"], "status": "CANCELLED"}
    assert "executionTime" not in outcome(vendor, SCHNELL, made["id"])
    assert amounts(emulator) == []


def test_a_job_cancelled_at_work_stays_charged(
    emulator: RunningServer, vendor: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "STARTS_AFTER", 0)
    monkeypatch.setattr(work, "DONE_AFTER", 60)
    made = sdk_call(vendor, SCHNELL, "run", {"prompt": "fox"}).json()
    sdk_call(vendor, SCHNELL, f"cancel/{made['id']}")
    assert outcome(vendor, SCHNELL, made["id"])["executionTime"] == 150
    assert amounts(emulator) == ["0.002517"]


@pytest.mark.parametrize(
    ("endpoint", "wish", "words"),
    [
        (SCHNELL, {"width": 512}, "prompt is required"),
        (SCHNELL, {"prompt": "x", "width": 500}, "invalid value for width"),
        (SCHNELL, {"prompt": "x", "seed": "7"}, "invalid value for seed"),
        (SCHNELL, {"prompt": "x", "strength": 0.5}, "strength is not supported"),
        ("wan-2-6-t2i", {"prompt": "x", "size": "2048*2048"}, "size must be one of"),
        ("qwen-image-t2i", {"prompt": "x", "size": "1024x1024"}, "size must be width*height"),
        (EDIT, {"prompt": "x", "images": []}, "images must be 1 to 3"),
        (EDIT, {"prompt": "x", "images": ["https://example.org/a.png"]}, "invalid image"),
        (OWN, {"prompt": "x"}, "Missing 'workflow' parameter"),
        (OWN, {"workflow": GRAPH, "images": ["x"]}, "'images' must be a list of objects"),
        (OWN, {"workflow": {"1": {"inputs": {}}}}, "Node 1 has no class_type"),
        (OWN, {"workflow": {"3": {"class_type": "KSampler", "inputs": {"seed": "7"}}}}, "Node 3 (seed)"),
        (OWN, {"workflow": {"1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}}}}, "Invalid image file"),
    ],
)
def test_a_wrong_input_fails_the_job(
    emulator: RunningServer, vendor: httpx.Client, endpoint: str, wish: dict[str, Any], words: str
) -> None:
    done = run(vendor, endpoint, **wish)
    assert (done["status"], words in done["error"]) == ("FAILED", True)
    # An own endpoint's worker was up all the same.
    assert amounts(emulator) == (["0.000760"] if endpoint == OWN else [])


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"input": {}}', b'{"input": {"prompt": "x"}, "model": "y"}',
                                  b'{"input": {"prompt": "x"}, "policy": {"ttl": 5}}'])  # fmt: skip
def test_a_body_that_is_none_is_refused(vendor: httpx.Client, body: bytes) -> None:
    assert vendor.post(f"/v2/{SCHNELL}/run", content=body).status_code == 400


def test_run_takes_ten_megabytes_and_runsync_twenty(vendor: httpx.Client) -> None:
    body = json.dumps({"input": {"prompt": "x" * 11_000_000}})
    assert vendor.post(f"/v2/{SCHNELL}/run", content=body).status_code == 400
    assert vendor.post(f"/v2/{SCHNELL}/runsync", content=body).json()["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("key", "path", "status"),
    [
        ("", f"/v2/{SCHNELL}/health", 401),
        ("Bearer an-invalid-key", f"/v2/{SCHNELL}/health", 401),
        ("a-bare-key", f"/v2/{SCHNELL}/health", 200),
        ("Bearer a-limited-key", f"/v2/{SCHNELL}/health", 200),
        ("Bearer a-limited-key", "/management/v2/serverless", 403),
        ("Bearer a-key", "/management/v2/serverless", 200),
        ("Bearer a-key", "/management/v2/serverless/none", 404),
        ("Bearer a-key", "/v2/none/health", 404),
        ("Bearer a-key", f"/v2/{SCHNELL}/status/none", 404),
        ("Bearer a-key", "/v3", 404),
    ],
)
def test_keys_and_addresses(vendor: httpx.Client, key: str, path: str, status: int) -> None:
    assert vendor.get(path, headers={"Authorization": key}).status_code == status


@pytest.mark.parametrize(("endpoint", "kind"), [(OWN, "base64"), ("comfy0bucket", "s3_url")])
def test_worker_comfyui_gives_a_list_of_pictures(
    emulator: RunningServer, vendor: httpx.Client, endpoint: str, kind: str
) -> None:
    images = run(vendor, endpoint, workflow=GRAPH)["output"]["images"]
    assert [image["type"] for image in images] == [kind, kind]
    assert [image["filename"] for image in images] == ["ComfyUI_00001_.png", "ComfyUI_00002_.png"]
    if kind == "s3_url":
        assert opened(httpx.get(images[1]["data"]).content).size == (640, 384)
    assert amounts(emulator) == ["0.000760"]


def fault(emulator: RunningServer, **wish: Any) -> None:
    emulator.exchange.faults.post({"vendor": "runpod", **wish}, ("runpod",))


@pytest.mark.parametrize(
    ("wish", "status", "charged"),
    [
        ({"filtered": True}, "FAILED", []),
        ({"filtered": "prompt"}, "FAILED", []),
        ({"partial": 0}, "COMPLETED", []),
        ({"text_only": True}, "COMPLETED", []),
        ({"wrong_cost": "2"}, "COMPLETED", ["0.005034"]),
    ],
)
def test_faults_of_the_work_are_charged_as_the_vendor_would(
    emulator: RunningServer, vendor: httpx.Client, wish: dict[str, Any], status: str, charged: list[str]
) -> None:
    fault(emulator, **wish)
    assert run(vendor, SCHNELL, prompt="fox")["status"] == status
    assert amounts(emulator) == charged


def test_our_workflow_is_one_that_the_worker_carries_out(vendor: httpx.Client) -> None:
    model = own({"workflow": REDRAW}, modes=("inpaint",), most_input_images=1, free_size=None, images_per_call=1)
    sent: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"id": "j1", "status": "IN_QUEUE"})

    picture = reference((90, 60), data=png(90, 60))
    request = fitted(model, input_images=(picture,), mask=reference((90, 60), "white"))
    RunPod(httpx.MockTransport(receive)).start(request, Key({"RUNPOD_API_KEY": "rpa_test"}))
    done = run(vendor, OWN, **json.loads(sent[0].content)["input"])
    (image,) = done["output"]["images"]
    assert done["status"] == "COMPLETED"
    assert image["data"] != encoded(picture.data)
