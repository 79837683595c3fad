"""Imagen's `predict` over raw HTTP by Google's pages, on the Gemini API's mount and on Vertex AI's.

The Gemini API's form is met by raw HTTP because the SDK of today (google-genai 3.4.0) no longer has it; its field names
are those that google-genai 2.15.0 sent, see `test_vertex_comparison`.
"""

import base64
from typing import Any

import httpx
import pytest

from providers.emulation.server import RunningServer
from tests.emulation.calls import FLASH_2_5, amounts, body, opened

STANDARD, ULTRA, FAST = "imagen-4.0-generate-001", "imagen-4.0-ultra-generate-001", "imagen-4.0-fast-generate-001"
PLACE = "/v1/projects/studio-1/locations/us-central1/publishers/google/models"
BY_KEY = {"x-goog-api-key": "test-key"}
BY_TOKEN = {"Authorization": "Bearer ya29.test-token"}


class Service:
    """One of the two ways to Imagen."""

    def __init__(self, base_url: str, models: str, headers: dict[str, str]) -> None:
        self.base_url, self.models, self.headers = base_url, models, headers

    def predict(self, model: str = STANDARD, prompt: str = "A red fox", **parameters: Any) -> httpx.Response:
        return self.post(model, {"instances": [{"prompt": prompt}], "parameters": parameters})

    def post(self, model: str, request: Any, method: str = "predict") -> httpx.Response:
        return httpx.post(f"{self.base_url}{self.models}/{model}:{method}", json=request, headers=self.headers)


@pytest.fixture
def gemini_api(emulator: RunningServer) -> Service:
    return Service(emulator.environment["GOOGLE_GEMINI_BASE_URL"], "/v1beta/models", BY_KEY)


@pytest.fixture
def vertex_ai(emulator: RunningServer) -> Service:
    return Service(emulator.environment["VERTEX_BASE_URL"], PLACE, BY_TOKEN)


@pytest.fixture(params=["gemini_api", "vertex_ai"])
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.getfixturevalue(request.param)
    return found


def sizes(answer: httpx.Response) -> list[tuple[int, int]]:
    pictures = [part["bytesBase64Encoded"] for part in answer.json()["predictions"] if "bytesBase64Encoded" in part]
    return [opened(base64.b64decode(picture)).size for picture in pictures]


def error(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == answer.json()["error"]["code"]
    refused: dict[str, Any] = answer.json()["error"]
    return refused


@pytest.mark.parametrize(
    ("model", "parameters", "size", "price"),
    [
        (STANDARD, {"sampleCount": 1}, (1024, 1024), "0.040000"),
        (STANDARD, {"sampleCount": 2, "sampleImageSize": "2K", "aspectRatio": "16:9"}, (2816, 1536), "0.080000"),
        (ULTRA, {"sampleCount": 1, "sampleImageSize": "1k", "aspectRatio": "3:4"}, (896, 1280), "0.060000"),
        (FAST, {"sampleCount": 3, "aspectRatio": "9:16"}, (768, 1408), "0.060000"),
        (FAST, {}, (1024, 1024), "0.080000"),
    ],
)
def test_pictures_have_googles_sizes_and_prices(
    emulator: RunningServer, service: Service, model: str, parameters: dict[str, Any], size: Any, price: str
) -> None:
    answer = service.predict(model, **parameters)
    assert sizes(answer) == [size] * parameters.get("sampleCount", 4)
    lines = emulator.exchange.invoice.as_json()["calls"]
    assert [(line["vendor"], line["model"], line["amount"]) for line in lines] == [("google-imagen", model, price)]


@pytest.mark.parametrize(
    "parameters",
    [
        {"sampleCount": 0}, {"sampleCount": 5}, {"sampleCount": "2"}, {"sampleCount": True}, {"sampleCount": 1.5},
        {"aspectRatio": "3:2"}, {"sampleImageSize": "4K"}, {"imageSize": "1K"}, {"sample_count": 1},
        {"personGeneration": "everybody"}, {"safetySetting": "OFF"}, {"outputOptions": {"mimeType": "image/webp"}},
        {"outputOptions": {"mimeType": "image/png", "quality": 5}}, {"outputOptions": {"compressionQuality": 101}},
        {"negativePrompt": "rain"},
    ],
)  # fmt: skip
def test_what_imagen_does_not_take_is_refused_and_free(
    emulator: RunningServer, service: Service, parameters: dict[str, Any]
) -> None:
    assert error(service.predict(**parameters))["status"] == "INVALID_ARGUMENT"
    assert amounts(emulator) == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"seed": 7, "addWatermark": False}, {"enhancePrompt": True}, {"enhancePrompt": False}, {"addWatermark": True},
        {"safetySetting": "BLOCK_NONE"}, {"personGeneration": "allow_all"}, {"storageUri": "gs://bucket"},
    ],
)  # fmt: skip
def test_what_only_vertex_takes_is_refused_by_the_gemini_api(
    gemini_api: Service, vertex_ai: Service, parameters: dict[str, Any]
) -> None:
    assert error(gemini_api.predict(**parameters))["code"] == 400
    assert vertex_ai.predict(**parameters).status_code == 200


