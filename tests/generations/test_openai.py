"""OpenAI and compatible servers through the whole hub: pictures kept, ledger and invoice equal to the micro-dollar."""

from typing import Any

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.errors import Invalid
from cloudhub.generations import storage
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.run import submit_and_wait
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger, total
from tests.generations.stage import (
    as_data_uri,
    assert_books_are_right,
    carry_out,
    fault,
    invoice,
    ledger_of,
    png,
    states_of,
)

pytestmark = pytest.mark.sqlite_only

NEWEST, LATE, DALL_E = "gpt-image-2.6-flare", "gpt-image-1.5", "dall-e-3"
PICTURE = as_data_uri("image/png", png(size=(300, 200)))
MASK = as_data_uri("image/png", png("white", (300, 200)))
WISHES: dict[str, tuple[str, dict[str, Any]]] = {
    "text": (NEWEST, {"quality": "low"}),
    "text, as the hub chooses": (NEWEST, {}),
    "two pictures of the older model": (LATE, {"quality": "medium", "num_images": 2}),
    "edit with a mask": (NEWEST, {"quality": "low", "input_images": [PICTURE, PICTURE], "mask": MASK}),
    "stream": (NEWEST, {"quality": "low", "options": {"partial_images": 3}}),
    "stream of an edit": (LATE, {"quality": "low", "input_images": [PICTURE], "options": {"stream": True}}),
    "dall-e-3": (DALL_E, {"quality": "hd", "aspect_ratio": "16:9"}),
    "dall-e-3 by address": (DALL_E, {"options": {"response_format": "url"}, "num_images": 2}),
}


@pytest.fixture
def models(vendors: RunningServer, cast: Cast) -> None:
    for model_id in (NEWEST, LATE, DALL_E):
        register_model(provider="openai", cloud_model_id=model_id)


def check_books(vendors: RunningServer, provider: str = "openai") -> None:
    check_invoice_against_ledger(vendors, booked_attempts(provider))
    assert_books_are_right()


@pytest.mark.parametrize("name", WISHES)
@pytest.mark.usefixtures("models")
def test_a_picture_is_kept_and_booked_as_it_was_invoiced(vendors: RunningServer, cast: Cast, name: str) -> None:
    model, fields = WISHES[name]
    generation = carry_out(cast.bob, model, **fields)
    assert generation.state == Generation.State.SUCCEEDED
    images = list(Image.objects.filter(generation=generation))
    assert len(images) == fields.get("num_images", 1)
    for image in images:
        assert storage.read_bytes(image.sha256).startswith(b"\x89PNG")
    assert generation.cost_micros == total(invoice(vendors)) > 0
    check_books(vendors)


@pytest.mark.usefixtures("models")
def test_the_revised_prompt_of_dall_e_3_is_stored_with_its_picture(cast: Cast) -> None:
    generation = carry_out(cast.bob, DALL_E, "a small fox", style="natural")
    (image,) = Image.objects.filter(generation=generation)
    assert image.revised_prompt == "A natural picture, told at length: a small fox"


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"status": 404}, "released", "model_retired"),
    ({"status": 401}, "released", "key_invalid"),
    ({"status": 403}, "released", "org_unverified"),
    ({"status": 400}, "released", "capability"),
    ({"filtered": "prompt"}, "released", "refused_prompt"),
    ({"filtered": True}, "unknown", "refused_output"),
    ({"status": 500}, "unknown", "provider_5xx"),
    ({"status": 524}, "unknown", "provider_5xx"),
    ({"drop": "after_work"}, "unknown", "unknown_outcome"),
    ({"cut_after_bytes": 100}, "unknown", "unknown_outcome"),
    ({"status": 200, "body": {"data": []}}, "unknown", "unknown_outcome"),
    ({"partial": 0}, "settled", "invalid_output"),
]


@pytest.mark.parametrize(("wish", "state", "code"), FAULTS, ids=str)
@pytest.mark.parametrize("options", [{}, {"partial_images": 1}], ids=["plain", "stream"])
@pytest.mark.usefixtures("models")
def test_under_each_fault_ledger_and_invoice_agree(
    vendors: RunningServer, cast: Cast, wish: dict[str, Any], state: str, code: str, options: dict[str, Any]
) -> None:
    fault(vendors, vendor="openai", **wish)
    generation = carry_out(cast.bob, NEWEST, quality="low", options=options)
    attempt = Attempt.objects.get(generation=generation)
    if options and "partial" in wish:
        # A stream without its last event tells no figures.
        state, code = "unknown", "unknown_outcome"
    assert (attempt.state, attempt.error["code"]) == (state, code)
    check_books(vendors)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.usefixtures("models")
