"""What the emulated Gemini API accepts and refuses, as the vendor's documents have it."""

import base64
from typing import Any

import httpx
import pytest

from providers.emulation.server import RunningServer
from tests.emulation.calls import FLASH_2_5, FLASH_3_1, LITE, MODELS, NANO_BANANA, PRO, amounts, body, generate, png


def error(answer: httpx.Response) -> dict[str, Any]:
    assert answer.json()["error"]["code"] == answer.status_code
    return answer.json()["error"]


def test_a_missing_key_is_an_unregistered_caller(emulator: RunningServer) -> None:
    refused = error(httpx.get(f"{emulator.url}/google/v1beta/models"))
    assert (refused["code"], refused["status"]) == (403, "PERMISSION_DENIED")
    assert "unregistered callers" in refused["message"]


def test_an_invalid_key_is_a_400(google: httpx.Client) -> None:
    refused = error(google.get("/v1beta/models", headers={"x-goog-api-key": "AIza-invalid"}))
    assert (refused["code"], refused["details"][0]["reason"]) == (400, "API_KEY_INVALID")
    assert refused["details"][1]["message"] == refused["message"]


def test_a_leaked_key_is_a_403(google: httpx.Client) -> None:
    refused = error(google.get("/v1beta/models", headers={"x-goog-api-key": "AIza-leaked"}))
    assert (refused["code"], "reported as leaked" in refused["message"]) == (403, True)


def test_a_key_in_the_address_is_read_too(emulator: RunningServer) -> None:
    assert httpx.get(f"{emulator.url}/google/v1beta/models", params={"key": "k"}).status_code == 200


@pytest.mark.parametrize(
    "model", ["gpt-image-1", "imagen-3.0-generate-002", "gemini-2.5-flash", "gemini-3-pro-image-preview"]
)
def test_unknown_and_retired_models_are_not_found(google: httpx.Client, model: str) -> None:
    refused = error(generate(google, model=model))
    assert (refused["code"], refused["status"]) == (404, "NOT_FOUND")
    assert refused["message"].startswith(f"models/{model} is not found for API version v1beta")
    assert google.get(f"/v1beta/models/{model}").status_code == 404


def test_another_address_is_a_web_page(google: httpx.Client) -> None:
    answer = google.get("/v2/pictures")
    assert answer.status_code == 404
    assert answer.text.startswith("<!DOCTYPE html>")


def test_the_model_list_has_pages(google: httpx.Client) -> None:
    first = google.get("/v1/models", params={"pageSize": 4}).json()
    rest = google.get("/v1/models", params={"pageSize": 4, "pageToken": first["nextPageToken"]}).json()
    names = [model["name"].removeprefix("models/") for page in (first, rest) for model in page["models"]]
    assert len(first["models"]) == 4
    assert set(names) == {*MODELS, "nano-banana-pro-preview"}
    assert "nextPageToken" not in rest


@pytest.mark.parametrize("query", [{"pageSize": "many"}, {"pageSize": "-1"}, {"pageToken": "nowhere"}])
def test_a_wrong_page_is_refused(google: httpx.Client, query: dict[str, str]) -> None:
    assert google.get("/v1beta/models", params=query).status_code == 400


@pytest.mark.parametrize("model", MODELS)
def test_one_model_describes_itself(google: httpx.Client, model: str) -> None:
    description = google.get(f"/v1beta/models/{model}").json()
    assert description["name"] == f"models/{model}"
    assert "generateContent" in description["supportedGenerationMethods"]


@pytest.mark.parametrize(
    ("settings", "at"),
    [
        ({"n": 2}, "generation_config"),
        ({"imageConfig": {"personGeneration": "ALLOW_ALL"}}, "generation_config.image_config"),
        ({"thinkingConfig": {"level": "HIGH"}}, "generation_config.thinking_config"),
    ],
)
def test_an_unknown_setting_is_refused_by_name(google: httpx.Client, settings: dict[str, Any], at: str) -> None:
    refused = error(generate(google, body(**settings)))
    assert refused["message"].startswith('Invalid JSON payload received. Unknown name "')
    assert refused["message"].endswith(f"at '{at}': Cannot find field.")
    assert refused["details"][0]["fieldViolations"][0]["field"] == at


def test_an_unknown_top_level_name_has_no_place(google: httpx.Client) -> None:
    refused = error(generate(google, body() | {"prompt": "x"}))
    assert refused["message"] == 'Invalid JSON payload received. Unknown name "prompt": Cannot find field.'


def test_all_unknown_names_are_told_at_once(google: httpx.Client) -> None:
    refused = error(generate(google, {"contents": [{"parts": [{"image": 1, "text": "x"}]}], "n": 1}))
    assert refused["message"].splitlines() == [
        "Invalid JSON payload received. Unknown name \"image\" at 'contents[0].parts[0]': Cannot find field.",
        'Invalid JSON payload received. Unknown name "n": Cannot find field.',
    ]


def test_snake_case_names_are_read(google: httpx.Client) -> None:
    request = {
        "contents": {"parts": {"inline_data": {"mime_type": "image/png", "data": base64.b64encode(png()).decode()}}},
        "system_instruction": {"parts": {"text": "Flat vector style."}},
        "generation_config": {"response_modalities": ["Image"], "image_config": {"aspect_ratio": "16:9"}},
    }
    assert generate(google, request).status_code == 200


