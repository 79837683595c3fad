"""From a registration to a picture in the gallery: fal through the hub, and both books agree."""

import time
from typing import Any

import pytest

from cloudhub.catalog.register import register_model
from cloudhub.core.errors import Invalid
from cloudhub.generations.cancel import cancel_generation
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.run import submit_and_wait
from providers.emulation.server import RunningServer
from providers.fal import client
from providers.fal.emulator import work
from tests.conftest import Cast
from tests.emulation.calls import png
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import again, as_data_uri, assert_books_are_right, attempts_of, invoice

pytestmark = pytest.mark.sqlite_only
SCHNELL, INPAINT, PAINTER = "fal-ai/flux/schnell", "fal-ai/ideogram/v3/edit", "emulated/painter"


@pytest.fixture(autouse=True)
def quick_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "POLL_SECONDS", 0.05)


def generate(cast: Cast, model: str, **fields: Any) -> Generation:
    wish = {"prompt": "a red fox", **fields}
    done = submit_and_wait(actor=cast.bob, model=model, fields=wish, route="test", seconds=60)
    return again(done.generation)


def check_books(emulator: RunningServer) -> None:
    check_invoice_against_ledger(emulator, booked_attempts("fal"))
    assert_books_are_right()


def test_pictures_are_split_kept_and_paid_as_invoiced(vendors: RunningServer, committed_cast: Cast) -> None:
    register_model(provider="fal", cloud_model_id=SCHNELL)
    generation = generate(committed_cast, SCHNELL, num_images=6, aspect_ratio="16:9", output_format="png")
    assert (generation.state, generation.cost_micros) == ("succeeded", 18_000)
    pictures = Image.objects.filter(generation=generation)
    assert {(picture.width, picture.height, picture.mime_type) for picture in pictures} == {(1024, 576, "image/png")}
    assert sorted(line["amount"] for line in invoice(vendors)) == ["0.006000", "0.012000"]
    check_books(vendors)


def test_a_picture_is_changed_inside_a_mask(vendors: RunningServer, committed_cast: Cast) -> None:
    register_model(provider="fal", cloud_model_id=INPAINT)
    picture, mask = (as_data_uri("image/png", png(side, side)) for side in (256, 128))
    generation = generate(committed_cast, INPAINT, input_images=[picture], mask=mask, quality="turbo")
    assert (generation.state, generation.cost_micros) == ("succeeded", 30_000), generation.error
    assert Image.objects.get(generation=generation).width == 256
    check_books(vendors)


def test_any_endpoint_is_registered_by_its_id_and_priced_by_hand(vendors: RunningServer, committed_cast: Cast) -> None:
    model = register_model(provider="fal", cloud_model_id=PAINTER, price_per_image="0.012")
    assert (model.by_hand, model.capabilities["facts"]["mask_changes"]) == (True, "white")
    generation = generate(committed_cast, model.key, width=640, height=512, seed=7, negative_prompt="snow",
                          options={"scheduler": "Euler"})  # fmt: skip
    picture = Image.objects.get(generation=generation)
    assert (picture.width, picture.height, picture.seed) == (640, 512, 7)
    check_books(vendors)


def test_an_endpoint_that_makes_no_pictures_cannot_be_registered(vendors: RunningServer, committed_cast: Cast) -> None:
    with pytest.raises(Invalid, match="holds no pictures"):
        register_model(provider="fal", cloud_model_id="emulated/film-maker")


@pytest.mark.parametrize(
    ("fault", "code", "state"),
    [
        ({"filtered": True}, "refused_output", "settled"),
        ({"filtered": "prompt"}, "refused_prompt", "settled"),
        ({"text_only": True}, "no_image_text_answer", "settled"),
        ({"status": 402}, "billing_disabled", "released"),
        ({"drop": "after_work"}, "unknown_outcome", "unknown"),
    ],
)
def test_i5_a_fault_ends_as_the_invoice_has_it(
    vendors: RunningServer, committed_cast: Cast, fault: dict[str, Any], code: str, state: str
) -> None:
    register_model(provider="fal", cloud_model_id=SCHNELL)
    vendors.exchange.faults.post({"vendor": "fal", **fault}, ("fal",))
    (attempt,) = attempts_of(generate(committed_cast, SCHNELL))
    assert (attempt.error["code"], attempt.state) == (code, state)
    check_books(vendors)


def test_a_cancelled_request_is_booked_as_charged(
    vendors: RunningServer, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "DONE_AFTER", 60)
    register_model(provider="fal", cloud_model_id=SCHNELL)
    submission = submit_and_wait(
        actor=committed_cast.bob, model=SCHNELL, fields={"prompt": "a red fox"}, route="test", seconds=0.1
    )
    last = time.monotonic() + 30
    while not attempts_of(submission.generation)[0].remote_id and time.monotonic() < last:
        time.sleep(0.02)
    cancel_generation(committed_cast.bob, submission.generation.id)
    assert engine.await_generation(submission.generation.id, 30).is_finished
    (attempt,) = attempts_of(submission.generation)
    assert (attempt.error["code"], attempt.state) == ("cancelled_after_send", "settled")
    check_books(vendors)
