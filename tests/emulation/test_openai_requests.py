"""The emulated OpenAI API reads requests as strictly as OpenAI's reference has them, and charges what it reports."""

import base64
from typing import Any

import httpx
import pytest

from providers.emulation.server import RunningServer
from tests.emulation.calls import amounts, opened, png
from tests.emulation.openai_calls import DALL_E, FIRST, LATE, NEWEST, SECOND, edit, first_picture, see_through, wish

GENERATIONS = "/images/generations"


def error(answer: httpx.Response) -> tuple[int, str | None, str | None]:
    told = answer.json()["error"]
    assert set(told) >= {"message", "type", "param", "code"}
    return answer.status_code, told["code"], told["param"]


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"seed": 7}, "unknown_parameter", "seed"),
        ({"negative_prompt": "blur"}, "unknown_parameter", "negative_prompt"),
        ({"input_fidelity": "high"}, "unknown_parameter", "input_fidelity"),
        ({"prompt": ""}, "missing_required_parameter", "prompt"),
        ({"prompt": 5}, "invalid_type", "prompt"),
        ({"prompt": "x" * 32_001}, "string_above_max_length", "prompt"),
        ({"model": None}, "missing_required_parameter", "model"),
        ({"n": 0}, "integer_below_min_value", "n"),
        ({"n": "1"}, "invalid_type", "n"),
        ({"n": True}, "invalid_type", "n"),
        ({"partial_images": 4, "stream": True}, "integer_above_max_value", "partial_images"),
        ({"partial_images": 1}, "invalid_value", "partial_images"),
        ({"stream": "true"}, "invalid_type", "stream"),
        ({"stream": True, "n": 2}, "invalid_value", "n"),
        ({"output_compression": 50}, "invalid_value", "output_compression"),
        ({"moderation": "off"}, "invalid_value", "moderation"),
        ({"complexity": "max"}, "invalid_value", "complexity"),
        ({"size": "1024"}, "invalid_value", "size"),
        ({"size": "640x480"}, "invalid_value", "size"),
        ({"size": "3856x2144"}, "invalid_value", "size"),
        ({"size": "3072x1008"}, "invalid_value", "size"),
        ({"size": "1000x1000"}, "invalid_value", "size"),
        ({"model": SECOND, "quality": "xhigh"}, "invalid_value", "quality"),
        ({"model": SECOND, "complexity": "low"}, "unknown_parameter", "complexity"),
        ({"model": FIRST, "size": "1536x864"}, "invalid_value", "size"),
        ({"model": DALL_E, "quality": "standard", "n": 2}, "integer_above_max_value", "n"),
        ({"model": DALL_E, "quality": "high"}, "invalid_value", "quality"),
        ({"model": DALL_E, "quality": "hd", "background": "opaque"}, "unknown_parameter", "background"),
    ],
)
def test_what_the_reference_does_not_have_is_refused_without_a_charge(
    emulator: RunningServer, openai: httpx.Client, fields: dict[str, Any], code: str, param: str
) -> None:
    assert error(openai.post(GENERATIONS, json=wish(**fields))) == (400, code, param)
    assert amounts(emulator) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(openai: httpx.Client, body: bytes) -> None:
    answer = openai.post(GENERATIONS, content=body, headers={"content-type": "application/json"})
    assert error(answer)[0] == 400


def test_other_addresses_and_methods_are_not_there(openai: httpx.Client) -> None:
    assert error(openai.get(GENERATIONS))[0] == 404
    assert error(openai.post("/images/variations", json={}))[0] == 404
    assert error(openai.get("/models/dall-e-3")) == (404, "model_not_found", "model")


@pytest.mark.parametrize("headers", [{"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Basic x"}])
def test_without_a_key_nothing_is_told(openai: httpx.Client, headers: dict[str, str]) -> None:
    answer = openai.get("/models", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="OpenAI API"'
    assert "openai-organization" not in answer.headers


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        # Prices of one picture as OpenAI's pages have them, with 14 text tokens at $5 a million.
        ({"model": FIRST, "quality": "high"}, 4160 * 40 + 14 * 5),
        ({"model": FIRST, "quality": "low", "size": "1024x1536"}, 408 * 40 + 14 * 5),
        ({"model": LATE, "quality": "medium"}, 1056 * 32 + 40 * 10 + 14 * 5),
        ({"model": "gpt-image-1-mini", "quality": "medium"}, 1056 * 8 + 14 * 2),
        ({"model": SECOND, "quality": "high"}, 7024 * 30 + 14 * 5),
        ({"model": SECOND, "quality": "medium", "size": "1536x1024"}, 1372 * 30 + 14 * 5),
        ({"model": "gpt-image-2.5-flare", "quality": "high"}, 1756 * 30 + 14 * 5),
        ({"model": "gpt-image-2.5-flare", "quality": "max", "size": "2880x2880"}, 23719 * 30 + 14 * 5),
        ({"model": NEWEST, "quality": "low", "size": "1536x1024"}, 664 * 30 + 14 * 5),
        ({"model": NEWEST, "quality": "high", "n": 3}, 3 * (1756 * 30 + 14 * 5)),
        ({"model": DALL_E, "quality": "hd", "size": "1024x1792"}, 120_000),
        ({"model": DALL_E, "quality": "standard"}, 40_000),
    ],
)
def test_each_picture_costs_its_published_price(
    emulator: RunningServer, openai: httpx.Client, fields: dict[str, Any], amount: int
) -> None:
    assert openai.post(GENERATIONS, json=wish(**fields)).status_code == 200
    assert amounts(emulator) == [f"{amount / 1_000_000:.6f}"]


