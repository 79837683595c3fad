"""OpenAI's SDK, which xAI's pages use for images/generations, works against the emulator; its requests beside ours.

https://docs.x.ai/developers/model-capabilities/images/generation. xAI's own SDK for Python speaks gRPC alone, and its
pages say that the SDK's `images.edit` cannot be used, as it sends a form: `test_xai_requests.py` has the edits. Allowed
differences: the HTTP library's own headers and the SDK's x-stainless-….
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai as sdk_module
import pytest
from openai import OpenAI

from providers.base import CloudGenerationRequest, Key
from providers.emulation.server import RunningServer
from providers.xai.client import XAI
from tests.emulation.calls import amounts, opened, png

pytestmark = pytest.mark.sqlite_only
NEWEST, CHEAP, PROMPT = "grok-imagine-image-2.0", "grok-imagine-image", "A red fox in fresh snow – at dawn"
KEY, BASE = "xai-test-key-0123456789", "https://api.x.ai/v1"
HEADERS_OF_THEIR_OWN = {"host", "accept-encoding", "connection", "content-length", "user-agent"}
SMALL = {"response_format": "b64_json"}


@pytest.fixture(scope="module")
def sdk_connections(served: RunningServer) -> Iterator[OpenAI]:
    with OpenAI(api_key=KEY, base_url=served.environment["XAI_BASE_URL"], max_retries=0) as client:
        yield client


@pytest.fixture
def sdk(emulator: RunningServer, sdk_connections: OpenAI) -> OpenAI:
    return sdk_connections


@pytest.mark.parametrize(
    ("model", "more", "size", "ticks", "amount"),
    [
        (NEWEST, {}, (1024, 1024), 400_000_000, "0.040000"),
        (NEWEST, {"quality": "medium"}, (1024, 1024), 600_000_000, "0.060000"),
        (NEWEST, {"quality": "low", "resolution": "2k", "aspect_ratio": "20:9"}, (3200, 1440), 600_000_000, "0.060000"),
        (NEWEST, {"quality": "medium", "resolution": "2k", "aspect_ratio": "5:2"}, (3200, 1280), 800_000_000,
         "0.080000"),
        (CHEAP, {"aspect_ratio": "3:4"}, (864, 1152), 200_000_000, "0.020000"),
        ("grok-imagine-image-quality", {}, (1024, 1024), 400_000_000, "0.040000"),
    ],
)  # fmt: skip
def test_the_sdk_makes_a_picture_and_reads_its_cost(
    emulator: RunningServer, sdk: OpenAI, model: str, more: dict[str, Any], size: tuple[int, int], ticks: int,
    amount: str,
) -> None:  # fmt: skip
    answer = sdk.images.generate(model=model, prompt=PROMPT, **SMALL, extra_body=more)
    assert opened(base64.b64decode(answer.data[0].b64_json)).size == size
    assert answer.data[0].respect_moderation is True
    assert answer.usage.cost_in_usd_ticks == ticks
    assert amounts(emulator) == [amount]
    assert emulator.exchange.invoice.as_json()["calls"][0]["request_id"] == answer._request_id
    assert answer.model == (NEWEST if model.endswith("-quality") else model)


def test_the_sdk_gets_addresses_unless_it_asks_for_bytes(sdk: OpenAI) -> None:
    answer = sdk.images.generate(model=CHEAP, prompt=PROMPT, n=2)
    assert answer.data[0].url != answer.data[1].url
    picture = opened(httpx.get(answer.data[0].url).content)
    assert (picture.format, picture.size) == ("JPEG", (1024, 1024))
    assert httpx.get(f"{answer.data[0].url}x").status_code == 404


def test_the_sdks_edit_is_a_form_which_xai_does_not_take(emulator: RunningServer, sdk: OpenAI) -> None:
    with pytest.raises(sdk_module.APIStatusError) as raised:
        sdk.images.edit(model=CHEAP, prompt=PROMPT, image=("a.png", png(), "image/png"))
    assert raised.value.status_code == 415
    assert amounts(emulator) == []


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"size": "1024x1024"}, 400, "Argument not supported: size"),
        ({"style": "vivid"}, 400, "Argument not supported: style"),
        ({"quality": "high"}, 400, "not supported by grok-imagine-image-2.0"),
        ({"n": 11}, 400, "between 1 and 10"),
        ({"extra_body": {"resolution": "1K"}}, 422, "unknown variant `1K`"),
        ({"extra_body": {"aspect_ratio": "7:5"}}, 422, "unknown variant `7:5`"),
        ({"model": "grok-imagine-image-9"}, 404, "does not exist"),
        ({"model": CHEAP, "extra_body": {"aspect_ratio": "21:9"}}, 422, "unknown variant `21:9`"),
    ],
)
def test_the_sdk_raises_for_what_xai_refuses(
    emulator: RunningServer, sdk: OpenAI, fields: dict[str, Any], status: int, words: str
) -> None:
    with pytest.raises(sdk_module.APIStatusError) as raised:
        sdk.images.generate(**{"model": NEWEST, "prompt": PROMPT, **SMALL} | fields)
    assert raised.value.status_code == status
    # The SDK knows no error that is plain text, and says only its number.
    assert words in raised.value.response.text
    assert amounts(emulator) == []


def test_a_wrong_key_is_400_and_the_message_repeats_its_ends(emulator: RunningServer) -> None:
    base = emulator.environment["XAI_BASE_URL"]
    with (
        OpenAI(api_key="xai-an-invalid-key", base_url=base) as client,
        pytest.raises(sdk_module.BadRequestError) as raised,
    ):
        client.images.generate(model=NEWEST, prompt=PROMPT)
    assert "Incorrect API key provided: xa***ey" in raised.value.response.json()["error"]


def test_a_withheld_picture_is_a_400_that_names_its_cost(
    control: httpx.Client, emulator: RunningServer, sdk: OpenAI
) -> None:
    control.post("/faults", json={"vendor": "xai", "filtered": True})
    with pytest.raises(sdk_module.BadRequestError) as raised:
        sdk.images.generate(model=CHEAP, prompt=PROMPT)
    assert raised.value.response.json() == {
        "code": "Client specified an invalid argument", "error": "Generated image rejected by content moderation.",
        "usage": {"cost_in_usd_ticks": 200_000_000},
    }  # fmt: skip
    assert amounts(emulator) == ["0.020000"]


def test_of_several_pictures_the_withheld_ones_are_flagged(
    control: httpx.Client, emulator: RunningServer, sdk: OpenAI
) -> None:
    control.post("/faults", json={"vendor": "xai", "partial": 1})
    answer = sdk.images.generate(model=CHEAP, prompt=PROMPT, n=3, **SMALL)
    assert [item.respect_moderation for item in answer.data] == [True, False, False]
    assert [item.b64_json is not None for item in answer.data] == [True, False, False]
    assert amounts(emulator) == ["0.060000"]


def test_a_blocked_prompt_is_a_success_without_pictures(
    control: httpx.Client, emulator: RunningServer, sdk: OpenAI
) -> None:
    control.post("/faults", json={"vendor": "xai", "filtered": "prompt"})
    answer = sdk.images.generate(model=CHEAP, prompt=PROMPT)
    assert (answer.data, answer.usage.cost_in_usd_ticks) == ([], 0)
    assert answer.block_reason
    assert amounts(emulator) == []


WISHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "words": (
        {"model": NEWEST}, {"model": NEWEST, "n": 1, "quality": "low", "extra_body": {"resolution": "1k"}},
    ),
    "everything": (
        {"model": NEWEST, "num_images": 4, "quality": "medium", "resolution": "2K", "aspect_ratio": "21:9",
         "options": {"user": "u-1"}},
        {"model": NEWEST, "n": 4, "quality": "medium", "user": "u-1",
         "extra_body": {"resolution": "2k", "aspect_ratio": "21:9"}},
    ),
    "the model without qualities": (
        {"model": CHEAP, "width": 900, "height": 1200},
        {"model": CHEAP, "n": 1, "extra_body": {"resolution": "1k", "aspect_ratio": "3:4"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WISHES)
def test_our_request_is_the_sdks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XAI_BASE_URL", raising=False)
    fields, of_sdk = WISHES[name]
    sent: list[Any] = []

    def receive(request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items()
                   if name not in HEADERS_OF_THEIR_OWN and not name.startswith("x-stainless-")}  # fmt: skip
        sent.append((request.method, str(request.url), headers, json.loads(request.read())))
        return httpx.Response(400, json={"code": "x", "error": "recorded"})

    transport = httpx.MockTransport(receive)
    vendor = XAI(transport)
    request = CloudGenerationRequest(prompt=PROMPT, **fields)
    with pytest.raises(Exception, match="recorded"):
        vendor.start(vendor.normalise(request, vendor.model(request.model))[0], Key({"XAI_API_KEY": KEY}))
    with (
        httpx.Client(transport=transport) as connection,
        OpenAI(api_key=KEY, base_url=BASE, http_client=connection, max_retries=0) as client,
        pytest.raises(sdk_module.BadRequestError),
    ):
        client.images.generate(prompt=PROMPT, **SMALL, **of_sdk)
    ours, theirs = sent
    assert ours == theirs
