"""AWS's official SDK (PyPI: boto3) works unchanged against the emulator, and our client sends what it sends.

Allowed differences: the headers of `HEADERS_OF_THEIR_OWN`.
"""

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import httpx
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from urllib3 import HTTPResponse

from providers.base import CloudGenerationRequest, InputImage, Key, Rejected
from providers.bedrock.client import Bedrock
from providers.bedrock.signing import AccessKey, signed
from providers.emulation.server import RunningServer
from tests.emulation.calls import amounts, opened, png

API_KEY, KEY_ID, SECRET, SESSION = "bedrock-api-key-test", "AKIATEST0123456789", "test/secret+0123", "test/session=="
CORE, LARGE = "stability.stable-image-core-v1:1", "stability.sd3-5-large-v1:0"
INPAINT, OUTPAINT = "us.stability.stable-image-inpaint-v1:0", "us.stability.stable-outpaint-v1:0"
TRANSFER, FAST = "us.stability.stable-style-transfer-v1:0", "us.stability.stable-fast-upscale-v1:0"
HEADERS_OF_THEIR_OWN = {
    "host", "accept-encoding", "connection", "content-length",  # of the HTTP library and the address
    "user-agent", "x-amz-user-agent", "amz-sdk-invocation-id", "amz-sdk-request",  # which program it is, and its tries
    "x-amz-date", "authorization",  # of a signature: compared on their own
}  # fmt: skip
# One client for all tests: each new one reads the machine's certificates again.
_connections = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
PICTURE, OTHER = png(320, 256), png(300, 256, "blue")