def test_reference_pictures_cost_as_recorded(emulator: RunningServer, openai: httpx.Client) -> None:
    usage = edit(openai, png(1024, 1024), model=FIRST).json()["usage"]
    assert usage["input_tokens_details"]["image_tokens"] == 194
    usage = edit(openai, png(1024, 1024), png(1024, 1024), model=SECOND).json()["usage"]
    assert usage["input_tokens_details"]["image_tokens"] == 2 * 1024
    assert len(amounts(emulator)) == 2


def test_a_mask_keeps_what_is_opaque(openai: httpx.Client) -> None:
    picture = first_picture(edit(openai, png(64, 64, "red"), mask=see_through()))
    assert picture.getpixel((10, 10)) == (255, 0, 0)
    assert picture.getpixel((1000, 10)) != (255, 0, 0)


@pytest.mark.parametrize(
    ("pictures", "mask", "param"),
    [
        ((), None, "image"),
        ((png(),) * 17, None, "image"),
        ((b"no picture",), None, "image"),
        ((png(),), png(), "mask"),
        ((png(80, 80),), see_through(), "mask"),
    ],
)
def test_wrong_files_are_refused_without_a_charge(
    emulator: RunningServer, openai: httpx.Client, pictures: tuple[bytes, ...], mask: bytes | None, param: str
) -> None:
    answer = edit(openai, *pictures, mask=mask) if pictures else openai.post(
        "/images/edits", files=[("prompt", (None, b"a fox")), ("model", (None, NEWEST.encode()))]
    )  # fmt: skip
    status, _, named = error(answer)
    assert (status, named) == (400, param)
    assert amounts(emulator) == []


@pytest.mark.parametrize("field", ["moderation", "markup", "seed", "response_format"])
def test_a_form_takes_only_the_fields_of_an_edit(openai: httpx.Client, field: str) -> None:
    assert error(edit(openai, png(), **{field: "auto"})) == (400, "unknown_parameter", field)


def test_an_edit_may_be_json(openai: httpx.Client) -> None:
    uri = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    images = [{"image_url": uri}]
    answer = openai.post("/images/edits", json=wish(images=images, moderation="low"))
    assert first_picture(answer).size == (1024, 1024)
    for wrong in ([{"image_url": uri, "file_id": "f"}], [{"file_id": "f"}], [{"image_url": "https://x.example/a.png"}]):
        assert error(openai.post("/images/edits", json=wish(images=wrong))) == (400, "invalid_value", "images[0]")


def test_a_mask_by_json_is_read_too(openai: httpx.Client) -> None:
    uris = [f"data:image/png;base64,{base64.b64encode(data).decode()}" for data in (png(), see_through())]
    answer = openai.post("/images/edits", json=wish(images=[{"image_url": uris[0]}], mask={"image_url": uris[1]}))
    assert first_picture(answer).getpixel((10, 10)) == (255, 0, 0)


def test_a_picture_at_an_address_is_open_without_a_key_and_others_are_not(openai: httpx.Client) -> None:
    answer = openai.post(GENERATIONS, json=wish(DALL_E, quality="standard"))
    url = answer.json()["data"][0]["url"]
    assert opened(httpx.get(url).content).size == (1024, 1024)
    assert httpx.get(url.replace("img-", "img-x")).status_code == 403


def test_every_picture_is_another(openai: httpx.Client) -> None:
    items = openai.post(GENERATIONS, json=wish(n=3)).json()["data"]
    assert len({item["b64_json"] for item in items}) == 3


@pytest.mark.parametrize(
    ("fault", "delivered", "factor"), [({"partial": 1}, 1, 1), ({"partial": 0}, 0, 1), ({"wrong_cost": "2"}, 2, 2)]
)
def test_faults_change_what_comes_what_is_reported_and_what_is_charged_alike(
    emulator: RunningServer, control: httpx.Client, openai: httpx.Client, fault: dict[str, Any], delivered: int,
    factor: int,
) -> None:  # fmt: skip
    control.post("/faults", json={"vendor": "openai", **fault})
    answer = openai.post(GENERATIONS, json=wish(n=2, quality="high")).json()
    assert len(answer["data"]) == delivered
    assert answer["usage"]["output_tokens"] == factor * delivered * 1756
    text = answer["usage"]["input_tokens"]
    assert text == factor * 2 * 14
    assert amounts(emulator) == [f"{(factor * delivered * 1756 * 30 + text * 5) / 1_000_000:.6f}"]