@pytest.mark.parametrize(
    "request_body",
    [
        {"instances": []}, {"instances": [{}]}, {"instances": [{"prompt": ""}]}, {"instances": [{"prompt": 5}]},
        {"instances": [{"prompt": "x"}, {"prompt": "y"}]}, {"instances": [{"prompt": "x", "image": {}}]},
        {"instances": [{"prompt": "x"}], "parameters": []}, {"instances": [{"prompt": "x"}], "settings": {}},
        {"instances": [{"prompt": "word " * 600}]}, {}, [],
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(service: Service, request_body: Any) -> None:
    assert error(service.post(STANDARD, request_body))["status"] == "INVALID_ARGUMENT"


def test_the_fast_model_takes_no_size(service: Service) -> None:
    assert "sampleImageSize" in error(service.predict(FAST, sampleImageSize="1K"))["message"]


@pytest.mark.parametrize("model", ["imagen-3.0-generate-002", "imagen-9"])
def test_models_that_are_gone_are_not_found(service: Service, model: str) -> None:
    assert error(service.predict(model))["status"] == "NOT_FOUND"


def test_imagen_answers_to_predict_alone(service: Service) -> None:
    assert error(service.post(STANDARD, body(), "generateContent"))["status"] == "NOT_FOUND"


def test_gemini_answers_to_everything_but_predict(service: Service) -> None:
    request = {"instances": [{"prompt": "x"}], "parameters": {}}
    assert error(service.post(FLASH_2_5, request))["status"] == "NOT_FOUND"


def test_a_key_that_is_none_is_refused_as_for_gemini(gemini_api: Service) -> None:
    gemini_api.headers = {"x-goog-api-key": "an-invalid-key"}
    assert error(gemini_api.predict())["details"][0]["reason"] == "API_KEY_INVALID"
    gemini_api.headers = {}
    assert error(gemini_api.predict())["code"] == 403


# FAULTS


def post(control: httpx.Client, **fault: Any) -> None:
    assert control.post("/faults", json={"vendor": "google-imagen"} | fault).status_code == 201


def test_a_fault_of_imagens_waits_for_imagen(control: httpx.Client, google: httpx.Client, service: Service) -> None:
    post(control, status=503)
    assert google.post(f"/v1beta/models/{FLASH_2_5}:generateContent", json=body()).status_code == 200
    assert service.predict().status_code == 503


def test_withheld_pictures_have_a_reason_where_it_is_asked_for(
    emulator: RunningServer, control: httpx.Client, service: Service
) -> None:
    for partial, expected in ((2, [True, True, False]), (0, [False])):
        post(control, partial=partial)
        parts = service.predict(sampleCount=4, includeRaiReason=True).json()["predictions"]
        assert ["bytesBase64Encoded" in part for part in parts] == expected
        assert "You will not be charged for blocked images." in parts[-1]["raiFilteredReason"]
    post(control, filtered=True)
    assert service.predict(sampleCount=4).json() == {}
    assert amounts(emulator) == ["0.080000"]


def test_a_refused_prompt_is_a_400_and_free(emulator: RunningServer, control: httpx.Client, service: Service) -> None:
    post(control, filtered="prompt")
    assert "Responsible AI practices" in error(service.predict())["message"]
    assert amounts(emulator) == []


def test_vertex_tells_no_time_to_wait(control: httpx.Client, gemini_api: Service, vertex_ai: Service) -> None:
    for asked, has_details in ((gemini_api, True), (vertex_ai, False)):
        post(control, status=429)
        assert ("details" in error(asked.predict())) == has_details
