"""What our clients send to Vertex AI is what Google's official SDK sends, and what Google's own description allows.

The SDK (google-genai 3.4.0) makes Imagen's pictures on Vertex AI alone. For the Gemini API the request is compared with
what google-genai 2.15.0, the last major version that could, sent for the same wish: it is written down here. Allowed
differences are those of `test_request_comparison`, and the case of words that Google reads in any case. The description
is the discovery document of aiplatform v1 that google-api-python-client carries.
"""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials
from googleapiclient.discovery_cache import get_static_doc

from providers.base import CloudGenerationRequest, Key
from providers.gemini.client import Gemini
from providers.google.provider import GoogleProvider
from providers.imagen.client import Imagen
from providers.vertex import VERTEX_FORM
from tests.emulation.calls import FLASH_2_5, NANO_BANANA, PRO
from tests.emulation.test_request_comparison import (
    CATEGORIES,
    PROMPT,
    Recording,
    Sent,
    in_one_spelling,
    recording,
    reference,
    wish,
)

__all__ = ["recording"]

TOKEN = "ya29.test-token-0123456789"
PROJECT, REGION = "studio-1", "europe-west4"
KEY = Key({"GOOGLE_CLOUD_PROJECT": PROJECT, "GOOGLE_CLOUD_REGION": REGION}, form="vertex", public=VERTEX_FORM.required)
ULTRA, STANDARD, FAST = "imagen-4.0-ultra-generate-001", "imagen-4.0-generate-001", "imagen-4.0-fast-generate-001"
CASELESS = ("personGeneration", "safetySetting", "sampleImageSize")
DISCOVERY: Mapping[str, Any] = orjson.loads(get_static_doc("aiplatform", "v1"))["schemas"]
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}

