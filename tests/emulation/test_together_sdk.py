"""Together's official SDK (PyPI: together) works unchanged against the emulator, and our client sends what it sends.

Allowed differences: the headers of `HEADERS_OF_THEIR_OWN` and the SDK's x-stainless-…. What the SDK has no argument for
(`aspect_ratio`, `prompt_upsampling`) its users send by its `extra_body`.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from together import APIStatusError, AuthenticationError, BadRequestError, NotFoundError, UnprocessableEntityError
from together import Together as SDK

from providers.base import CloudGenerationRequest, InputImage, Key
from providers.emulation.server import RunningServer
from providers.together.client import Together
from tests.emulation.calls import amounts, opened, png

# What no database changes is not asked twice.
pytestmark = pytest.mark.sqlite_only
KEY, PROMPT = "tgp_test0123456789", "A red fox – at dawn"
MAX, PRO, FLEX = (f"black-forest-labs/FLUX.2-{name}" for name in ("max", "pro", "flex"))
KONTEXT, SCHNELL = "black-forest-labs/FLUX.1-kontext-pro", "black-forest-labs/FLUX.1-schnell"
RED, BLUE = png(64, 64, "red"), png(64, 64, "blue")
HEADERS_OF_THEIR_OWN = {"host", "accept-encoding", "connection", "content-length", "user-agent"}
Sent = tuple[str, str, dict[str, str], Any]


@pytest.fixture(scope="module")
def sdk_connections(served: RunningServer) -> Iterator[SDK]:
    with SDK(api_key=KEY, base_url=served.environment["TOGETHER_BASE_URL"], max_retries=0) as client:
        yield client


@pytest.fixture
def sdk(emulator: RunningServer, sdk_connections: SDK) -> SDK:
    return sdk_connections


def uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def drawn(answer: Any) -> list[tuple[str | None, tuple[int, int]]]:
    """Format and size of each picture of an answer with base64."""
    pictures = [opened(base64.b64decode(item.b64_json)) for item in answer.data]
    return [(picture.format, picture.size) for picture in pictures]


def test_the_sdk_draws_and_the_emulator_charges_by_the_megapixel(emulator: RunningServer, sdk: SDK) -> None:
    answer = sdk.images.generate(model=MAX, prompt=PROMPT, width=512, height=256, n=2, response_format="base64")
    assert drawn(answer) == [("JPEG", (512, 256))] * 2
    assert (answer.model, answer.object, [item.index for item in answer.data]) == (MAX, "list", [0, 1])
    # 2 x 0.131072 megapixels at $0.07.
    assert amounts(emulator) == ["0.018351"]


def test_the_sdk_gets_an_address_unless_it_asks_for_bytes(emulator: RunningServer, sdk: SDK) -> None:
    answer = sdk.images.generate(model=MAX, prompt=PROMPT, width=256, height=256, output_format="png")
    assert answer.data[0].type == "url"
    picture = opened(httpx.get(answer.data[0].url).content)
    assert (picture.format, picture.size) == ("PNG", (256, 256))


def test_the_sdk_sends_reference_pictures_and_steps_that_cost(emulator: RunningServer, sdk: SDK) -> None:
    plain = {"prompt": PROMPT, "response_format": "base64"}
    sdk.images.generate(model=MAX, width=256, height=256, reference_images=[uri(RED), uri(BLUE)], **plain)
    sdk.images.generate(model=KONTEXT, image_url=uri(RED), steps=42, extra_body={"aspect_ratio": "1:1"}, **plain)
    sdk.images.generate(model=KONTEXT, image_url=uri(RED), steps=10, extra_body={"aspect_ratio": "1:1"}, **plain)
    # 0.065536 megapixels at $0.07; 1.048576 at $0.04, once and a half for 42 of 28 steps, and no less for 10.
    assert amounts(emulator) == ["0.004588", "0.062915", "0.041944"]


REFUSED: dict[str, tuple[dict[str, Any], type[APIStatusError]]] = {
    "five steps of schnell": ({"model": SCHNELL, "steps": 5}, BadRequestError),
    "five pictures": ({"n": 5}, BadRequestError),
    "a side off the grid": ({"width": 1000}, BadRequestError),
    "a field of another model": ({"negative_prompt": "rain"}, BadRequestError),
    "OpenAI's form of answer": ({"response_format": "b64_json"}, BadRequestError),
    "no such model": ({"model": "nobody/knows-this"}, NotFoundError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_sdk_raises_its_own_errors_and_nothing_is_charged(emulator: RunningServer, sdk: SDK, name: str) -> None:
    fields, kind = REFUSED[name]
    with pytest.raises(kind):
        sdk.images.generate(**{"model": MAX, "prompt": PROMPT, **fields})
    assert amounts(emulator) == []


def test_the_sdk_is_told_of_wrong_keys_and_withheld_pictures(emulator: RunningServer, sdk: SDK) -> None:
    with pytest.raises(AuthenticationError):
        sdk.with_options(api_key="invalid-key").images.generate(model=MAX, prompt=PROMPT)
    emulator.exchange.faults.post({"vendor": "together", "filtered": "prompt"}, ("together",))
    with pytest.raises(UnprocessableEntityError, match="NSFW"):
        sdk.images.generate(model=MAX, prompt=PROMPT)
    assert amounts(emulator) == []


def reference(data: bytes) -> InputImage:
    return InputImage(data=data, mime_type="image/png", width=64, height=64)


USUAL: dict[str, Any] = {"model": MAX, "prompt": PROMPT, "n": 1, "response_format": "base64"}
SQUARE = {"width": 1024, "height": 1024}
WISHES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "words": (MAX, {}, {**USUAL, **SQUARE}),
    "several of a size, with a seed": (
        MAX, {"width": 640, "height": 480, "num_images": 3, "seed": 7, "output_format": "png"},
        {**USUAL, "width": 640, "height": 480, "n": 3, "seed": 7, "output_format": "png"},
    ),
    "guidance and steps": (
        FLEX, {"guidance_scale": 4.5, "options": {"steps": 40}},
        {**USUAL, **SQUARE, "model": FLEX, "guidance_scale": 4.5, "steps": 40},
    ),
    "a longer prompt": (
        PRO, {"enhance_prompt": True}, {**USUAL, **SQUARE, "model": PRO, "extra_body": {"prompt_upsampling": True}}
    ),
    "what shall not be there": (
        SCHNELL, {"negative_prompt": "rain"}, {**USUAL, **SQUARE, "model": SCHNELL, "negative_prompt": "rain"}
    ),
    "two pictures": (
        MAX, {"input_images": (reference(RED), reference(BLUE))},
        {**USUAL, **SQUARE, "reference_images": [uri(RED), uri(BLUE)]},
    ),
    "a picture to change": (
        KONTEXT, {"input_images": (reference(RED),), "aspect_ratio": "16:9"},
        {**USUAL, "model": KONTEXT, "image_url": uri(RED), "extra_body": {"aspect_ratio": "16:9"}},
    ),
}  # fmt: skip


def read(request: httpx.Request) -> Sent:
    """Method, address, the headers that count, and the JSON."""
    request.read()
    headers = {name: value for name, value in request.headers.items()
               if name not in HEADERS_OF_THEIR_OWN and not name.startswith("x-stainless-")}  # fmt: skip
    return request.method, str(request.url), headers, json.loads(request.content)


@pytest.mark.parametrize("name", WISHES)
def test_our_request_is_the_sdks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOGETHER_BASE_URL", raising=False)
    model_id, fields, of_sdk = WISHES[name]
    sent: list[Sent] = []

    def receive(request: httpx.Request) -> httpx.Response:
        sent.append(read(request))
        return httpx.Response(400, json={"error": {"message": "recorded", "type": "invalid_request_error"}})

    transport = httpx.MockTransport(receive)
    vendor = Together(transport)
    entry = vendor.model(model_id)
    assert entry is not None
    wish = CloudGenerationRequest(prompt=PROMPT, model=model_id, entry=entry, **fields)
    with pytest.raises(Exception, match="recorded"):
        vendor.start(vendor.normalise(wish, entry)[0], Key({"TOGETHER_API_KEY": KEY}))
    with (
        httpx.Client(transport=transport) as connection,
        SDK(api_key=KEY, http_client=connection, max_retries=0) as client,
        pytest.raises(Exception, match="recorded"),
    ):
        client.images.generate(**of_sdk)
    ours, theirs = sent
    assert ours == theirs
