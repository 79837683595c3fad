"""The emulator's answers and our requests keep to OpenAI's own published OpenAPI document.

`openai_schemas.json` holds the schemas of images, models and errors from it. The document of August 2026 knows neither
the models of September and November nor their sizes and qualities, `safety_identifier` and `shutdown_date`: those are
held against the SDK's types, and checked here with an older model.
"""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from providers.emulation.server import RunningServer
from providers.openai.emulator.fields import DALL_E_FIELDS, FORM_FIELDS, GENERATE_FIELDS
from providers.openai.tests.answers import DALL_E as OUR_DALL_E
from providers.openai.tests.answers import LATE as OUR_LATE
from providers.openai.tests.answers import entry, reference
from providers.openai.tests.answers import wish as our_wish
from providers.openai.wire import to_body, to_form
from tests.emulation.calls import png
from tests.emulation.openai_calls import DALL_E, LATE, SECOND, edit, wish

SCHEMAS = json.loads(Path(__file__).with_name("openai_schemas.json").read_text("utf-8"))["schemas"]
AFTER_THE_DOCUMENT = {"safety_identifier", "complexity"}


def check(name: str, document: Any, *, later: tuple[str, ...] = ()) -> None:
    """Types, required fields and values by the schema; and no field that it does not have, but those of `later`."""
    schema = SCHEMAS[name]
    errors = [f"{list(error.path)}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]
    assert errors == []
    assert set(document) - set(schema["properties"]) - set(later) == set()


def events(answer: httpx.Response) -> list[tuple[str, Any]]:
    frames = answer.text.strip().split("\n\n")
    pairs = (frame.split("\n") for frame in frames)
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pairs]


@pytest.mark.parametrize("model", [LATE, SECOND])
@pytest.mark.parametrize("quality", ["low", "medium", "high", "auto"])
def test_a_picture_is_an_images_response(openai: httpx.Client, model: str, quality: str) -> None:
    answer = openai.post("/images/generations", json=wish(model, quality=quality, n=2, size="1536x1024"))
    check("ImagesResponse", answer.json())
    assert set(answer.json()["data"][0]) == {"b64_json"}
    check("ImagesResponse", edit(openai, png(), model=model, quality=quality).json())


@pytest.mark.parametrize("form", ["url", "b64_json"])
def test_a_picture_of_dall_e_3_is_an_images_response(openai: httpx.Client, form: str) -> None:
    answer = openai.post("/images/generations", json=wish(DALL_E, quality="hd", response_format=form))
    check("ImagesResponse", answer.json())
    assert set(answer.json()["data"][0]) == {form, "revised_prompt"}


def test_the_events_of_a_stream_are_the_documented_ones(openai: httpx.Client) -> None:
    told = events(openai.post("/images/generations", json=wish(LATE, stream=True, partial_images=2)))
    told += events(edit(openai, png(), model=LATE, stream="true", partial_images="1"))
    names = {
        "image_generation.partial_image": "ImageGenPartialImageEvent",
        "image_generation.completed": "ImageGenCompletedEvent",
        "image_edit.partial_image": "ImageEditPartialImageEvent",
        "image_edit.completed": "ImageEditCompletedEvent",
    }
    assert [name for name, _ in told] == [list(names)[0]] * 2 + list(names)[1:]
    for name, event in told:
        check(names[name], event)
        assert event["type"] == name


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_errors_have_the_documented_envelope(openai: httpx.Client, control: httpx.Client, status: int) -> None:
    control.post("/faults", json={"vendor": "openai", "status": status})
    answer = openai.post("/images/generations", json=wish())
    assert answer.status_code == status
    check("ErrorResponse", answer.json())


def test_models_are_the_documented_objects(openai: httpx.Client) -> None:
    listed = openai.get("/models").json()
    check("ListModelsResponse", listed)
    for model in listed["data"]:
        check("Model", model, later=("shutdown_date",))


def test_the_emulator_takes_no_field_that_the_document_does_not_have() -> None:
    assert (GENERATE_FIELDS | DALL_E_FIELDS) - set(SCHEMAS["CreateImageRequest"]["properties"]) <= AFTER_THE_DOCUMENT
    own = {"image[]"}
    assert FORM_FIELDS - set(SCHEMAS["CreateImageEditRequest"]["properties"]) - own <= AFTER_THE_DOCUMENT


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"quality": "high", "background": "transparent", "output_format": "webp", "aspect_ratio": "3:2",
         "options": {"output_compression": 50, "moderation": "low", "partial_images": 3}},
    ],
)  # fmt: skip
def test_our_generations_are_documented_requests(emulator: RunningServer, fields: dict[str, Any]) -> None:
    check("CreateImageRequest", to_body(our_wish(OUR_LATE, **fields), entry(OUR_LATE)))
    dall_e = our_wish(OUR_DALL_E, style="vivid", quality="hd", aspect_ratio="16:9")
    check("CreateImageRequest", to_body(dall_e, entry(OUR_DALL_E)))


def test_our_edits_have_documented_parts() -> None:
    request = our_wish(OUR_LATE, input_images=(reference(),) * 2, mask=reference(), options={"stream": True})
    fields, files = to_form(request, entry(OUR_LATE))
    names = set(fields) | {name.removesuffix("[]") for name, _ in files}
    assert names <= set(SCHEMAS["CreateImageEditRequest"]["properties"])
    assert set(SCHEMAS["CreateImageEditRequest"]["required"]) <= names
