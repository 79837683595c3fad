"""OpenAI's official SDK works unchanged against the emulator: pictures, edits, streams, models, errors, its retries."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx
import openai as sdk_module
import pytest
from openai import OpenAI
from PIL import Image

from providers.emulation.server import RunningServer
from tests.emulation.calls import amounts, opened, png
from tests.emulation.openai_calls import ALL, DALL_E, FIRST, LATE, NEWEST, PROMPT, SECOND, see_through


@pytest.fixture(scope="module")
def sdk_connections(served: RunningServer) -> Iterator[OpenAI]:
    with OpenAI(api_key="sk-test-key", base_url=served.environment["OPENAI_BASE_URL"]) as client:
        yield client


@pytest.fixture
def sdk(emulator: RunningServer, sdk_connections: OpenAI) -> OpenAI:
    return sdk_connections


def picture_of(answer: Any) -> Image.Image:
    return opened(base64.b64decode(answer.data[0].b64_json))


@pytest.mark.parametrize("model", ALL)
def test_the_sdk_makes_a_picture(sdk: OpenAI, model: str) -> None:
    answer = sdk.images.generate(model=model, prompt=PROMPT, size="1536x1024", quality="low")
    assert picture_of(answer).size == (1536, 1024)
    assert (answer.size, answer.quality, answer.output_format, answer.background) == (
        "1536x1024", "low", "png", "opaque",
    )  # fmt: skip


def test_the_sdk_reads_usage_and_the_request_id_of_the_invoice(emulator: RunningServer, sdk: OpenAI) -> None:
    answer = sdk.images.generate(model=FIRST, prompt="An isolated stop sign.")
    usage = answer.usage
    # As recorded on 2026-06-09.
    assert (usage.input_tokens, usage.input_tokens_details.text_tokens, usage.output_tokens) == (11, 11, 6240)
    assert usage.output_tokens_details.image_tokens == 6240
    assert (answer.size, answer.quality) == ("1024x1536", "high")
    assert emulator.exchange.invoice.as_json()["calls"][0]["request_id"] == answer._request_id


def test_the_sdk_asks_for_everything_at_once(sdk: OpenAI) -> None:
    answer = sdk.images.generate(
        model=NEWEST, prompt=PROMPT, n=2, size="1536x864", quality="max", background="transparent",
        output_format="webp", output_compression=60, moderation="low", complexity="low", safety_identifier="a1b2",
    )  # fmt: skip
    assert len(answer.data) == 2
    picture = picture_of(answer)
    assert (picture.format, picture.size, picture.mode) == ("WEBP", (1536, 864), "RGBA")
    assert (answer.background, answer.safety_identifier) == ("transparent", "a1b2")


def test_the_sdk_edits_several_pictures(sdk: OpenAI) -> None:
    pictures = [("a.png", png(80, 60), "image/png"), ("b.png", png(40, 40, "blue"), "image/png")]
    answer = sdk.images.edit(model=LATE, prompt=PROMPT, image=pictures, size="1024x1024", quality="medium")
    assert picture_of(answer).size == (1024, 1024)
    assert answer.usage.input_tokens_details.image_tokens == 2 * 194


def test_the_sdk_edits_one_open_file_where_the_mask_is_see_through(sdk: OpenAI) -> None:
    file = io.BytesIO(png(64, 64, "red"))
    file.name = "fox.png"
    answer = sdk.images.edit(
        model=SECOND, prompt=PROMPT, image=file, mask=("mask.png", see_through(), "image/png"), size="1024x1024",
        quality="low",
    )  # fmt: skip
    picture = picture_of(answer)
    assert picture.getpixel((100, 500)) == (255, 0, 0)
    assert picture.getpixel((1000, 500)) != (255, 0, 0)


def test_the_sdk_streams_unfinished_pictures_and_the_final_one(emulator: RunningServer, sdk: OpenAI) -> None:
    stream = sdk.images.generate(
        model=NEWEST, prompt=PROMPT, size="1024x1024", quality="high", stream=True, partial_images=2
    )
    events = list(stream)
    assert [event.type for event in events] == [
        "image_generation.partial_image", "image_generation.partial_image", "image_generation.completed",
    ]  # fmt: skip
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert opened(base64.b64decode(events[-1].b64_json)).size == (1024, 1024)
    assert events[-1].usage.output_tokens == 1756 + 2 * 100
    assert amounts(emulator) == [f"{(1956 * 30 + events[-1].usage.input_tokens * 5) / 1_000_000:.6f}"]


def test_the_sdk_streams_an_edit(sdk: OpenAI) -> None:
    with sdk.images.edit(
        model=NEWEST, prompt=PROMPT, image=("a.png", png(), "image/png"), size="1024x1024", quality="low", stream=True
    ) as stream:
        assert [event.type for event in stream] == ["image_edit.completed"]


@pytest.mark.parametrize("form", ["b64_json", "url"])
def test_the_sdk_gets_a_revised_prompt_from_dall_e_3(sdk: OpenAI, form: str) -> None:
    answer = sdk.images.generate(
        model=DALL_E, prompt=PROMPT, quality="hd", style="natural", size="1792x1024", response_format=form
    )
    assert PROMPT in answer.data[0].revised_prompt
    data = base64.b64decode(answer.data[0].b64_json) if form == "b64_json" else httpx.get(answer.data[0].url).content
    assert opened(data).size == (1792, 1024)
    assert answer.usage is None


def test_the_sdk_lists_models_with_their_ends(sdk: OpenAI) -> None:
    ends = {model.id: model.shutdown_date for model in sdk.models.list()}
    assert ends["gpt-image-1.5"] == "2026-12-01"
    assert ends["gpt-image-2"] is None
    assert DALL_E not in ends
    assert sdk.models.retrieve("gpt-image-1-mini").shutdown_date == "2026-12-01"


def test_the_sdk_raises_not_found_for_a_model_that_is_not(emulator: RunningServer, sdk: OpenAI) -> None:
    for ask in (
        lambda: sdk.models.retrieve("gpt-image-9"),
        lambda: sdk.images.generate(model="gpt-image-9", prompt=PROMPT),
    ):
        with pytest.raises(sdk_module.NotFoundError) as raised:
            ask()
        assert (raised.value.code, raised.value.param) == ("model_not_found", "model")
    assert amounts(emulator) == []


def test_the_sdk_raises_for_a_wrong_key_whose_message_repeats_it(emulator: RunningServer) -> None:
    with (
        OpenAI(api_key="sk-an-invalid-key-of-some-length", base_url=emulator.environment["OPENAI_BASE_URL"]) as client,
        pytest.raises(sdk_module.AuthenticationError, match=r"sk-an-in\*+ngth") as raised,
    ):
        client.images.generate(model=NEWEST, prompt=PROMPT)
    assert raised.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"response_format": "b64_json"}, "unknown_parameter", "response_format"),
        ({"style": "vivid"}, "unknown_parameter", "style"),
        ({"size": "1920x1080"}, "invalid_value", "size"),
        ({"quality": "hd"}, "invalid_value", "quality"),
        ({"background": "transparent", "output_format": "jpeg"}, "invalid_value", "background"),
        ({"n": 11}, "integer_above_max_value", "n"),
        ({"output_format": "svg"}, "invalid_value", "output_format"),
    ],
)
def test_the_sdk_raises_for_what_the_model_refuses(
    emulator: RunningServer, sdk: OpenAI, fields: dict[str, Any], code: str, param: str
) -> None:
    with pytest.raises(sdk_module.BadRequestError) as raised:
        sdk.images.generate(**{"model": NEWEST, "prompt": PROMPT, "size": "1024x1024", "quality": "low"} | fields)
    assert (raised.value.code, raised.value.param) == (code, param)
    assert amounts(emulator) == []


@pytest.mark.parametrize(("filtered", "stage", "calls"), [("prompt", "input", 0), (True, "output", 1)])
def test_the_sdk_sees_what_the_safety_system_blocks(
    control: httpx.Client, emulator: RunningServer, sdk: OpenAI, filtered: Any, stage: str, calls: int
) -> None:
    control.post("/faults", json={"vendor": "openai", "filtered": filtered})
    with pytest.raises(sdk_module.BadRequestError, match="safety system") as raised:
        sdk.images.generate(model=NEWEST, prompt=PROMPT)
    assert raised.value.code == "moderation_blocked"
    assert raised.value.body["moderation_details"]["moderation_stage"] == stage
    assert len(amounts(emulator)) == calls


def test_the_sdk_raises_for_an_error_inside_the_stream(control: httpx.Client, sdk: OpenAI) -> None:
    control.post("/faults", json={"vendor": "openai", "filtered": True})
    stream = sdk.images.generate(model=NEWEST, prompt=PROMPT, stream=True, partial_images=1)
    with pytest.raises(sdk_module.APIError, match="safety system"):
        list(stream)


@pytest.mark.parametrize("status", [429, 503, 500])
def test_the_sdk_tries_again_by_itself(
    control: httpx.Client, emulator: RunningServer, sdk: OpenAI, status: int
) -> None:  # fmt: skip
    control.post("/faults", json={"vendor": "openai", "status": status, "times": 2})
    assert sdk.images.generate(model=NEWEST, prompt=PROMPT, size="1024x1024", quality="low").data
    assert len(amounts(emulator)) == 1


def test_the_sdk_pays_twice_when_an_answer_is_lost(
    control: httpx.Client, emulator: RunningServer, sdk: OpenAI
) -> None:  # fmt: skip
    """Why the hub never repeats a call whose outcome is unknown."""
    control.post("/faults", json={"vendor": "openai", "drop": "after_work"})
    assert sdk.images.generate(model=NEWEST, prompt=PROMPT, size="1024x1024", quality="low").data
    assert len(amounts(emulator)) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, sdk_module.BadRequestError), (401, sdk_module.AuthenticationError),
        (403, sdk_module.PermissionDeniedError), (404, sdk_module.NotFoundError),
        (429, sdk_module.RateLimitError), (500, sdk_module.InternalServerError),
        (524, sdk_module.InternalServerError),
    ],
)  # fmt: skip
def test_the_sdk_raises_for_faults(
    control: httpx.Client, sdk: OpenAI, status: int, kind: type[sdk_module.APIStatusError]
) -> None:
    control.post("/faults", json={"vendor": "openai", "status": status})
    with pytest.raises(kind) as raised:
        sdk.with_options(max_retries=0).images.generate(model=NEWEST, prompt=PROMPT)
    assert raised.value.status_code == status