def sdk(service: str, url: str | None, *, key_id: str = KEY_ID, session: str | None = None) -> Any:
    return boto3.client(
        service, endpoint_url=url, region_name="us-west-2", aws_access_key_id=key_id, aws_secret_access_key=SECRET,
        aws_session_token=session, config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def carry_to(url: str) -> Callable[..., AWSResponse]:
    """A hook of the SDK that carries its request to the emulator: it sends API keys by TLS alone."""

    def carry(request: Any, **_: Any) -> AWSResponse:
        path = request.url.partition("amazonaws.com")[2]
        answer = _connections.request(
            request.method, f"{url}{path}", headers=lower(request.headers), content=request.body
        )
        raw = HTTPResponse(io.BytesIO(answer.content), headers=answer.headers, preload_content=False)
        return AWSResponse(request.url, answer.status_code, dict(answer.headers), raw)

    return carry


@pytest.fixture(params=["an API key", "an access key"])
def runtime(request: pytest.FixtureRequest, emulator: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The SDK with each kind of credentials; an API key in the environment goes before all others."""
    with_api_key = request.param == "an API key"
    client = connected(emulator, monkeypatch, API_KEY if with_api_key else "")
    yield client
    assert client.used == {"Bearer" if with_api_key else "AWS4-HMAC-SHA256"}
    client.close()


def connected(emulator: RunningServer, monkeypatch: pytest.MonkeyPatch, api_key: str, key_id: str = KEY_ID) -> Any:
    url = emulator.environment["BEDROCK_BASE_URL"]
    """The SDK at the emulator; `used` collects the kinds of proof that it sends."""
    monkeypatch.delenv("AWS_BEARER_TOKEN_BEDROCK", raising=False)
    if api_key:
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", api_key)
    client = sdk("bedrock-runtime", None if api_key else url, key_id=key_id, session=SESSION)
    client.used = set()

    def note(request: Any, **_: Any) -> None:
        client.used.add(lower(request.headers)["authorization"].partition(" ")[0])

    client.meta.events.register("before-send.bedrock-runtime", note)
    if api_key:
        client.meta.events.register("before-send.bedrock-runtime", carry_to(url))
    return client


def drawn(runtime: Any, model: str, **body: Any) -> tuple[dict[str, Any], str]:
    """The model's answer and the call's id."""
    answer = runtime.invoke_model(modelId=model, body=json.dumps({"prompt": "A red fox", **body}))
    return json.loads(answer["body"].read()), answer["ResponseMetadata"]["RequestId"]


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def size_of(document: dict[str, Any]) -> tuple[int, int]:
    return opened(base64.b64decode(document["images"][0])).size


def test_the_sdk_draws_from_words(emulator: RunningServer, runtime: Any) -> None:
    document, request_id = drawn(runtime, CORE, aspect_ratio="16:9", seed=42, output_format="jpeg")
    assert (size_of(document), document["seeds"], document["finish_reasons"]) == ((1344, 768), [42], [None])
    (line,) = emulator.exchange.invoice.as_json()["calls"]
    assert (line["amount"], line["model"], line["request_id"]) == ("0.040000", CORE, request_id)


def test_the_sdk_edits_with_a_mask(emulator: RunningServer, runtime: Any) -> None:
    document, _ = drawn(runtime, INPAINT, image=coded(PICTURE), mask=coded(png(160, 128, "white")), grow_mask=8)
    assert size_of(document) == (320, 256)
    assert amounts(emulator) == ["0.070000"]


def test_the_sdk_starts_from_a_picture_as_the_page_shows_it_without_a_mode(runtime: Any) -> None:
    assert size_of(drawn(runtime, LARGE, image=coded(PICTURE), strength=0.7)[0]) == (320, 256)


def test_the_sdk_is_told_a_reason_in_place_of_a_picture(emulator: RunningServer, runtime: Any) -> None:
    emulator.exchange.faults.post({"vendor": "amazon-bedrock", "filtered": True}, ("amazon-bedrock",))
    assert drawn(runtime, CORE)[0] == {"finish_reasons": ["Filter reason: output image"]}


@pytest.mark.parametrize(
    ("model", "body", "words"),
    [
        (CORE, {"style_preset": "anime"}, "extraneous key"),
        (CORE, {"prompt": 7}, "expected type: String"),
        (LARGE, {"mode": "image-to-image"}, "requires image and strength"),
        (OUTPAINT, {"image": coded(PICTURE)}, "must not be 0"),
        (INPAINT, {"image": coded(PICTURE)}, "mask"),
        (INPAINT, {"image": coded(b"no picture"), "mask": coded(PICTURE)}, "must be a jpeg"),
        (INPAINT.removeprefix("us."), {}, "inference profile"),
        ("amazon.nova-canvas-v1:0", {}, "model identifier is invalid"),
    ],
)
def test_the_sdk_raises_for_a_wrong_body(runtime: Any, model: str, body: dict[str, Any], words: str) -> None:
    with pytest.raises(runtime.exceptions.ValidationException, match=words):
        drawn(runtime, model, **body)


@pytest.mark.parametrize(
    ("status", "name"),
    [(403, "AccessDeniedException"), (404, "ResourceNotFoundException"), (408, "ModelTimeoutException"),
     (424, "ModelErrorException"), (429, "ThrottlingException"), (500, "InternalServerException"),
     (503, "ServiceUnavailableException")],
)  # fmt: skip
def test_the_sdk_knows_each_error_by_its_name(emulator: RunningServer, runtime: Any, status: int, name: str) -> None:
    emulator.exchange.faults.post({"vendor": "amazon-bedrock", "status": status}, ("amazon-bedrock",))
    with pytest.raises(getattr(runtime.exceptions, name)):
        drawn(runtime, CORE)
    assert amounts(emulator) == []


@pytest.mark.parametrize("api_key", ["an-invalid-key", ""])
def test_the_sdk_raises_for_bad_credentials(
    emulator: RunningServer, monkeypatch: pytest.MonkeyPatch, api_key: str
) -> None:
    client = connected(emulator, monkeypatch, api_key, key_id="AKIA-invalid")
    with pytest.raises(ClientError) as raised:
        drawn(client, CORE)
    code = "AccessDeniedException" if api_key else "UnrecognizedClientException"
    assert raised.value.response["Error"]["Code"] == code
    client.close()


def test_the_sdk_lists_the_models(emulator: RunningServer) -> None:
    client = sdk("bedrock", emulator.environment["BEDROCK_BASE_URL"])
    listed = client.list_foundation_models(byOutputModality="IMAGE")["modelSummaries"]
    assert {CORE, INPAINT.removeprefix("us.")} <= {model["modelId"] for model in listed}
    assert client.list_foundation_models(byOutputModality="TEXT")["modelSummaries"] == []
    client.close()


@dataclass
class Sent:
    """A request of either program, before it leaves."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def headers_that_count(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name not in HEADERS_OF_THEIR_OWN}


def lower(headers: Any) -> dict[str, str]:
    found = {name.lower(): value for name, value in headers.items()}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}


def of_sdk(model: str, body: dict[str, Any], session: str | None = None) -> Sent:
    """What the SDK would send to AWS itself; nothing leaves."""
    kept: list[Sent] = []

    def instead(request: Any, **_: Any) -> AWSResponse:
        kept.append(Sent(request.method, request.url, lower(request.headers), request.body))
        return AWSResponse(request.url, 200, {}, None)

    client = sdk("bedrock-runtime", None, session=session)
    client.meta.events.register("before-send.bedrock-runtime.InvokeModel", instead)
    client.invoke_model(modelId=model, body=json.dumps(body), contentType="application/json", accept="application/json")
    return kept.pop()


def of_ours(wish: CloudGenerationRequest, key: Key) -> Sent:
    """What our client would send for a wish that the hub has fitted to the model."""
    kept: list[Sent] = []

    def instead(request: httpx.Request) -> httpx.Response:
        kept.append(Sent(request.method, str(request.url), lower(request.headers), request.content))
        return httpx.Response(400, json={"message": "recorded"})

    provider = Bedrock(httpx.MockTransport(instead))
    entry = provider.model(wish.model)
    assert entry is not None
    fitted, _ = provider.normalise(wish, entry)
    with pytest.raises(Rejected, match="recorded"):
        provider.start(fitted, key)
    return kept.pop()


def picture(data: bytes = PICTURE, width: int = 320) -> InputImage:
    return InputImage(data=data, mime_type="image/png", width=width, height=256)


def asked(model: str, prompt: str = "A red fox", **fields: Any) -> CloudGenerationRequest:
    return CloudGenerationRequest(prompt=prompt, model=model, **fields)


WISHES: dict[str, tuple[CloudGenerationRequest, dict[str, Any]]] = {
    "words alone": (asked(CORE), {"prompt": "A red fox"}),
    "everything of SD3.5": (
        asked(LARGE, aspect_ratio="21:9", seed=7, negative_prompt="rain", output_format="webp"),
        {"prompt": "A red fox", "aspect_ratio": "21:9", "seed": 7, "negative_prompt": "rain", "output_format": "webp"},
    ),
    "from a picture": (
        asked(LARGE, input_images=(picture(),), strength=0.25),
        {"prompt": "A red fox", "mode": "image-to-image", "image": coded(PICTURE), "strength": 0.25},
    ),
    "outpaint": (
        asked(OUTPAINT, prompt="", input_images=(picture(),), options={"left": 512, "down": 100, "creativity": 0.5}),
        {"image": coded(PICTURE), "left": 512, "down": 100, "creativity": 0.5},
    ),
    "style transfer": (
        asked(TRANSFER, input_images=(picture(), picture(OTHER, 300)), options={"change_strength": 0.4}),
        {"prompt": "A red fox", "init_image": coded(PICTURE), "style_image": coded(OTHER), "change_strength": 0.4},
    ),
    "fast upscale": (asked(FAST, input_images=(picture(),)), {"image": coded(PICTURE), "output_format": "png"}),
}  # fmt: skip


@pytest.mark.parametrize("name", list(WISHES))
def test_our_request_is_the_sdks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEDROCK_BASE_URL", raising=False)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", API_KEY)
    wish, body = WISHES[name]
    theirs, ours = of_sdk(wish.model, body), of_ours(wish, Key({"AWS_BEARER_TOKEN_BEDROCK": API_KEY}))
    assert (ours.method, ours.url) == (theirs.method, theirs.url)
    assert json.loads(ours.body) == json.loads(theirs.body)
    assert ours.headers_that_count == theirs.headers_that_count
    assert ours.headers["authorization"] == theirs.headers["authorization"] == f"Bearer {API_KEY}"


