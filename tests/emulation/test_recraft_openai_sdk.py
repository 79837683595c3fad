"""OpenAI's official SDK, which Recraft's pages recommend, drives the emulated Recraft; and its requests beside ours.

The calls are those of https://www.recraft.ai/docs/api-reference/clients and …/endpoints: `images.generate` with
Recraft's own fields in `extra_body`, and for everything else the SDK's `post` with the pages' JSON or files. Allowed
differences between the SDK's requests and ours: the HTTP libraries' own headers and the SDK's x-stainless-….
"""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai as sdk_module
import pytest
from openai import OpenAI
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key
from providers.emulation.server import RunningServer
from providers.recraft.client import DEFAULT_BASE_URL, Recraft
from tests.emulation.calls import amounts, opened, png

pytestmark = pytest.mark.sqlite_only
KEY, PROMPT = "recraft-test-key", "A red fox – at dawn"
PICTURE = png(320, 256)


def half_white(size: tuple[int, int] = (320, 256)) -> bytes:
    """A grey mask, white in its left half."""
    mask = Image.new("L", size)
    mask.paste(255, (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    mask.save(file, "PNG")
    return file.getvalue()


def data_url(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


MASK = half_white()


@pytest.fixture(scope="module")
def sdk_connections(served: RunningServer) -> Iterator[OpenAI]:
    with OpenAI(api_key=KEY, base_url=served.environment["RECRAFT_BASE_URL"], max_retries=0) as client:
        yield client


@pytest.fixture
def sdk(emulator: RunningServer, sdk_connections: OpenAI) -> OpenAI:
    return sdk_connections


def post(sdk: OpenAI, path: str, **body: Any) -> Any:
    return sdk.post(path=path, cast_to=object, body=body)


def test_the_sdk_makes_a_picture_at_an_address_as_the_first_example_does(emulator: RunningServer, sdk: OpenAI) -> None:
    answer = sdk.images.generate(prompt="race car on a track")
    picture = opened(httpx.get(answer.data[0].url).content)
    assert (picture.format, picture.size) == ("WEBP", (1024, 1024))
    (line,) = emulator.exchange.invoice.as_json()["calls"]
    assert (line["model"], line["amount"]) == ("recraftv4_1", "0.035000")


@pytest.mark.parametrize(
    ("model", "size", "pixels", "price"),
    [
        ("recraftv4_1_flash", "16:9", (1344, 768), "0.014000"), ("recraftv4_1_utility", None, (1024, 1024), "0.070000"),
        ("recraftv4", "768x1536", (768, 1536), "0.080000"), ("recraftv2", "9:16", (1024, 1820), "0.044000"),
    ],
)  # fmt: skip
def test_the_sdk_asks_for_several_pictures_of_a_size(
    emulator: RunningServer, sdk: OpenAI, model: str, size: str | None, pixels: tuple[int, int], price: str
) -> None:
    given = {"size": size} if size else {}
    answer = sdk.images.generate(
        model=model, prompt=PROMPT, n=2, response_format="b64_json", extra_body={"image_format": "png"}, **given
    )
    pictures = [opened(base64.b64decode(one.b64_json)) for one in answer.data]
    assert [(one.format, one.size) for one in pictures] == [("PNG", pixels)] * 2
    assert amounts(emulator) == [price]
    assert answer.credits == round(float(price) * 1000)


def test_the_sdk_uses_what_old_models_have(emulator: RunningServer, sdk: OpenAI) -> None:
    answer = sdk.images.generate(
        model="recraftv3", prompt=PROMPT, style="Noir", extra_body={"negative_prompt": "rain", "random_seed": 7}
    )
    assert len(answer.data) == 1
    assert amounts(emulator) == ["0.040000"]


CHANGES: dict[str, tuple[str, dict[str, Any], tuple[int, int], str]] = {
    "image to image": ("imageToImage", {"prompt": "winter", "strength": 0.2}, (320, 256), "0.035000"),
    "inpaint": ("inpaint", {"prompt": "winter", "mask_url": data_url(MASK)}, (320, 256), "0.040000"),
    "replace background": ("replaceBackground", {"prompt": "winter"}, (320, 256), "0.040000"),
    "erase region": ("eraseRegion", {"mask_url": data_url(MASK)}, (320, 256), "0.002000"),
    "remove background": ("removeBackground", {}, (320, 256), "0.010000"),
    "crisp upscale": ("crispUpscale", {}, (640, 512), "0.004000"),
    "creative upscale": ("creativeUpscale", {}, (640, 512), "0.250000"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_sdk_changes_a_picture_by_the_pages_json(emulator: RunningServer, sdk: OpenAI, name: str) -> None:
    path, fields, pixels, price = CHANGES[name]
    answer = post(sdk, f"/images/{path}", image_url=data_url(PICTURE), response_format="b64_json", **fields)
    image = answer["image"] if "image" in answer else answer["data"][0]
    assert opened(base64.b64decode(image["b64_json"])).size == pixels
    assert amounts(emulator) == [price]


def test_the_sdk_changes_a_picture_by_the_pages_files(emulator: RunningServer, sdk: OpenAI) -> None:
    form = {"headers": {"Content-Type": "multipart/form-data"}}
    cut = sdk.post(path="/images/removeBackground", cast_to=object, options=form, files={"file": ("a.png", PICTURE)})
    picture = opened(httpx.get(cut["image"]["url"]).content)
    assert (picture.mode, picture.getpixel((0, 0))[3], picture.getpixel((160, 128))[3]) == ("RGBA", 0, 255)
    painted = sdk.post(
        path="/images/inpaint", cast_to=object, options=form, body={"prompt": "winter", "n": 2},
        files={"image": ("a.png", PICTURE), "mask": ("m.png", MASK)},
    )  # fmt: skip
    assert len(painted["data"]) == 2
    assert amounts(emulator) == ["0.010000", "0.080000"]


def test_the_sdk_reads_the_balance(emulator: RunningServer, sdk: OpenAI) -> None:
    assert sdk.get(path="/users/me", cast_to=object)["credits"] == 1000
    assert amounts(emulator) == []


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("generations", {"model": "recraftv4_1"}, "prompt is required"),
    ("generations", {"prompt": "x" * 1001, "model": "recraftv3"}, "1000 characters"),
    ("generations", {"prompt": PROMPT, "n": 7}, "from 1 to 6"),
    ("generations", {"prompt": PROMPT, "size": "1820x1024"}, "size 1820x1024"),
    ("generations", {"prompt": PROMPT, "style": "Noir"}, "styles are not supported"),
    ("generations", {"prompt": PROMPT, "negative_prompt": "rain"}, "negative_prompt is not supported"),
    ("generations", {"prompt": PROMPT, "model": "recraftv4_1_vector"}, "recraftv4_1_vector is not supported"),
    ("generations", {"prompt": PROMPT, "seed": 7}, "unknown field: seed"),
    ("generations", {"prompt": PROMPT, "image_format": "jpeg"}, "image_format"),
    ("generations", {"prompt": PROMPT, "random_seed": -1}, "random_seed"),
    ("imageToImage", {"prompt": PROMPT, "image_url": data_url(PICTURE)}, "strength is required"),
    ("imageToImage", {"prompt": PROMPT, "strength": 2, "image_url": data_url(PICTURE)}, "strength"),
    ("imageToImage", {"prompt": PROMPT, "strength": 0.5}, "PNG, JPG or WEBP"),
    ("imageToImage", {"prompt": PROMPT, "strength": 0.5, "image_url": "https://example.com/a.png"}, "cannot be read"),
    ("imageToImage", {"prompt": PROMPT, "strength": 0.5, "model": "recraftv4_1_flash",
                      "image_url": data_url(PICTURE)}, "recraftv4_1_flash is not supported"),
    ("inpaint", {"prompt": PROMPT, "model": "recraftv4_1", "image_url": data_url(PICTURE),
                 "mask_url": data_url(MASK)}, "recraftv4_1 is not supported"),
    ("inpaint", {"prompt": PROMPT, "image_url": data_url(PICTURE)}, "mask is required"),
    ("eraseRegion", {"image_url": data_url(PICTURE), "mask_url": data_url(half_white((256, 256)))}, "same dimensions"),
    ("eraseRegion", {"image_url": data_url(PICTURE), "mask_url": data_url(png(320, 256, "gray"))}, "black or white"),
    ("removeBackground", {"image_url": data_url(png(255, 256))}, "255x256"),
    ("removeBackground", {"image_url": data_url(PICTURE), "prompt": PROMPT}, "unknown field: prompt"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "fields", "words"), BAD, ids=[f"{path} {words}" for path, _, words in BAD])
def test_what_the_pages_do_not_allow_is_refused_and_costs_nothing(
    emulator: RunningServer, sdk: OpenAI, path: str, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(sdk_module.BadRequestError) as raised:
        post(sdk, f"/images/{path}", **fields)
    assert words in json.loads(raised.value.response.content)["message"]
    assert amounts(emulator) == []


def test_a_wrong_token_and_a_wrong_path_are_told_in_plain_words(emulator: RunningServer, sdk: OpenAI) -> None:
    with pytest.raises(sdk_module.NotFoundError) as missing:
        post(sdk, "/images/generation", prompt=PROMPT)
    with (
        OpenAI(api_key="an-invalid-token", base_url=emulator.environment["RECRAFT_BASE_URL"]) as client,
        pytest.raises(sdk_module.AuthenticationError) as refused,
    ):
        client.images.generate(prompt=PROMPT)
    answers = [missing.value.response, refused.value.response]
    assert [answer.text for answer in answers] == ["404 page not found", "request unauthorized"]
    assert {answer.headers["content-type"].partition(";")[0] for answer in answers} == {"text/plain"}


HEADERS_OF_THEIR_OWN = {"host", "accept-encoding", "connection", "content-length", "user-agent"}
REFERENCE = InputImage(data=PICTURE, mime_type="image/png", width=320, height=256)
MASK_IMAGE = InputImage(data=MASK, mime_type="image/png", width=320, height=256)
USUAL = {"prompt": PROMPT, "n": 1, "response_format": "b64_json"}
WITH_PICTURE = {"image_url": data_url(PICTURE), "response_format": "b64_json"}
WISHES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "words": ({"model": "recraftv4_1"}, "", {**USUAL, "model": "recraftv4_1"}),
    "several of a size": (
        {"model": "recraftv4_1_pro", "aspect_ratio": "3:2", "num_images": 6, "output_format": "png", "seed": 7}, "",
        {**USUAL, "model": "recraftv4_1_pro", "size": "2560x1664", "n": 6,
         "extra_body": {"random_seed": 7, "image_format": "png"}},
    ),
    "a style": (
        {"model": "recraftv3", "style": "Noir", "negative_prompt": "rain"}, "",
        {**USUAL, "model": "recraftv3", "style": "Noir", "extra_body": {"negative_prompt": "rain"}},
    ),
    "image to image": (
        {"model": "recraftv4", "input_images": (REFERENCE,), "strength": 0.2, "num_images": 2}, "imageToImage",
        {**USUAL, **WITH_PICTURE, "model": "recraftv4", "strength": 0.2, "n": 2},
    ),
    "inpaint": (
        {"model": "recraftv3", "input_images": (REFERENCE,), "mask": MASK_IMAGE}, "inpaint",
        {**USUAL, **WITH_PICTURE, "model": "recraftv3", "mask_url": MASK},
    ),
    "replace background": (
        {"model": "recraft-replace-background", "input_images": (REFERENCE,), "style": "Photorealism"},
        "replaceBackground", {**USUAL, **WITH_PICTURE, "model": "recraftv3", "style": "Photorealism"},
    ),
    "erase region": (
        {"model": "recraft-erase-region", "input_images": (REFERENCE,), "mask": MASK_IMAGE}, "eraseRegion",
        {**WITH_PICTURE, "mask_url": MASK},
    ),
    "remove background": (
        {"model": "recraft-remove-background", "input_images": (REFERENCE,), "output_format": "webp"},
        "removeBackground", {**WITH_PICTURE, "image_format": "webp"},
    ),
    "crisp upscale": ({"model": "recraft-crisp-upscale", "input_images": (REFERENCE,)}, "crispUpscale", WITH_PICTURE),
    "creative upscale": (
        {"model": "recraft-creative-upscale", "input_images": (REFERENCE,)}, "creativeUpscale", WITH_PICTURE,
    ),
}  # fmt: skip


def read(request: httpx.Request) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    """Method, address, the headers that count, and the JSON; a mask as its mode, size and pixels."""
    headers = {name: value for name, value in request.headers.items()
               if name not in HEADERS_OF_THEIR_OWN and not name.startswith("x-stainless-")}  # fmt: skip
    body = json.loads(request.content)
    if "mask_url" in body:
        mask = opened(base64.b64decode(body["mask_url"].partition("base64,")[2]))
        body["mask_url"] = (mask.mode, mask.size, mask.tobytes())
    return request.method, str(request.url), headers, body


@pytest.mark.parametrize("name", WISHES)
def test_our_request_is_the_sdks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECRAFT_BASE_URL", raising=False)
    wish, path, of_sdk = WISHES[name]
    sent = []

    def receive(request: httpx.Request) -> httpx.Response:
        request.read()
        sent.append(read(request))
        return httpx.Response(400, json={"message": "recorded"})

    transport = httpx.MockTransport(receive)
    vendor = Recraft(transport)
    request = CloudGenerationRequest(prompt=PROMPT, **wish)
    with pytest.raises(Exception, match="recorded"):
        vendor.start(vendor.normalise(request, vendor.model(request.model))[0], Key({"RECRAFT_API_TOKEN": KEY}))
    fields = {**of_sdk, "mask_url": data_url(of_sdk["mask_url"])} if "mask_url" in of_sdk else of_sdk
    with (
        httpx.Client(transport=transport) as connection,
        OpenAI(api_key=KEY, base_url=DEFAULT_BASE_URL, http_client=connection, max_retries=0) as client,
        pytest.raises(Exception, match="recorded"),
    ):
        post(client, f"/images/{path}", **fields) if path else client.images.generate(**fields)
    ours, theirs = sent
    assert ours == theirs
