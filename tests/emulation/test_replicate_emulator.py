"""What the emulated Replicate accepts, refuses and charges, as the vendor's documents have it."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from providers.emulation.server import RunningServer
from providers.replicate.emulator.models import COMMUNITY_VERSION
from tests.emulation.calls import amounts, opened

SCHNELL, PRO = "black-forest-labs/flux-schnell", "black-forest-labs/flux-1.1-pro"
WISH = {"prompt": "A red fox in fresh snow"}
WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def connections(served: RunningServer) -> Iterator[httpx.Client]:
    address = served.environment["REPLICATE_BASE_URL"]
    with httpx.Client(base_url=address, headers={"Authorization": "Bearer test-key"}) as client:
        yield client


@pytest.fixture
def vendor(emulator: RunningServer, connections: httpx.Client) -> httpx.Client:
    return connections


def predict(
    vendor: httpx.Client, model: str = SCHNELL, headers: dict[str, str] | None = None, **wish: Any
) -> httpx.Response:
    path = f"/v1/models/{model}/predictions"
    return vendor.post(path, json={"input": WISH | wish}, headers=WAIT if headers is None else headers)


def by_version(vendor: httpx.Client, version: str, **body: Any) -> httpx.Response:
    return vendor.post("/v1/predictions", json={"version": version, "input": WISH, **body}, headers=WAIT)


@pytest.mark.parametrize(
    "headers", [{"Authorization": ""}, {"Authorization": "Basic x"}, {"Authorization": "Bearer invalid"}]
)
def test_a_call_without_a_good_token_is_unauthenticated(vendor: httpx.Client, headers: dict[str, str]) -> None:
    answer = vendor.get("/v1/account", headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthenticated")


def test_without_waiting_a_prediction_is_starting_and_later_done(vendor: httpx.Client) -> None:
    made = predict(vendor, headers={})
    assert (made.status_code, made.json()["status"], made.json()["output"]) == (201, "starting", None)
    path = f"/v1/predictions/{made.json()['id']}"
    seen = []
    last = time.monotonic() + 5
    while "succeeded" not in seen and time.monotonic() < last:
        seen.append(vendor.get(path).json()["status"])
        time.sleep(0.01)
    expected = ["starting", "processing", "succeeded"]
    assert list(dict.fromkeys(seen)) == [status for status in expected if status in seen]
    assert seen[-1] == "succeeded"


def test_a_picture_is_delivered_without_a_token_and_is_always_the_same(vendor: httpx.Client) -> None:
    (address,) = predict(vendor, output_format="jpg").json()["output"]
    first = httpx.get(address)
    assert (first.headers["content-type"], opened(first.content).size) == ("image/jpeg", (1024, 1024))
    assert httpx.get(address).content == first.content
    assert httpx.get(address.replace("out-0", "out-1")).status_code == 404


@pytest.mark.parametrize("value", ["wait=0", "wait=61", "wait=x", "respond-async"])
def test_waiting_is_from_1_to_60_seconds(vendor: httpx.Client, value: str) -> None:
    assert predict(vendor, headers={"Prefer": value}).status_code == 422


@pytest.mark.parametrize(
    ("value", "status"), [("90s", 201), ("1m", 201), ("1m30s", 201), ("4s", 422), ("25h", 422), ("90", 422)]
)
def test_a_deadline_is_from_5_seconds_to_a_day(vendor: httpx.Client, value: str, status: int) -> None:
    assert predict(vendor, headers={**WAIT, "Cancel-After": value}).status_code == status


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"seed": "7"}, "input.seed"),
        ({"seed": True}, "input.seed"),
        ({"num_outputs": 5}, "input.num_outputs"),
        ({"num_outputs": 0}, "input.num_outputs"),
        ({"output_format": "jpeg"}, "input.output_format"),
        ({"width": 512}, "input"),
    ],
)
def test_an_input_that_the_schema_does_not_allow_is_named(
    emulator: RunningServer, vendor: httpx.Client, wish: dict[str, Any], field: str
) -> None:
    answer = predict(vendor, **wish)
    assert (answer.status_code, [entry["field"] for entry in answer.json()["invalid_fields"]]) == (422, [field])
    assert amounts(emulator) == []


def test_an_address_that_is_no_picture_is_refused(vendor: httpx.Client) -> None:
    answer = predict(vendor, PRO, image_prompt="https://example.org/none.png")
    assert answer.status_code == 422


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"input": 3}', b"{}", b'{"input": {"prompt": "x"}, "model": "y"}'])
def test_a_body_that_is_none_is_refused(vendor: httpx.Client, body: bytes) -> None:
    answer = vendor.post(f"/v1/models/{SCHNELL}/predictions", content=body)
    assert answer.status_code in (400, 422)


def test_models_of_the_community_run_by_version_only(emulator: RunningServer, vendor: httpx.Client) -> None:
    assert predict(vendor, "emulated/community-sdxl").status_code == 404
    assert by_version(vendor, COMMUNITY_VERSION).json()["status"] == "succeeded"
    assert by_version(vendor, SCHNELL).json()["status"] == "succeeded"
    unknown = by_version(vendor, "f" * 64)
    assert (unknown.status_code, unknown.json()["title"]) == (422, "Invalid version or not permitted")
    assert amounts(emulator) == ["0.003120", "0.003000"]


@pytest.mark.parametrize(
    "path", ["/v1/models/a/b", f"/v1/models/{SCHNELL}/versions/abc", "/v1/predictions/abc", "/v2/x"]
)
def test_what_is_not_there_is_not_found(vendor: httpx.Client, path: str) -> None:
    assert vendor.get(path).status_code == 404


def fault(emulator: RunningServer, **wish: Any) -> None:
    emulator.exchange.faults.post({"vendor": "replicate", **wish}, ("replicate",))


@pytest.mark.parametrize(
    ("wish", "status", "pictures", "charged"),
    [
        ({"partial": 1}, "succeeded", 1, ["0.003000"]),
        ({"partial": 0}, "succeeded", 0, []),
        ({"text_only": True}, "succeeded", 2, []),
        ({"filtered": True}, "failed", 0, ["0.009000"]),
        ({"filtered": "prompt"}, "failed", 0, []),
    ],
)
def test_faults_of_the_work_are_charged_as_the_vendor_would(
    emulator: RunningServer, vendor: httpx.Client, wish: dict[str, Any], status: str, pictures: int, charged: list[str]
) -> None:
    fault(emulator, **wish)
    answer = predict(vendor, num_outputs=3).json()
    assert (answer["status"], len(answer["output"] or [])) == (status, pictures)
    assert amounts(emulator) == charged


def test_a_prompt_that_is_refused_never_started(emulator: RunningServer, vendor: httpx.Client) -> None:
    fault(emulator, filtered="prompt")
    answer = predict(vendor).json()
    assert (answer["started_at"], answer["metrics"]) == (None, {})


@pytest.mark.parametrize("status", [401, 402, 404, 422, 429, 500])
def test_a_status_fault_has_the_vendors_body(emulator: RunningServer, vendor: httpx.Client, status: int) -> None:
    fault(emulator, status=status)
    answer = predict(vendor)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert ("retry_after" in answer.json()) is (status == 429)


def test_cancelling_a_finished_prediction_changes_nothing(vendor: httpx.Client) -> None:
    made = predict(vendor).json()
    assert vendor.post(f"/v1/predictions/{made['id']}/cancel").json()["status"] == "succeeded"