def test_null_is_an_absent_field_and_numbers_may_be_text(google: httpx.Client) -> None:
    assert generate(google, body(seed="42", imageConfig=None, temperature=None)).status_code == 200


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": 2**31},
        {"seed": "many"},
        {"seed": True},
        {"seed": 1.5},
        {"responseModalities": ["SMELL"]},
        {"responseModalities": 7},
        {"imageConfig": []},
        {"imageConfig": {"aspectRatio": 1}},
    ],
)
def test_a_value_of_the_wrong_type_is_refused(google: httpx.Client, settings: dict[str, Any]) -> None:
    assert error(generate(google, body(**settings)))["message"].startswith("Invalid value at 'generation_config.")


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"contents": []},
        {"contents": [{"parts": []}]},
        {"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]},
        {"contents": [{"parts": [{}]}]},
        {"contents": [{"parts": [{"text": "x", "inlineData": {"mimeType": "image/png", "data": ""}}]}]},
        {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "!!"}}]}]},
        {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "Zm94"}}]}]},
        {"contents": [{"parts": [{"inlineData": {"mimeType": "video/mp4", "data": "Zm94"}}]}]},
        {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"functionDeclarations": []}]},
        {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"googleSearch": {}}]},
        {"contents": [{"parts": [{"text": "x"}]}], "cachedContent": "cachedContents/1"},
        {"contents": [{"parts": [{"text": "x"}]}], "safetySettings": [{"category": "HARM_CATEGORY_IMAGE_HATE"}]},
    ],
)
def test_a_body_that_asks_for_nothing_possible_is_refused(google: httpx.Client, request_body: dict[str, Any]) -> None:
    answer = google.post(f"/v1beta/models/{FLASH_2_5}:generateContent", json=request_body)
    assert (answer.status_code, error(answer)["status"]) == (400, "INVALID_ARGUMENT")


def test_a_body_that_is_no_json_is_refused(google: httpx.Client) -> None:
    answer = google.post(f"/v1/models/{FLASH_2_5}:generateContent", content=b"{'contents'")
    assert error(answer)["message"].startswith("Invalid JSON payload received.")


def test_an_uploaded_file_is_unknown(google: httpx.Client) -> None:
    part = {"fileData": {"mimeType": "image/png", "fileUri": "https://example.org/v1beta/files/abc"}}
    refused = error(generate(google, {"contents": [{"parts": [part]}]}))
    assert refused["code"] == 403
    assert "File abc" in refused["message"]


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (NANO_BANANA, {"imageConfig": {"imageSize": "512"}}),
        (PRO, {"imageConfig": {"imageSize": "512"}}),
        (FLASH_3_1, {"imageConfig": {"imageSize": "2k"}}),
        (FLASH_3_1, {"imageConfig": {"imageSize": "8K"}}),
        (LITE, {"imageConfig": {"imageSize": "1K"}}),
        (LITE, {"imageConfig": {"imageSize": ""}}),
        (FLASH_2_5, {"imageConfig": {"imageSize": "1K"}}),
        (FLASH_2_5, {"imageConfig": {"aspectRatio": "1:4"}}),
        (PRO, {"imageConfig": {"aspectRatio": "8:1"}}),
        (NANO_BANANA, {"imageConfig": {"aspectRatio": "9:21"}}),
        (NANO_BANANA, {"seed": 1}),
        (NANO_BANANA, {"temperature": 1}),
        (NANO_BANANA, {"topP": 0.5}),
        (NANO_BANANA, {"topK": 4}),
        (NANO_BANANA, {"thinkingConfig": {"thinkingLevel": "LOW"}}),
        (FLASH_3_1, {"thinkingConfig": {"thinkingLevel": "MEDIUM"}}),
        (PRO, {"thinkingConfig": {"thinkingBudget": 100}}),
        (FLASH_2_5, {"thinkingConfig": {}}),
        (FLASH_2_5, {"candidateCount": 2}),
        (FLASH_2_5, {"responseModalities": ["AUDIO"]}),
        (FLASH_2_5, {"responseMimeType": "application/json"}),
        (FLASH_2_5, {"maxOutputTokens": 0}),
        (FLASH_2_5, {"maxOutputTokens": 32_769}),
    ],
)
def test_what_a_model_lacks_is_refused_and_not_billed(
    emulator: RunningServer, google: httpx.Client, model: str, settings: dict[str, Any]
) -> None:
    assert error(generate(google, body(**settings), model))["status"] == "INVALID_ARGUMENT"
    assert amounts(emulator) == []


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (FLASH_2_5, {"seed": 1, "temperature": 1, "topP": 0.9, "topK": 40}),
        (FLASH_3_1, {"seed": 1, "thinkingConfig": {"thinkingLevel": "HIGH"}}),
        (PRO, {"seed": 1, "thinkingConfig": {"includeThoughts": True}}),
        (LITE, {"seed": 1, "thinkingConfig": {"thinkingLevel": "minimal"}}),
        (NANO_BANANA, {"candidateCount": 1, "thinkingConfig": {"thinkingLevel": "MEDIUM"}}),
    ],
)
def test_what_a_model_has_is_accepted(google: httpx.Client, model: str, settings: dict[str, Any]) -> None:
    assert generate(google, body(**settings), model).status_code == 200


def test_too_many_input_pictures_are_refused(google: httpx.Client) -> None:
    assert generate(google, body("x", *[png(8, 8)] * 15), NANO_BANANA).status_code == 400


def test_too_long_a_prompt_is_refused(google: httpx.Client) -> None:
    refused = error(generate(google, body("word " * 30_000)))
    assert "exceeds the maximum number of tokens" in refused["message"]
