"""The emulated compatible servers: OpenAI's official SDK works against them, and each has the habits of its kind."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import openai as sdk_module
import pytest
from openai import OpenAI

from providers.emulation.server import RunningServer
from tests.emulation.calls import amounts, opened, png

GATEWAY, LOCALAI, SD_CPP, VLLM, STRICT = "gateway/flux", "stablediffusion", "sd-cpp-local", "qwen-image", "strict-image"
PROMPT = "A red fox"


@pytest.fixture(scope="module")
def connections(served: RunningServer) -> Iterator[OpenAI]:
    address = served.environment["OPENAI_COMPATIBLE_BASE_URL"]
    with OpenAI(api_key="test-key", base_url=address, max_retries=0) as client:
        yield client


@pytest.fixture
def sdk(emulator: RunningServer, connections: OpenAI) -> OpenAI:
    return connections


def test_the_sdk_lists_the_models(sdk: OpenAI) -> None:
    assert [model.id for model in sdk.models.list()] == [GATEWAY, LOCALAI, SD_CPP, VLLM, STRICT]


@pytest.mark.parametrize("model", [GATEWAY, LOCALAI, SD_CPP, VLLM])
def test_the_sdk_makes_pictures_as_base64(sdk: OpenAI, model: str) -> None:
    answer = sdk.images.generate(model=model, prompt=PROMPT, size="640x480", n=2, response_format="b64_json")
    assert [opened(base64.b64decode(item.b64_json)).size for item in answer.data] == [(640, 480)] * 2


@pytest.mark.parametrize("model", [GATEWAY, LOCALAI])
def test_some_servers_give_addresses_unless_asked(sdk: OpenAI, model: str) -> None:
    (item,) = sdk.images.generate(model=model, prompt=PROMPT, size="256x256").data
    assert item.b64_json is None
    assert opened(httpx.get(item.url).content).size == (256, 256)


@pytest.mark.parametrize(("model", "form"), [(VLLM, "url"), (SD_CPP, "url"), (STRICT, "b64_json")])
def test_some_servers_refuse_a_form_of_answer(sdk: OpenAI, model: str, form: Any) -> None:
    with pytest.raises(sdk_module.BadRequestError, match="response_format"):
        sdk.images.generate(model=model, prompt=PROMPT, response_format=form)


@pytest.mark.parametrize(("model", "takes"), [(VLLM, True), (STRICT, True), (GATEWAY, False), (SD_CPP, False)])
def test_a_seed_is_taken_by_some(sdk: OpenAI, model: str, takes: bool) -> None:
    if takes:
        assert sdk.images.generate(model=model, prompt=PROMPT, extra_body={"seed": 7}).data
        return
    with pytest.raises(sdk_module.BadRequestError, match="seed"):
        sdk.images.generate(model=model, prompt=PROMPT, extra_body={"seed": 7})


def test_the_sdk_edits_several_pictures(sdk: OpenAI) -> None:
    pictures = [("a.png", png(), "image/png"), ("b.png", png(), "image/png")]
    answer = sdk.images.edit(model=SD_CPP, prompt=PROMPT, image=pictures, mask=pictures[0], size="512x512")
    assert opened(base64.b64decode(answer.data[0].b64_json)).size == (512, 512)
    with pytest.raises(sdk_module.NotFoundError):
        sdk.images.edit(model=LOCALAI, prompt=PROMPT, image=pictures[0])


def test_only_the_gateway_charges(emulator: RunningServer, sdk: OpenAI) -> None:
    for model in (GATEWAY, LOCALAI, SD_CPP, VLLM, STRICT):
        sdk.images.generate(model=model, prompt=PROMPT, n=3)
    assert amounts(emulator) == ["0.060000"]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"model": "nothing"}, sdk_module.NotFoundError),
        ({"n": 11}, sdk_module.BadRequestError),
        ({"prompt": ""}, sdk_module.UnprocessableEntityError),
        ({"extra_headers": {"Authorization": "Bearer invalid"}}, sdk_module.AuthenticationError),
    ],
)
def test_the_sdk_raises_for_what_the_server_refuses(
    emulator: RunningServer, sdk: OpenAI, fields: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        sdk.images.generate(**{"model": GATEWAY, "prompt": PROMPT} | fields)
    assert amounts(emulator) == []


@pytest.mark.parametrize(
    ("fault", "delivered", "charged"),
    [({"filtered": True}, 0, ["0.040000"]), ({"partial": 1}, 1, ["0.020000"]), ({"partial": 0}, 0, [])],
)
def test_faults_withhold_pictures(
    emulator: RunningServer, control: httpx.Client, sdk: OpenAI, fault: dict[str, Any], delivered: int,
    charged: list[str],
) -> None:  # fmt: skip
    control.post("/faults", json={"vendor": "openai-compatible", **fault})
    assert len(sdk.images.generate(model=GATEWAY, prompt=PROMPT, n=2).data) == delivered
    assert amounts(emulator) == charged


@pytest.mark.parametrize(("status", "kind"), [(429, sdk_module.RateLimitError), (503, sdk_module.InternalServerError)])
def test_the_sdk_raises_for_faults(
    control: httpx.Client, sdk: OpenAI, status: int, kind: type[sdk_module.APIStatusError]
) -> None:
    control.post("/faults", json={"vendor": "openai-compatible", "status": status})
    with pytest.raises(kind):
        sdk.images.generate(model=GATEWAY, prompt=PROMPT)
