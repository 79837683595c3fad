"""From a registration to a picture in the gallery: RunPod through the hub, and both books agree."""

from dataclasses import asdict
from typing import Any

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.errors import Invalid
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.run import submit_and_wait
from providers.base import FreeSize
from providers.emulation.server import RunningServer
from providers.runpod.tests.stage import REDRAW, WORKFLOW
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import again, as_data_uri, assert_books_are_right, attempts_of, invoice, png

# What a database changes is asked on both with Gemini and Replicate.
pytestmark = pytest.mark.sqlite_only

SCHNELL, EDIT = "black-forest-labs-flux-1-schnell", "qwen-image-edit-2511"
SECONDS_PRICE = "0.00076"
ABLE: dict[str, Any] = {
    "seed": "guaranteed", "negative_prompt": True, "guidance_scale": True,
    "free_size": asdict(FreeSize(default=(512, 512))),
    "options": [{"name": "steps", "kind": "integer", "default": 20, "minimum": 1, "maximum": 60}],
    "facts": {"workflow": WORKFLOW, "defaults": {"negative_prompt": "", "guidance_scale": 7}},
}  # fmt: skip


def generate(cast: Cast, model: str, **fields: Any) -> Generation:
    wish = {"prompt": "a red fox", **fields}
    done = submit_and_wait(actor=cast.bob, model=model, fields=wish, route="test", seconds=60)
    return again(done.generation)


def register_own(endpoint: str = "comfy0base64", price: str | None = SECONDS_PRICE, **able: Any) -> CloudModel:
    return register_model(
        provider="runpod", cloud_model_id=endpoint, capabilities={**ABLE, **able}, price_per_image=price
    )


def check_books(emulator: RunningServer) -> None:
    check_invoice_against_ledger(emulator, booked_attempts("runpod"))
    assert_books_are_right()


def test_a_public_endpoints_picture_is_paid_as_its_answer_says(vendors: RunningServer, committed_cast: Cast) -> None:
    register_model(provider="runpod", cloud_model_id=SCHNELL)
    generation = generate(committed_cast, SCHNELL, num_images=2, width=768, height=512, seed=7, output_format="png")
    # 393,216 pixels at $0.0024 a megapixel, rounded up for each call.
    assert (generation.state, generation.cost_micros) == ("succeeded", 2 * 944)
    pictures = Image.objects.filter(generation=generation).order_by("seed")
    assert [(picture.width, picture.height, picture.mime_type, picture.seed) for picture in pictures] == [
        (768, 512, "image/png", 7), (768, 512, "image/png", 8),
    ]  # fmt: skip
    assert [line["amount"] for line in invoice(vendors)] == ["0.000944"] * 2
    check_books(vendors)


def test_pictures_are_combined_by_an_edit_endpoint(vendors: RunningServer, committed_cast: Cast) -> None:
    register_model(provider="runpod", cloud_model_id=EDIT)
    pictures = [as_data_uri("image/png", png(colour)) for colour in ("teal", "navy")]
    generation = generate(committed_cast, EDIT, input_images=pictures, aspect_ratio="4:5")
    picture = Image.objects.get(generation=generation)
    assert (picture.width, picture.height, generation.cost_micros) == (1024, 1280, 20_000)
    check_books(vendors)


@pytest.mark.parametrize("endpoint", ["comfy0base64", "comfy0bucket", "comfy0before5"])
def test_an_own_endpoint_is_registered_with_its_workflow(
    vendors: RunningServer, committed_cast: Cast, endpoint: str
) -> None:
    model = register_own(endpoint)
    assert (model.by_hand, model.name.startswith("image-generator")) == (True, True)
    generation = generate(
        committed_cast, model.key, width=640, height=384, negative_prompt="snow", options={"steps": 8}
    )
    picture = Image.objects.get(generation=generation)
    assert (generation.state, picture.width, picture.height, generation.cost_micros) == ("succeeded", 640, 384, 760)
    # The seed that was drawn for the workflow, so that the picture can be drawn again.
    assert picture.seed is not None
    check_books(vendors)


def test_an_own_endpoint_redraws_inside_a_mask(vendors: RunningServer, committed_cast: Cast) -> None:
    model = register_own(modes=["inpaint"], most_input_images=1, seed="not_sent", facts={"workflow": REDRAW})
    pictures = {"input_images": [as_data_uri("image/png", png())], "mask": as_data_uri("image/png", png("white"))}
    generation = generate(committed_cast, model.key, **pictures)
    assert (generation.state, Image.objects.get(generation=generation).width) == ("succeeded", 300)
    check_books(vendors)


def test_an_own_endpoint_without_a_workflow_says_how_to_register_it(
    vendors: RunningServer, committed_cast: Cast
) -> None:
    model = register_model(provider="runpod", cloud_model_id="comfy0base64", price_per_image=SECONDS_PRICE)
    with pytest.raises(Invalid, match="has no workflow yet"):
        generate(committed_cast, model.key)
    assert invoice(vendors) == []


def test_an_endpoint_that_is_not_there_cannot_be_registered(vendors: RunningServer, committed_cast: Cast) -> None:
    with pytest.raises(Invalid, match="no endpoint"):
        register_own("nothing0here")


@pytest.mark.parametrize(
    ("fault", "code", "state"),
    [
        ({"filtered": True}, "refused_output", "released"),
        ({"filtered": "prompt"}, "refused_prompt", "released"),
        ({"partial": 0}, "invalid_output", "released"),
        ({"text_only": True}, "invalid_output", "released"),
        ({"status": 401}, "key_invalid", "released"),
        ({"drop": "after_work"}, "unknown_outcome", "unknown"),
        ({"status": 500}, "provider_5xx", "unknown"),
    ],
)
def test_i5_a_public_endpoints_fault_ends_as_the_invoice_has_it(
    vendors: RunningServer, committed_cast: Cast, fault: dict[str, Any], code: str, state: str
) -> None:
    register_model(provider="runpod", cloud_model_id=SCHNELL)
    vendors.exchange.faults.post({"vendor": "runpod", **fault}, ("runpod",))
    (attempt,) = attempts_of(generate(committed_cast, SCHNELL))
    assert (attempt.error["code"], attempt.state) == (code, state)
    check_books(vendors)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"filtered": True}, "refused_output"),
        ({"partial": 0}, "invalid_output"),
        ({"text_only": True}, "invalid_output"),
    ],
)
def test_i5_an_own_endpoints_worker_is_paid_whatever_comes_out(
    vendors: RunningServer, committed_cast: Cast, fault: dict[str, Any], code: str
) -> None:
    model = register_own()
    vendors.exchange.faults.post({"vendor": "runpod", **fault}, ("runpod",))
    (attempt,) = attempts_of(generate(committed_cast, model.key))
    assert (attempt.error["code"], attempt.state) == (code, "settled")
    check_books(vendors)


@pytest.mark.parametrize("factor", ["0.5", "1.0001", "7"])
def test_i6_a_cost_above_the_quote_is_booked_as_it_is(
    vendors: RunningServer, committed_cast: Cast, factor: str
) -> None:
    register_model(provider="runpod", cloud_model_id=SCHNELL)
    vendors.exchange.faults.post({"vendor": "runpod", "wrong_cost": factor}, ("runpod",))
    assert generate(committed_cast, SCHNELL).state == "succeeded"
    check_books(vendors)