GEMINI_WISHES = {
    "text only": (wish(FLASH_2_5), {}),
    "ratio, size and thinking": (
        wish(NANO_BANANA, aspect_ratio="16:9", resolution="2K", options={"thinking_level": "HIGH"}),
        {
            "image_config": types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
            "thinking_config": types.ThinkingConfig(thinking_level="HIGH"),
        },
    ),
    "file type and people": (
        wish(PRO, options={"output_mime_type": "image/png", "person_generation": "ALLOW_ADULT"}),
        {
            "image_config": types.ImageConfig(
                image_size="1K", output_mime_type="image/png", person_generation="ALLOW_ADULT"
            )
        },
    ),
    "seed and safety level": (
        wish(FLASH_2_5, seed=42, safety_level="BLOCK_ONLY_HIGH"),
        {
            "seed": 42,
            "safety_settings": [
                types.SafetySetting(category=f"HARM_CATEGORY_{word}", threshold="BLOCK_ONLY_HIGH")
                for word in CATEGORIES
            ],
        },
    ),
    "reference pictures": (wish(FLASH_2_5, input_images=(reference("red"), reference("blue"))), {}),
}
IMAGEN_WISHES = {
    "text only": (wish(FAST), {"number_of_images": 1}),
    "four large ones": (
        wish(ULTRA, num_images=4, aspect_ratio="3:4", resolution="2K"),
        {"number_of_images": 4, "aspect_ratio": "3:4", "image_size": "2K"},
    ),
    "seed": (
        wish(STANDARD, seed=42, options={"add_watermark": False}),
        {
            "number_of_images": 1, "image_size": "1K", "seed": 42, "add_watermark": False, "enhance_prompt": False,
        },
    ),
    "filters, people and file": (
        wish(
            STANDARD, safety_level="BLOCK_NONE", enhance_prompt=True, output_format="jpeg",
            options={"person_generation": "allow_all", "compression_quality": 60},
        ),
        {
            "number_of_images": 1, "image_size": "1K", "safety_filter_level": "BLOCK_NONE",
            "person_generation": "ALLOW_ALL", "enhance_prompt": True, "output_mime_type": "image/jpeg",
            "output_compression_quality": 60,
        },
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _vertex_is_recorded(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTEX_BASE_URL", recording.url)


def of_ours(recording: Recording, provider: GoogleProvider, wished: CloudGenerationRequest) -> Sent:
    model = provider.model(wished.model)
    fitted, _ = provider.normalise(wished, model)
    provider.start(replace(fitted, prepared={"token": TOKEN}), KEY)
    return recording.sent.pop()


def of_sdk(recording: Recording, seconds: str, method: str, **arguments: Any) -> Sent:
    options = types.HttpOptions(base_url=recording.url, timeout=int(seconds) * 1000)
    account = Credentials(token=TOKEN)
    with (
        warnings.catch_warnings(),
        genai.Client(
            vertexai=True, project=PROJECT, location=REGION, credentials=account, http_options=options
        ) as client,
    ):
        # The SDK warns that it will give up making Imagen's pictures.
        warnings.simplefilter("ignore")
        getattr(client.models, method)(**arguments)
    return recording.sent.pop()


def in_one_case(body: Any) -> Any:
    """Words that Google reads in any case, in capitals."""
    parameters = body.get("parameters", {})
    return body | {
        "parameters": {name: value.upper() if name in CASELESS else value for name, value in parameters.items()}
    }


def check_alike(ours: Sent, sdk: Sent) -> None:
    assert (ours.method, ours.path_without_version) == (sdk.method, sdk.path_without_version)
    assert ours.headers_that_count == sdk.headers_that_count
    assert ours.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("name", GEMINI_WISHES)
def test_our_gemini_client_sends_what_the_sdk_sends(recording: Recording, name: str) -> None:
    wished, config = GEMINI_WISHES[name]
    ours = of_ours(recording, Gemini(), wished)
    cap = ours.body["generationConfig"].get("maxOutputTokens")
    settings = types.GenerateContentConfig(response_modalities=["IMAGE"], max_output_tokens=cap, **config)
    parts = [types.Part.from_text(text=wished.prompt)]
    parts += [types.Part.from_bytes(data=image.data, mime_type=image.mime_type) for image in wished.input_images]
    sdk = of_sdk(
        recording, ours.headers["x-server-timeout"], "generate_content",
        model=wished.model, contents=parts, config=settings,
    )  # fmt: skip
    assert in_one_spelling(ours.body) == in_one_spelling(sdk.body)
    check_alike(ours, sdk)


@pytest.mark.parametrize("name", IMAGEN_WISHES)
def test_our_imagen_client_sends_what_the_sdk_sends(recording: Recording, name: str) -> None:
    wished, config = IMAGEN_WISHES[name]
    ours = of_ours(recording, Imagen(), wished)
    sdk = of_sdk(
        recording, ours.headers["x-server-timeout"], "generate_images",
        model=wished.model, prompt=PROMPT, config=types.GenerateImagesConfig(include_rai_reason=True, **config),
    )  # fmt: skip
    assert in_one_case(ours.body) == in_one_case(sdk.body)
    check_alike(ours, sdk)


def test_by_key_imagen_is_asked_as_the_sdk_asked_it_while_it_could(recording: Recording) -> None:
    provider = Imagen()
    wished = wish(
        ULTRA, num_images=3, aspect_ratio="16:9", resolution="2K", safety_level="BLOCK_LOW_AND_ABOVE",
        output_format="jpeg", options={"person_generation": "dont_allow", "compression_quality": 60},
    )  # fmt: skip
    fitted, _ = provider.normalise(wished, provider.model(ULTRA))
    provider.start(fitted, Key({"GOOGLE_API_KEY": "k"}))
    sent = recording.sent.pop()
    assert (sent.method, sent.path) == ("POST", f"/v1beta/models/{ULTRA}:predict")
    headers = {"content-type": "application/json", "x-server-timeout": "300", "x-goog-api-key": "k"}
    assert sent.headers_that_count == headers
    assert in_one_case(sent.body) == {
        "instances": [{"prompt": PROMPT}],
        "parameters": {
            "sampleCount": 3, "aspectRatio": "16:9", "safetySetting": "BLOCK_LOW_AND_ABOVE",
            "personGeneration": "DONT_ALLOW", "includeRaiReason": True,
            "outputOptions": {"mimeType": "image/jpeg", "compressionQuality": 60}, "sampleImageSize": "2K",
        },
    }  # fmt: skip


# GOOGLE'S OWN DESCRIPTION


def check_described(value: Any, schema: Mapping[str, Any], place: str) -> None:
    """Fails where a body has a field, type or word that the description lacks."""
    schema = DISCOVERY[schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type", "any")
    if kind == "any":
        return
    assert isinstance(value, TYPES[kind]), f"{place} is no {kind}"
    assert isinstance(value, bool) == (kind == "boolean"), f"{place} is no {kind}"
    assert value in schema.get("enum", (value,)) if isinstance(value, str) else True, f"{place}: {value}"
    if kind == "array":
        for index, element in enumerate(value):
            check_described(element, schema["items"], f"{place}[{index}]")
    if kind == "object" and "properties" in schema:
        for name, part in value.items():
            assert name in schema["properties"], f"{place}.{name} is not described"
            check_described(part, schema["properties"][name], f"{place}.{name}")


@pytest.mark.parametrize("name", GEMINI_WISHES)
def test_google_describes_every_field_that_gemini_is_sent(recording: Recording, name: str) -> None:
    sent = of_ours(recording, Gemini(), GEMINI_WISHES[name][0])
    check_described(sent.body, {"$ref": "GoogleCloudAiplatformV1GenerateContentRequest"}, "body")
    assert all(content["role"] == "user" for content in sent.body["contents"])


@pytest.mark.parametrize("name", IMAGEN_WISHES)
def test_google_describes_the_frame_of_what_imagen_is_sent(recording: Recording, name: str) -> None:
    """Inside the frame the description allows anything: there the SDK is the authority."""
    sent = of_ours(recording, Imagen(), IMAGEN_WISHES[name][0])
    check_described(sent.body, {"$ref": "GoogleCloudAiplatformV1PredictRequest"}, "body")


def test_the_check_of_descriptions_can_fail() -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "x"}]}], "generationConfig": {"imageSize": "1K"}}
    with pytest.raises(AssertionError, match="body.generationConfig.imageSize is not described"):
        check_described(body, {"$ref": "GoogleCloudAiplatformV1GenerateContentRequest"}, "body")
