"""Replicate's official SDK works unchanged against the emulator.

It wraps only addresses with https as files to be read; those of the emulator, on loopback, stay addresses.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import replicate
from replicate.exceptions import ModelError, ReplicateError

from providers.emulation.server import RunningServer
from providers.replicate.emulator import work
from tests.emulation.calls import amounts, opened, png

SCHNELL, PRO = "black-forest-labs/flux-schnell", "black-forest-labs/flux-1.1-pro"
FLUX_2, COMMUNITY = "black-forest-labs/flux-2-pro", "emulated/community-sdxl"


def size_of(address: str) -> tuple[int, int]:
    """The size of the picture at a result's address."""
    return opened(httpx.get(address).content).size


@contextmanager
def sdk_client(served: RunningServer, key: str) -> Iterator[replicate.Client]:
    client = replicate.Client(api_token=key, base_url=served.environment["REPLICATE_BASE_URL"])
    client.poll_interval = 0.05
    yield client
    client._client.close()


@pytest.fixture(scope="module")
def sdk_connections(served: RunningServer) -> Iterator[replicate.Client]:
    with sdk_client(served, "test-key") as client:
        yield client


@pytest.fixture
def sdk(emulator: RunningServer, sdk_connections: replicate.Client) -> replicate.Client:
    return sdk_connections


def test_the_sdk_runs_an_official_model_and_reads_its_pictures(emulator: RunningServer, sdk: replicate.Client) -> None:
    wish = {"prompt": "A red fox", "num_outputs": 2, "aspect_ratio": "16:9", "output_format": "png"}
    files = sdk.run(SCHNELL, input=wish)
    assert [size_of(file) for file in files] == [(1344, 768)] * 2
    assert amounts(emulator) == ["0.006000"]


def test_the_sdk_reads_a_single_output(emulator: RunningServer, sdk: replicate.Client) -> None:
    file = sdk.run(PRO, input={"prompt": "A red fox", "aspect_ratio": "custom", "width": 640, "height": 512})
    assert size_of(file) == (640, 512)
    assert amounts(emulator) == ["0.040000"]


def test_the_sdk_polls_a_prediction(emulator: RunningServer, sdk: replicate.Client) -> None:
    prediction = sdk.predictions.create(sdk.models.get(COMMUNITY).latest_version.id, {"prompt": "A red fox", "seed": 7})
    prediction.wait()
    assert (prediction.status, prediction.logs, prediction.metrics["predict_time"]) == (
        "succeeded",
        "Using seed: 7\n",
        3.2,
    )
    assert emulator.exchange.invoice.as_json()["calls"][0]["request_id"] == prediction.id


def test_the_sdk_runs_a_version(sdk: replicate.Client) -> None:
    version = sdk.models.get(COMMUNITY).versions.get(sdk.models.get(COMMUNITY).latest_version.id)
    (file,) = sdk.run(f"{COMMUNITY}:{version.id}", input={"prompt": "A red fox"})
    assert size_of(file) == (1024, 1024)


def test_the_sdk_cancels_a_prediction(sdk: replicate.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "DONE_AFTER", 60)
    prediction = sdk.models.predictions.create(PRO, input={"prompt": "A red fox"}, wait=False)
    prediction.cancel()
    prediction.reload()
    assert (prediction.status, prediction.output) == ("canceled", None)


def test_the_sdk_uploads_a_file_and_edits_with_it(emulator: RunningServer, sdk: replicate.Client) -> None:
    picture = io.BytesIO(png(600, 300))
    picture.name = "fox.png"
    uploaded = sdk.files.create(picture)
    wish = {"prompt": "At night", "input_images": [uploaded.urls["get"]], "aspect_ratio": "match_input_image"}
    assert size_of(sdk.run(FLUX_2, input=wish)) == (600, 300)
    assert amounts(emulator) == ["0.045000"]


def test_the_sdk_sends_a_file_with_the_call(sdk: replicate.Client) -> None:
    picture = io.BytesIO(png(64, 64))
    picture.name = "fox.png"
    files = sdk.run("black-forest-labs/flux-dev", input={"prompt": "At night", "image": picture})
    assert size_of(files[0]) == (1024, 1024)


def test_the_sdk_reads_account_and_model(sdk: replicate.Client) -> None:
    assert sdk.accounts.current().username == "emulated"
    model = sdk.models.get(SCHNELL)
    assert (model.owner, model.name) == ("black-forest-labs", "flux-schnell")
    assert "prompt" in model.latest_version.openapi_schema["components"]["schemas"]["Input"]["required"]


def test_the_sdk_raises_what_the_model_refused(emulator: RunningServer, sdk: replicate.Client) -> None:
    emulator.exchange.faults.post({"vendor": "replicate", "filtered": True}, ("replicate",))
    with pytest.raises(ModelError, match="NSFW"):
        sdk.run(PRO, input={"prompt": "A red fox"})


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({}, "prompt is required"),
        ({"prompt": "x", "aspect_ratio": "7:5"}, "must be one of the following"),
        ({"prompt": "x", "negative_prompt": "y"}, "negative_prompt is not allowed"),
    ],
)
def test_the_sdk_raises_for_a_wrong_input(sdk: replicate.Client, wish: dict[str, str], words: str) -> None:
    with pytest.raises(ReplicateError, match=words) as raised:
        sdk.run(SCHNELL, input=wish)
    assert raised.value.status == 422


def test_the_sdk_raises_for_a_bad_token(emulator: RunningServer) -> None:
    with sdk_client(emulator, "an-invalid-token") as client, pytest.raises(ReplicateError) as raised:
        client.accounts.current()
    assert raised.value.status == 401
