"""A vendor's model registered in the hub, a wish carried out, and what the books say of it afterwards."""

from typing import Any

from django.conf import settings

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.money import parse_amount
from cloudhub.generations.models import Attempt, Generation
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.contract.subjects import Subject
from tests.contract.wishes import usual
from tests.generations.booked import Booked
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import attempts_of, carry_out

WISH_FIELDS = ("prompt", "input_images", "mask", "options")


def register(subject: Subject) -> CloudModel:
    return register_model(**subject.registration)


def carry(cast: Cast, subject: Subject, **changes: Any) -> Generation:
    """Register the model, where it is not yet, and carry out its plainest wish in this thread."""
    model = CloudModel.objects.filter(provider=subject.provider_id, cloud_model_id=subject.model_id).first()
    model = model or register(subject)
    wish = usual(subject.provider, subject.entry(), **changes)
    fields = {name: getattr(wish, name) for name in {*WISH_FIELDS, *changes} if getattr(wish, name)}
    return carry_out(cast.bob, model.key, **{**fields, "input_images": list(wish.input_images)})


def last_attempt(generation: Generation) -> Attempt:
    return attempts_of(generation)[-1]


def check_books(emulator: RunningServer, subject: Subject) -> None:
    """The vendor's invoice and our ledger tell the same story of all its attempts."""
    check_invoice_against_ledger(emulator, booked_attempts(subject.provider_id))


def booked(subject: Subject) -> list[Booked]:
    return booked_attempts(subject.provider_id)


def amount_on_invoice(emulator: RunningServer) -> int:
    return sum(parse_amount(line["amount"]) for line in emulator.exchange.invoice.as_json()["calls"])


def kept_files() -> list[bytes]:
    """Everything in the data folder but the database itself."""
    return [
        path.read_bytes() for path in settings.DATA_DIR.rglob("*") if path.is_file() and ".sqlite3" not in path.name
    ]