@pytest.mark.parametrize("session", [None, SESSION])
def test_our_signature_of_the_sdks_request_is_the_sdks(session: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_BEARER_TOKEN_BEDROCK", raising=False)
    theirs = of_sdk(INPAINT, WISHES["from a picture"][1], session)
    proof = theirs.headers["authorization"]
    names = re.search(r"SignedHeaders=([a-z0-9;-]+)", proof)
    assert names is not None
    given = {"host", "x-amz-date", "x-amz-security-token"}
    headers = {name: theirs.headers[name] for name in names[1].split(";") if name not in given}
    at = datetime.strptime(theirs.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    access = AccessKey(KEY_ID, SECRET, session or "")
    ours = signed(theirs.method, theirs.url, headers, theirs.body, access, "us-west-2", at)
    assert ours["authorization"] == proof


def test_our_own_signed_request_differs_from_the_sdks_in_what_it_signs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEDROCK_BASE_URL", raising=False)
    monkeypatch.delenv("AWS_BEARER_TOKEN_BEDROCK", raising=False)
    wish, body = WISHES["from a picture"]
    key = Key({"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SESSION})
    theirs, ours = of_sdk(wish.model, body, SESSION), of_ours(wish, key)
    assert (ours.method, ours.url) == (theirs.method, theirs.url)
    assert ours.headers_that_count == theirs.headers_that_count
    scope = re.compile(r"Credential=\S+/us-west-2/bedrock/aws4_request,")
    assert scope.search(ours.headers["authorization"])
    assert scope.search(theirs.headers["authorization"])
