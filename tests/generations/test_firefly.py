"""Firefly through the hub: jobs become pictures, and the ledger is the invoice, at the price that was set by hand."""

import threading
import time
from typing import Any

import pytest

from cloudhub.catalog.register import register_model
from cloudhub.core.errors import HubError
from cloudhub.generations.cancel import cancel_generation
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.perform import perform_attempt, resume_attempt
from cloudhub.generations.run import submit_and_wait
from providers.emulation.server import RunningServer
from providers.firefly.client import Firefly
from providers.firefly.emulator import jobs
from tests.conftest import Cast
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import (
    as_data_uri,
    attempts_of,
    budget,
    carry_out,
    fault,
    in_thread,
    invoice,
    png,
    states_of,
    submit,
)

# What a database changes is asked on both with Gemini and Replicate.
pytestmark = pytest.mark.sqlite_only

IMAGE_4, IMAGE_5 = "image4_standard", "image5"
CONTRACT, MICROS = "0.05", 50_000
MENU: list[dict[str, Any]] = [
    {},
    *({"status": status} for status in (400, 401, 403, 408, 415, 422, 429, 451, 500, 501, 502, 503, 504)),
    {"status": 200, "body": "<html>a proxy's page</html>"},
    {"status": 202, "body": {"status": "running"}},
    {"drop": "before_work"},
    {"drop": "after_work"},
    {"cut_after_bytes": 0},
    {"cut_after_bytes": 40},
    {"partial": 0},
    {"partial": 1},
    {"filtered": True},
    {"filtered": "prompt"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _models(any_cast: Cast, vendors: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Adobe's usual contract lets one job a minute through.
    monkeypatch.setattr(Firefly, "is_paced", False)
    for model in (IMAGE_4, IMAGE_5):
        register_model(provider="adobe-firefly", cloud_model_id=model, price_per_image=CONTRACT)


def books_agree(emulator: RunningServer) -> None:
    check_invoice_against_ledger(emulator, booked_attempts("adobe-firefly"))


def test_a_picture_is_kept_and_the_ledger_is_the_invoice(vendors: RunningServer, committed_cast: Cast) -> None:
    fields = {
        "prompt": "a red fox", "num_images": 2, "seed": 7, "aspect_ratio": "16:9", "style": "art",
        "input_images": [as_data_uri("image/png", png())],
    }  # fmt: skip
    asked = submit_and_wait(actor=committed_cast.bob, model=IMAGE_4, fields=fields, route="door", seconds=30)
    generation = Generation.objects.get(id=asked.generation.id)
    assert (generation.state, generation.cost_micros) == ("succeeded", 2 * MICROS)
    pictures = Image.objects.filter(generation=generation).order_by("index")
    assert [(picture.width, picture.height, picture.seed) for picture in pictures] == [(2688, 1536, 7), (2688, 1536, 8)]
    assert [line["amount"] for line in invoice(vendors)] == ["0.100000"]
    books_agree(vendors)


def test_an_edit_by_image_5_keeps_the_pictures_shape(vendors: RunningServer, cast: Cast) -> None:
    generation = carry_out(cast.bob, IMAGE_5, input_images=[as_data_uri("image/png", png(size=(400, 300)))])
    picture = Image.objects.get(generation=generation)
    assert (picture.width, picture.height) == (400, 300)
    books_agree(vendors)


@pytest.mark.parametrize("wish", MENU, ids=str)
def test_invoice_and_ledger_agree_under_each_fault(vendors: RunningServer, cast: Cast, wish: dict[str, Any]) -> None:
    if wish:
        fault(vendors, **wish, vendor="adobe-firefly")
    carry_out(cast.bob, IMAGE_4, num_images=2)
    # A second call meets what the first one left, such as a token that was dropped.
    carry_out(cast.bob, IMAGE_5)
    books_agree(vendors)


def test_a_withheld_job_is_booked_as_counted(vendors: RunningServer, cast: Cast) -> None:
    fault(vendors, filtered=True)
    generation = carry_out(cast.bob, IMAGE_4, num_images=3)
    assert (generation.state, generation.cost_micros) == ("refused", 3 * MICROS)
    assert generation.error["code"] == "refused_output"
    books_agree(vendors)


def test_a_cancelled_job_is_booked_as_counted(
    vendors: RunningServer, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "WORK_SECONDS", 60)
    fields = {"prompt": "a red fox"}
    asked = submit_and_wait(actor=committed_cast.bob, model=IMAGE_5, fields=fields, route="door", seconds=1).generation
    cancel_generation(committed_cast.bob, asked.id)
    ended = engine.await_generation(asked.id, 20)
    assert (ended.error["code"], ended.cost_micros) == ("cancelled_after_send", MICROS)
    books_agree(vendors)


def test_after_a_stop_the_job_is_asked_for_and_not_submitted_again(
    vendors: RunningServer, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "WORK_SECONDS", 1)
    generation = submit(committed_cast.bob, IMAGE_4).generation
    (attempt,) = attempts_of(generation)
    stopping = threading.Event()
    work = in_thread(perform_attempt, attempt.pk, stopping)
    while not Attempt.objects.get(hold_id=attempt.pk).remote_id:
        time.sleep(0.01)
    stopping.set()
    work.join()
    assert states_of(generation) == ["sent"]
    resume_attempt(attempt.pk, threading.Event())
    assert states_of(generation) == ["settled"]
    assert len(invoice(vendors)) == 1
    books_agree(vendors)


def test_a_wrong_secret_is_told_and_nothing_is_held(
    vendors: RunningServer, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREFLY_CLIENT_SECRET", "an-invalid-secret-0123456789")
    generation = carry_out(cast.bob, IMAGE_4)
    assert (generation.state, generation.error["code"]) == ("failed", "key_invalid")
    assert "an-invalid-secret" not in str(generation.error)
    assert [attempt.state for attempt in Attempt.objects.all()] == ["released"]


def test_without_a_price_by_hand_a_hard_budget_refuses(cast: Cast) -> None:
    register_model(provider="adobe-firefly", cloud_model_id="image3")
    budget(cast.alice, "10")
    with pytest.raises(HubError) as refusal:
        submit(cast.bob, "image3")
    assert refusal.value.code == "price_unknown"
