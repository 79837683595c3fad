"""Google's official SDK works unchanged against the emulator."""

from collections.abc import Iterator

import httpx
import pytest
from google import genai
from google.genai import errors, types

from providers.emulation.server import RunningServer
from tests.emulation.calls import FLASH_2_5, MODELS, NANO_BANANA, PRO, amounts, opened, png


def sdk_client(base_url: str, api_version: str | None = None, api_key: str = "test-key") -> genai.Client:
    return genai.Client(api_key=api_key, http_options=types.HttpOptions(base_url=base_url, api_version=api_version))


@pytest.fixture(scope="module", params=[None, "v1beta"], ids=["the SDK's version", "v1beta"])
def sdk_connections(request: pytest.FixtureRequest, served: RunningServer) -> Iterator[genai.Client]:
    with sdk_client(served.environment["GOOGLE_GEMINI_BASE_URL"], request.param) as client:
        yield client


@pytest.fixture
def sdk(emulator: RunningServer, sdk_connections: genai.Client) -> genai.Client:
    """The SDK's client of the emulator, with the SDK's own API version and with v1beta."""
    return sdk_connections


@pytest.mark.parametrize("model", MODELS)
def test_the_sdk_makes_a_picture(sdk: genai.Client, model: str) -> None:
    config = types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"], image_config=types.ImageConfig(aspect_ratio="16:9")
    )
    answer = sdk.models.generate_content(model=model, contents="A red fox", config=config)
    images = [part.inline_data for part in answer.parts if part.inline_data and not part.thought]
    assert [opened(image.data).size for image in images] == [(1344, 768) if model == FLASH_2_5 else (1376, 768)]
    assert answer.text == "Here is the picture you asked for."
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP


def test_the_sdk_reads_usage_status_and_number(emulator: RunningServer, sdk: genai.Client) -> None:
    answer = sdk.models.generate_content(model=FLASH_2_5, contents="A red fox")
    usage = answer.usage_metadata
    assert usage.prompt_token_count == 3
    assert usage.candidates_tokens_details[0].token_count == 1290
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count
    assert answer.model_status.model_stage == types.ModelStage.DEPRECATED
    assert emulator.exchange.invoice.as_json()["calls"][0]["request_id"] == answer.response_id


def test_the_sdk_edits_a_picture(sdk: genai.Client) -> None:
    contents = ["Make it night", types.Part.from_bytes(data=png(90, 160), mime_type="image/png")]
    answer = sdk.models.generate_content(model=PRO, contents=contents)
    assert opened(answer.parts[-1].inline_data.data).size == (768, 1376)
    assert answer.usage_metadata.prompt_token_count == 4 + 560


def test_the_sdk_holds_a_conversation(sdk: genai.Client) -> None:
    chat = sdk.chats.create(model=NANO_BANANA)
    chat.send_message("A red fox")
    answer = chat.send_message("Now at night")
    assert answer.parts[-1].inline_data is not None


def test_the_sdk_reads_the_stream(sdk: genai.Client) -> None:
    events = list(sdk.models.generate_content_stream(model=FLASH_2_5, contents="A red fox"))
    assert opened(events[-1].parts[-1].inline_data.data).size == (1024, 1024)


def test_the_sdk_lists_models_over_pages(sdk: genai.Client) -> None:
    names = [model.name for model in sdk.models.list(config=types.ListModelsConfig(page_size=2))]
    assert names == sorted(set(names), key=names.index)
    assert {f"models/{model}" for model in MODELS} < set(names)


def test_the_sdk_reads_one_model(sdk: genai.Client) -> None:
    model = sdk.models.get(model=NANO_BANANA)
    assert (model.display_name, model.output_token_limit) == ("Nano Banana 2.1", 32_768)
    assert "generateContent" in model.supported_actions


@pytest.mark.parametrize(
    ("api_key", "code", "status"),
    [("an-invalid-key", 400, "INVALID_ARGUMENT"), ("a-leaked-key", 403, "PERMISSION_DENIED")],
)
def test_the_sdk_raises_googles_errors_for_keys(emulator: RunningServer, api_key: str, code: int, status: str) -> None:
    base_url = emulator.environment["GOOGLE_GEMINI_BASE_URL"]
    with sdk_client(base_url, api_key=api_key) as client, pytest.raises(errors.ClientError) as raised:
        client.models.generate_content(model=FLASH_2_5, contents="A red fox")
    assert (raised.value.code, raised.value.status) == (code, status)


def test_the_sdk_raises_not_found_for_a_retired_model(sdk: genai.Client) -> None:
    with pytest.raises(errors.ClientError, match="is not found for API version") as raised:
        sdk.models.generate_content(model="imagen-4.0-generate-001", contents="A red fox")
    assert raised.value.code == 404


def test_the_sdk_raises_for_a_setting_that_the_model_lacks(emulator: RunningServer, sdk: genai.Client) -> None:
    with pytest.raises(errors.ClientError, match="seed") as raised:
        sdk.models.generate_content(model=NANO_BANANA, contents="A red fox", config=types.GenerateContentConfig(seed=7))
    assert raised.value.code == 400
    assert amounts(emulator) == []


@pytest.mark.parametrize(("status", "kind"), [(429, errors.ClientError), (503, errors.ServerError)])
def test_the_sdk_raises_for_faults(
    control: httpx.Client, sdk: genai.Client, status: int, kind: type[errors.APIError]
) -> None:
    control.post("/faults", json={"status": status})
    with pytest.raises(kind) as raised:
        sdk.models.generate_content(model=FLASH_2_5, contents="A red fox")
    assert raised.value.code == status


def test_the_sdk_sees_a_blocked_prompt(control: httpx.Client, sdk: genai.Client) -> None:
    control.post("/faults", json={"filtered": "prompt"})
    answer = sdk.models.generate_content(model=FLASH_2_5, contents="A red fox")
    assert answer.candidates is None
    assert answer.prompt_feedback.block_reason == types.BlockedReason.PROHIBITED_CONTENT


def test_the_sdk_sees_a_withheld_picture(control: httpx.Client, sdk: genai.Client) -> None:
    control.post("/faults", json={"filtered": True})
    answer = sdk.models.generate_content(model=FLASH_2_5, contents="A red fox")
    assert answer.candidates[0].finish_reason == types.FinishReason.IMAGE_SAFETY
    assert answer.parts is None
