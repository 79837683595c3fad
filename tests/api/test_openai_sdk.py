"""OpenAI's official client, unchanged, against the running hub."""

import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pybase64
import pytest
from PIL import Image as PillowImage
from PIL import ImageChops

from cloudhub.billing.models import LedgerEntry
from cloudhub.catalog.register import register_model
from cloudhub.generations.models import Attempt, Generation
from providers.pictures import read_picture
from tests.conftest import RunningHub, key_of

# The client meets HTTP alone; what a database changes at this door is asked in test_openai_door and _stream.
pytestmark = pytest.mark.sqlite_only
BOX = (100, 100, 400, 400)


@pytest.fixture
def client_with(hub_server: RunningHub) -> Iterator[Callable[..., openai.OpenAI]]:
    """Makes clients, by default with Alice's key, and closes their connections so that the server can stop at once."""
    made: list[openai.OpenAI] = []

    def make(key: str = "", **options: Any) -> openai.OpenAI:
        key = key or key_of(hub_server.cast.alice)
        made.append(openai.OpenAI(base_url=f"{hub_server.url}/v1", api_key=key, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def test_it_generates_a_picture(client_with: Callable[..., openai.OpenAI]) -> None:
    result = client_with().images.generate(model="practice-1", prompt="a red fox", size="1024x1024", n=2)
    assert result.data is not None
    assert len(result.data) == 2
    picture = read_picture(pybase64.b64decode(result.data[0].b64_json or ""))
    assert f"{picture.width}x{picture.height}" == result.size == "1024x1024"
    assert result.output_format == "png"


def png(colour: Any, hole: Any = None, mode: str = "RGB") -> tuple[str, bytes]:
    """A named file of 512 pixels a side, as the client takes it."""
    picture = PillowImage.new(mode, (512, 512), colour)
    if hole is not None:
        picture.paste(hole, BOX)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "picture.png", buffer.getvalue()


def test_it_edits_a_picture_where_the_mask_is_see_through(client_with: Callable[..., openai.OpenAI]) -> None:
    mask = png((0, 0, 0, 255), (0, 0, 0, 0), "RGBA")
    result = client_with().images.edit(
        model="practice-1", prompt="a red fox", image=png("#00ff00"), mask=mask, extra_body={"resolution": "0.5K"}
    )
    assert result.data is not None
    edited = PillowImage.open(io.BytesIO(pybase64.b64decode(result.data[0].b64_json or ""))).convert("RGB")
    assert ImageChops.difference(edited, PillowImage.new("RGB", (512, 512), "#00ff00")).getbbox() == BOX


def test_it_edits_several_pictures_at_once(client_with: Callable[..., openai.OpenAI]) -> None:
    pictures = [png("#00ff00"), png("#0000ff")]
    result = client_with().images.edit(model="practice-1", prompt="both", image=pictures, n=2, size="1024x1024")
    assert result.data is not None
    assert (len(result.data), result.size) == (2, "1024x1024")
    assert len(Generation.objects.get().request["input_images"]) == 2


def test_it_streams_previews_and_the_picture(client_with: Callable[..., openai.OpenAI]) -> None:
    prompt = "#slow:2 a red fox"
    events = list(client_with().images.generate(model="practice-1", prompt=prompt, stream=True, partial_images=2))
    assert [event.type for event in events] == [*["image_generation.partial_image"] * 2, "image_generation.completed"]
    assert [getattr(event, "partial_image_index", None) for event in events] == [0, 1, None]
    picture = read_picture(pybase64.b64decode(events[-1].b64_json))
    assert f"{picture.width}x{picture.height}" == events[-1].size == "1024x1024"
    assert events[-1].model_extra["cloudhub"]["cost"] == "0.010000"


def test_an_edits_usage_tells_text_and_pictures_apart(
    vendors: object, client_with: Callable[..., openai.OpenAI]
) -> None:
    register_model(provider="openai", cloud_model_id="gpt-image-2.6-flare")
    wish: dict[str, Any] = {"model": "gpt-image-2.6-flare", "prompt": "at night", "image": png("teal")}
    plain = client_with().images.edit(**wish)
    last = list(client_with().images.edit(**wish, stream=True))[-1]
    for usage in (plain.usage, getattr(last, "usage", None)):
        details = usage.input_tokens_details if usage else None
        assert usage is not None
        assert details is not None
        assert min(details.image_tokens, details.text_tokens) > 0
        assert details.image_tokens + details.text_tokens == usage.input_tokens


def test_it_streams_an_edit(client_with: Callable[..., openai.OpenAI]) -> None:
    image = png("#00ff00")
    events = list(client_with().images.edit(model="practice-1", prompt="a fox", image=image, stream=True))
    assert [event.type for event in events] == ["image_edit.completed"]


def test_a_stream_that_is_refused_at_once_raises_its_error(client_with: Callable[..., openai.OpenAI]) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client_with().images.generate(model="practice-1", prompt="#refuse a fox", stream=True)
    assert raised.value.code == "refused_prompt"


def test_a_stream_that_fails_later_raises_its_error(client_with: Callable[..., openai.OpenAI]) -> None:
    wish = {"model": "practice-1", "prompt": "#slow:2 #lost a fox", "partial_images": 1}
    with client_with().images.generate(stream=True, **wish) as events:
        assert next(events).type == "image_generation.partial_image"
        with pytest.raises(openai.APIError) as raised:
            next(events)
    assert raised.value.code == "unknown_outcome"
    assert Attempt.objects.count() == 1


def test_a_client_that_leaves_a_stream_ends_nothing(client_with: Callable[..., openai.OpenAI]) -> None:
    wish = {"model": "practice-1", "prompt": "#slow:3 a fox", "partial_images": 1}
    with client_with().images.generate(stream=True, **wish) as events:
        next(events)
    last = time.monotonic() + 15
    while not Generation.objects.get().is_finished and time.monotonic() < last:
        time.sleep(0.05)
    assert Generation.objects.get().state == "succeeded"
    assert LedgerEntry.objects.filter(kind="settle").count() == 1


def test_too_many_pictures_are_its_bad_request(client_with: Callable[..., openai.OpenAI]) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client_with().images.edit(model="practice-1", prompt="all", image=[png("#00ff00")] * 5)
    assert (raised.value.code, raised.value.param) == ("capability", "image")


def test_it_sends_the_hubs_own_fields_and_reads_the_headers(client_with: Callable[..., openai.OpenAI]) -> None:
    extra = {"seed": 7, "aspect_ratio": "16:9", "resolution": "0.5K"}
    raw = client_with().images.with_raw_response.generate(model="practice-1", prompt="a fox", extra_body=extra)
    assert raw.headers["x-cloudhub-cost"] == "0.005000"
    assert raw.parse().size == "640x360"
    assert raw.request_id == raw.headers["x-request-id"]


def test_it_reads_a_url_without_a_key(client_with: Callable[..., openai.OpenAI]) -> None:
    result = client_with().images.generate(model="practice-1", prompt="a fox", response_format="url")
    assert result.data is not None
    answer = httpx.get(result.data[0].url or "")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


def test_it_lists_and_retrieves_models(client_with: Callable[..., openai.OpenAI]) -> None:
    client = client_with()
    assert [model.id for model in client.models.list()] == ["practice-1"]
    assert client.models.retrieve("practice-1").owned_by == "practice"


@pytest.mark.parametrize(
    ("wish", "error", "code"),
    [
        ({"prompt": "#refuse a fox"}, openai.BadRequestError, "refused_prompt"),
        ({"prompt": "a fox", "quality": "hd"}, openai.BadRequestError, "capability"),
        ({"prompt": "a fox", "model": "gpt-image-9"}, openai.NotFoundError, "model_not_found"),
        ({"prompt": "#busy:9 a fox"}, openai.RateLimitError, "rate_minute"),
        ({"prompt": "#lost a fox"}, openai.InternalServerError, "unknown_outcome"),
    ],
)
def test_it_raises_its_own_errors_with_our_code(
    client_with: Callable[..., openai.OpenAI], wish: dict[str, str], error: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(error) as raised:
        client_with().images.generate(**{"model": "practice-1", **wish})
    assert raised.value.code == code


def test_a_bad_key_is_its_authentication_error(client_with: Callable[..., openai.OpenAI]) -> None:
    with pytest.raises(openai.AuthenticationError):
        client_with("chk_wrong").models.list()


def test_a_lost_answer_is_paid_once_though_it_repeats_by_default(client_with: Callable[..., openai.OpenAI]) -> None:
    with pytest.raises(openai.InternalServerError):
        client_with().images.generate(model="practice-1", prompt="#lost a fox")
    assert Attempt.objects.count() == 1
    assert LedgerEntry.objects.count() == 1


def test_a_client_that_gave_up_waiting_joins_its_own_call(client_with: Callable[..., openai.OpenAI]) -> None:
    impatient = client_with(timeout=1.0, max_retries=5)
    result = impatient.images.generate(model="practice-1", prompt="#slow:3 a fox")
    assert result.data is not None
    assert Generation.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="settle").count() == 1
