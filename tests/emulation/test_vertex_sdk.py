"""Google's official SDK works in Vertex mode, unchanged but for its base address: Imagen, Gemini and access tokens.

The SDK fetches its own tokens from the emulator, by google-auth and a service account's key file.
"""

import warnings
from collections.abc import Iterator

import httpx
import pytest
from google import genai
from google.genai import errors, types
from google.oauth2 import service_account

from providers.emulation.server import RunningServer
from tests import google_accounts
from tests.emulation.calls import FLASH_2_5, MODELS, NANO_BANANA, PRO, amounts, opened, png

STANDARD, ULTRA, FAST = "imagen-4.0-generate-001", "imagen-4.0-ultra-generate-001", "imagen-4.0-fast-generate-001"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def vertex_client(
    server: RunningServer, version: str | None = None, location: str = "us-central1", **changes: str
) -> genai.Client:
    account = google_accounts.service_account(server.url, **changes)
    credentials = service_account.Credentials.from_service_account_info(account, scopes=SCOPES)
    options = types.HttpOptions(base_url=server.environment["VERTEX_BASE_URL"], api_version=version)
    return genai.Client(
        vertexai=True, project="studio-1", location=location, credentials=credentials, http_options=options
    )


@pytest.fixture(scope="module", params=[None, "v1"], ids=["the SDK's version", "v1"])
def sdk_connections(request: pytest.FixtureRequest, served: RunningServer) -> Iterator[genai.Client]:
    with vertex_client(served, request.param) as client:
        yield client


@pytest.fixture
def sdk(emulator: RunningServer, sdk_connections: genai.Client) -> Iterator[genai.Client]:
    with warnings.catch_warnings():
        # The SDK warns that it will give up making Imagen's pictures.
        warnings.simplefilter("ignore")
        yield sdk_connections


@pytest.mark.parametrize(("model", "price"), [(ULTRA, "0.240000"), (STANDARD, "0.160000"), (FAST, "0.080000")])
def test_the_sdk_makes_four_pictures_with_imagen(
    emulator: RunningServer, sdk: genai.Client, model: str, price: str
) -> None:
    config = types.GenerateImagesConfig(number_of_images=4, aspect_ratio="16:9", output_mime_type="image/jpeg")
    answer = sdk.models.generate_images(model=model, prompt="A red fox", config=config)
    pictures = [opened(made.image.image_bytes) for made in answer.generated_images]
    assert [(picture.format, picture.size) for picture in pictures] == [("JPEG", (1408, 768))] * 4
    assert len({made.image.image_bytes for made in answer.generated_images}) == 4
    assert amounts(emulator) == [price]


def test_the_sdk_reads_the_enhanced_prompt(sdk: genai.Client) -> None:
    config = types.GenerateImagesConfig(number_of_images=1, enhance_prompt=True)
    answer = sdk.models.generate_images(model=STANDARD, prompt="A red fox", config=config)
    assert answer.generated_images[0].enhanced_prompt.startswith("A red fox, in soft")


def test_the_sdk_gets_the_same_pictures_for_the_same_seed_without_watermark(sdk: genai.Client) -> None:
    config = types.GenerateImagesConfig(number_of_images=2, seed=7, add_watermark=False, enhance_prompt=False)
    answers = [sdk.models.generate_images(model=STANDARD, prompt="A red fox", config=config) for _ in range(2)]
    first, second = ([made.image.image_bytes for made in answer.generated_images] for answer in answers)
    assert first == second


def test_the_sdk_raises_for_a_seed_with_watermark(emulator: RunningServer, sdk: genai.Client) -> None:
    with pytest.raises(errors.ClientError, match="Seed is not supported when watermark is enabled") as raised:
        sdk.models.generate_images(
            model=STANDARD, prompt="A red fox", config=types.GenerateImagesConfig(seed=7, enhance_prompt=False)
        )
    assert raised.value.code == 400
    assert amounts(emulator) == []


def test_the_sdk_reads_why_pictures_were_withheld(
    emulator: RunningServer, control: httpx.Client, sdk: genai.Client
) -> None:
    control.post("/faults", json={"vendor": "google-imagen", "partial": 1})
    config = types.GenerateImagesConfig(number_of_images=3, include_rai_reason=True)
    made, withheld = sdk.models.generate_images(model=STANDARD, prompt="A fox", config=config).generated_images
    assert made.image.image_bytes
    assert "filtered out 2 generated images. You will not be charged" in withheld.rai_filtered_reason
    assert amounts(emulator) == ["0.040000"]


@pytest.mark.parametrize("model", MODELS)
def test_the_sdk_makes_a_picture_with_gemini(sdk: genai.Client, model: str) -> None:
    config = types.GenerateContentConfig(response_modalities=["IMAGE"])
    answer = sdk.models.generate_content(model=model, contents="A red fox", config=config)
    (picture,) = [part.inline_data for part in answer.parts if part.inline_data and not part.thought]
    assert opened(picture.data).size == (1024, 1024)
    assert answer.usage_metadata.traffic_type == types.TrafficType.ON_DEMAND
    assert answer.model_status is None


def test_the_sdk_asks_gemini_for_a_png_and_for_no_people(sdk: genai.Client) -> None:
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"],
        image_config=types.ImageConfig(
            output_mime_type="image/png", person_generation="ALLOW_NONE", prominent_people="BLOCK_PROMINENT_PEOPLE"
        ),
    )
    answer = sdk.models.generate_content(model=NANO_BANANA, contents="A red fox", config=config)
    assert opened(answer.parts[-1].inline_data.data).format == "PNG"


def test_the_sdk_edits_and_streams(sdk: genai.Client) -> None:
    contents = ["Make it night", types.Part.from_bytes(data=png(90, 160), mime_type="image/png")]
    events = list(sdk.models.generate_content_stream(model=PRO, contents=contents))
    assert opened(events[-1].parts[-1].inline_data.data).size == (768, 1376)


def test_both_vendors_have_their_lines_on_the_invoice(emulator: RunningServer, sdk: genai.Client) -> None:
    sdk.models.generate_images(model=FAST, prompt="A fox", config=types.GenerateImagesConfig(number_of_images=1))
    sdk.models.generate_content(model=FLASH_2_5, contents="A fox")
    lines = emulator.exchange.invoice.as_json()["calls"]
    assert [(line["vendor"], line["model"]) for line in lines] == [
        ("google-imagen", FAST), ("google-gemini", FLASH_2_5),
    ]  # fmt: skip


def test_the_sdk_raises_not_found_for_models_that_vertex_lacks(sdk: genai.Client) -> None:
    with pytest.raises(errors.ClientError, match="was not found or your project does not have access") as raised:
        sdk.models.generate_content(model="gemini-2.0-flash-preview-image-generation", contents="A fox")
    assert raised.value.code == 404
    with pytest.raises(errors.ClientError, match="was not found or your project does not have access"):
        sdk.models.generate_images(model="imagen-3.0-generate-002", prompt="A fox")


def test_the_sdk_is_refused_with_a_wrong_account(emulator: RunningServer) -> None:
    with (
        vertex_client(emulator, client_email="invalid@studio-1.iam.gserviceaccount.com") as client,
        pytest.raises(Exception, match="invalid_grant: Invalid JWT Signature"),
    ):
        client.models.generate_content(model=FLASH_2_5, contents="A fox")


def test_the_sdk_works_in_the_global_region(emulator: RunningServer) -> None:
    with vertex_client(emulator, location="global") as client:
        assert client.models.generate_content(model=FLASH_2_5, contents="A fox").parts[-1].inline_data
