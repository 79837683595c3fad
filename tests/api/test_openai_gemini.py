"""The OpenAI-compatible door in front of Gemini, through the emulator: pictures, tokens and the vendor's errors."""

import io
from typing import Any

import httpx
import pybase64
import pytest
from PIL import Image as PillowImage

from cloudhub.generations.models import Attempt
from tests.api.caller import Caller

pytestmark = pytest.mark.sqlite_only

PATH = "/v1/images/generations"
MODEL = "gemini-3.1-flash-image"


@pytest.fixture
def program(waiting: Caller, gemini: Any) -> Caller:
    body = {"provider": "google-gemini", "cloud_model_id": MODEL}
    assert waiting.post("/api/v1/cloud_models", body).status_code == 201
    return waiting


def fault(gemini: Any, **fields: Any) -> None:
    httpx.post(f"{gemini.url}/faults", json=fields).raise_for_status()


def test_a_model_priced_by_tokens_tells_its_tokens(program: Caller) -> None:
    answer = program.post(PATH, {"model": MODEL, "prompt": "a red fox", "n": 2})
    usage = answer.json()["usage"]
    assert len(answer.json()["data"]) == 2
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert sum(usage["output_tokens_details"].values()) == usage["output_tokens"]
    assert usage["output_tokens_details"]["image_tokens"] > 0
    assert usage["input_tokens_details"] == {"image_tokens": 0, "text_tokens": usage["input_tokens"]}


def test_the_cost_header_and_the_vendors_invoice_agree(program: Caller, gemini: Any) -> None:
    answer = program.post(PATH, {"model": MODEL, "prompt": "a red fox"})
    (line,) = httpx.get(f"{gemini.url}/invoice").json()["calls"]
    assert (answer["X-CloudHub-Cost"], answer["X-CloudHub-Currency"]) == (line["amount"], line["currency"])


@pytest.mark.parametrize(
    ("broken", "status", "code", "calls"),
    [
        ({"filtered": True}, 400, "refused_output", 1),
        ({"status": 403}, 503, "permission_region", 1),
        ({"status": 404}, 400, "model_retired", 1),
        ({"drop": "after_work"}, 502, "unknown_outcome", 1),
        ({"status": 500}, 502, "unknown_outcome", 1),
        ({"status": 400}, 400, "capability", 1),
    ],
)
def test_a_vendors_fault_has_its_status_and_one_call(
    program: Caller, gemini: Any, broken: dict[str, Any], status: int, code: str, calls: int
) -> None:
    fault(gemini, **broken)
    answer = program.post(PATH, {"model": MODEL, "prompt": "a red fox"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer["x-should-retry"] == "false"
    assert Attempt.objects.count() == calls


def test_an_invalid_key_of_the_hub_is_503_and_is_not_shown(program: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "an-invalid-key-0123456789")
    answer = program.post(PATH, {"model": MODEL, "prompt": "a red fox"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "key_invalid")
    assert "an-invalid-key" not in answer.content.decode()


def test_an_edit_sends_the_picture_to_gemini_and_is_billed_as_its_invoice_says(program: Caller, gemini: Any) -> None:
    buffer = io.BytesIO()
    PillowImage.new("RGB", (300, 200), "teal").save(buffer, "PNG")
    image = f"data:image/png;base64,{pybase64.b64encode_as_string(buffer.getvalue())}"
    wish = {"model": MODEL, "prompt": "the same at night", "images": [{"image_url": image}]}
    answer = program.post("/v1/images/edits", wish)
    (line,) = httpx.get(f"{gemini.url}/invoice").json()["calls"]
    assert answer.status_code == 200, answer.content
    assert (answer["X-CloudHub-Cost"], answer["X-CloudHub-Currency"]) == (line["amount"], line["currency"])
    assert "input_tokens_details" not in answer.json()["usage"]


def test_a_mask_is_refused_by_name_where_the_model_has_none(program: Caller, gemini: Any, png: bytes) -> None:
    image = f"data:image/png;base64,{pybase64.b64encode_as_string(png)}"
    answer = program.post("/v1/images/edits", {"model": MODEL, "prompt": "x", "images": [image], "mask": image})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "mask")
    assert httpx.get(f"{gemini.url}/invoice").json()["calls"] == []