def test_what_surely_did_not_run_is_sent_once_more(vendors: RunningServer, cast: Cast, status: int) -> None:
    fault(vendors, vendor="openai", status=status)
    generation = carry_out(cast.bob, NEWEST, quality="low")
    assert states_of(generation) == ["released", "settled"]
    check_books(vendors)


@pytest.mark.usefixtures("models")
def test_a_bill_above_the_quote_is_an_overrun_and_blocks_the_price(vendors: RunningServer, cast: Cast) -> None:
    fault(vendors, vendor="openai", wrong_cost="7")
    generation = carry_out(cast.bob, NEWEST, quality="low")
    assert "overrun" in [kind for kind, *_ in ledger_of(generation)]
    check_books(vendors)


def test_a_waiting_door_gets_its_picture(vendors: RunningServer, committed_cast: Cast) -> None:
    register_model(provider="openai", cloud_model_id=NEWEST)
    submission = submit_and_wait(
        actor=committed_cast.bob, model=NEWEST, fields={"prompt": "a fox", "quality": "low"}, route="test", seconds=60
    )
    assert submission.generation.state == Generation.State.SUCCEEDED
    check_books(vendors)


def compatible(model_id: str, **fields: Any) -> CloudModel:
    return register_model(provider="openai-compatible", cloud_model_id=model_id, **fields)


SERVERS: dict[str, dict[str, Any]] = {
    "gateway/flux": {"price_per_image": "0.02", "capabilities": {"images_per_call": 4, "qualities": ["standard"]}},
    "stablediffusion": {"capabilities": {"facts": {"response_format": "url"}, "seed": "guaranteed"}},
    "sd-cpp-local": {"price_per_image": "0"},
    "qwen-image": {"capabilities": {"seed": "guaranteed", "negative_prompt": True, "guidance_scale": True,
                                    "modes": ["text-to-image", "image-to-image"], "most_input_images": 4}},
    "strict-image": {"capabilities": {"facts": {"response_format": ""}}},
}  # fmt: skip


@pytest.mark.parametrize("model_id", SERVERS)
def test_each_kind_of_compatible_server_draws(vendors: RunningServer, cast: Cast, model_id: str) -> None:
    model = compatible(model_id, **SERVERS[model_id])
    assert model.by_hand
    generation = carry_out(cast.bob, model.key, width=640, height=480, num_images=3)
    assert generation.state == Generation.State.SUCCEEDED
    images = Image.objects.filter(generation=generation)
    assert [(image.width, image.height) for image in images] == [(640, 480)] * 3
    if model_id == "gateway/flux":
        assert generation.cost_micros == total(invoice(vendors)) == 60_000
        assert len(states_of(generation)) == 1
        check_books(vendors, "openai-compatible")
    else:
        assert invoice(vendors) == []


def test_a_compatible_server_edits(vendors: RunningServer, cast: Cast) -> None:
    model = compatible("qwen-image", **SERVERS["qwen-image"])
    generation = carry_out(cast.bob, model.key, input_images=[PICTURE], negative_prompt="blur", seed=7)
    (image,) = Image.objects.filter(generation=generation)
    assert (generation.state, image.seed) == (Generation.State.SUCCEEDED, 7)


@pytest.mark.parametrize(
    ("wish", "state"),
    [({"filtered": True}, "unknown"), ({"partial": 1}, "settled"), ({"status": 500}, "unknown"),
     ({"status": 402}, "released"), ({"filtered": "prompt"}, "released"), ({"drop": "after_work"}, "unknown")],
)  # fmt: skip
def test_a_gateways_invoice_and_our_ledger_agree_under_faults(
    vendors: RunningServer, cast: Cast, wish: dict[str, Any], state: str
) -> None:
    model = compatible("gateway/flux", **SERVERS["gateway/flux"])
    fault(vendors, vendor="openai-compatible", **wish)
    generation = carry_out(cast.bob, model.key, num_images=3)
    assert states_of(generation) == [state]
    check_books(vendors, "openai-compatible")


def test_an_address_of_its_own_is_stored_and_used(vendors: RunningServer, cast: Cast) -> None:
    model = compatible("sd-cpp-local", key="cellar", address=f"{vendors.url}/compatible/v1/")
    assert model.address == f"{vendors.url}/compatible/v1"
    assert carry_out(cast.bob, "cellar").state == Generation.State.SUCCEEDED


def test_an_address_inside_the_house_that_nobody_listed_cannot_be_registered(cast: Cast) -> None:
    with pytest.raises(Invalid, match="is not a public address"):
        compatible("sd-cpp-local", address="http://127.0.0.1:1/v1")
    assert not CloudModel.objects.filter(provider="openai-compatible").exists()
