"""From a registration to a picture in the gallery: Replicate through the hub, and both books agree."""

import io
import time
from typing import Any

import pytest
from PIL import Image as PillowImage

from cloudhub.catalog.register import register_model
from cloudhub.core.errors import Invalid
from cloudhub.generations.cancel import cancel_generation
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.run import submit_and_wait
from providers.emulation.server import RunningServer
from providers.replicate import client
from providers.replicate.emulator import work
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import again, as_data_uri, assert_books_are_right, attempts_of, invoice

pytestmark = pytest.mark.sqlite_only

SCHNELL, FLUX_2 = "black-forest-labs/flux-schnell", "black-forest-labs/flux-2-pro"
COMMUNITY = "emulated/community-sdxl"


def generate(cast: Cast, model: str, **fields: Any) -> Generation:
    wish = {"prompt": "a red fox", **fields}
    done = submit_and_wait(actor=cast.bob, model=model, fields=wish, route="test", seconds=60)
    return again(done.generation)


def check_books(emulator: RunningServer) -> None:
    check_invoice_against_ledger(emulator, booked_attempts("replicate"))
    assert_books_are_right()


def test_pictures_of_a_catalogue_model_are_kept_and_paid_as_invoiced(
    vendors: RunningServer, committed_cast: Cast
) -> None:
    register_model(provider="replicate", cloud_model_id=SCHNELL)
    generation = generate(committed_cast, SCHNELL, num_images=6, aspect_ratio="16:9", output_format="jpeg")
    assert (generation.state, generation.cost_micros) == ("succeeded", 18_000)
    pictures = Image.objects.filter(generation=generation)
    assert {(picture.width, picture.height, picture.mime_type) for picture in pictures} == {(1344, 768, "image/jpeg")}
    assert len({picture.sha256 for picture in pictures}) == 6
    assert sorted(line["amount"] for line in invoice(vendors)) == ["0.006000", "0.012000"]
    check_books(vendors)


def test_any_model_is_registered_by_its_name_and_priced_by_hand(vendors: RunningServer, committed_cast: Cast) -> None:
    model = register_model(provider="replicate", cloud_model_id=COMMUNITY, price_per_image="0.00312")
    assert (model.by_hand, model.capabilities["facts"]["inputs"]["count"]) == (True, "num_outputs")
    generation = generate(committed_cast, model.key, width=800, height=600, seed=7, negative_prompt="snow",
                          options={"scheduler": "DDIM"})  # fmt: skip
    picture = Image.objects.get(generation=generation)
    assert (picture.width, picture.height, picture.seed) == (800, 608, 7)
    check_books(vendors)


def test_a_model_that_makes_no_pictures_cannot_be_registered(vendors: RunningServer, committed_cast: Cast) -> None:
    with pytest.raises(Invalid, match="moving pictures"):
        register_model(provider="replicate", cloud_model_id="emulated/film-maker")


def test_reference_pictures_are_uploaded_and_paid_by_megapixel(vendors: RunningServer, committed_cast: Cast) -> None:
    register_model(provider="replicate", cloud_model_id=FLUX_2)
    noisy = io.BytesIO()
    PillowImage.effect_noise((1200, 1000), 90).convert("RGB").save(noisy, "PNG")
    generation = generate(committed_cast, FLUX_2, input_images=[as_data_uri("image/png", noisy.getvalue())])
    # A run, one megapixel out and two begun ones in.
    assert (generation.state, generation.cost_micros) == ("succeeded", 60_000)
    check_books(vendors)


@pytest.mark.parametrize(
    ("fault", "code", "state"),
    [
        ({"filtered": True}, "refused_output", "settled"),
        ({"filtered": "prompt"}, "refused_prompt", "released"),
        ({"partial": 0}, "invalid_output", "released"),
        ({"text_only": True}, "invalid_output", "released"),
        ({"status": 402}, "billing_disabled", "released"),
        ({"drop": "after_work"}, "unknown_outcome", "unknown"),
        ({"status": 500}, "provider_5xx", "unknown"),
    ],
)
def test_i5_a_fault_ends_as_the_invoice_has_it(
    vendors: RunningServer, committed_cast: Cast, fault: dict[str, Any], code: str, state: str
) -> None:
    register_model(provider="replicate", cloud_model_id=SCHNELL)
    vendors.exchange.faults.post({"vendor": "replicate", **fault}, ("replicate",))
    (attempt,) = attempts_of(generate(committed_cast, SCHNELL))
    assert (attempt.error["code"], attempt.state) == (code, state)
    check_books(vendors)


def test_fewer_pictures_than_asked_are_paid_as_they_came(vendors: RunningServer, committed_cast: Cast) -> None:
    register_model(provider="replicate", cloud_model_id=SCHNELL)
    vendors.exchange.faults.post({"vendor": "replicate", "partial": 2}, ("replicate",))
    generation = generate(committed_cast, SCHNELL, num_images=4)
    assert (Image.objects.filter(generation=generation).count(), generation.cost_micros) == (2, 6_000)
    check_books(vendors)


def test_a_cancelled_prediction_is_paid_as_the_vendor_charges_it(
    vendors: RunningServer, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "DONE_AFTER", 60)
    monkeypatch.setattr(client, "WAIT_SECONDS", 1)
    register_model(provider="replicate", cloud_model_id=SCHNELL)
    submission = submit_and_wait(
        actor=committed_cast.bob, model=SCHNELL, fields={"prompt": "a red fox"}, route="test", seconds=0.1
    )
    last = time.monotonic() + 30
    while not attempts_of(submission.generation)[0].remote_id and time.monotonic() < last:
        time.sleep(0.05)
    cancel_generation(committed_cast.bob, submission.generation.id)
    assert engine.await_generation(submission.generation.id, 30).is_finished
    (attempt,) = attempts_of(submission.generation)
    assert (attempt.error["code"], attempt.state) == ("cancelled_after_send", "settled")
    check_books(vendors)
