"""A vendor's model registered in the hub, a wish carried out, and what the books say of it afterwards."""

from typing import Any

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.core.money import parse_amount
from cloudhub.generations.models import Attempt, Generation
from providers.base import InputImage
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.contract.subjects import Subject, documents_of
from tests.contract.tap import Hook, Tap
from tests.contract.wishes import usual
from tests.generations.books import booked_attempts, check_invoice_against_ledger
from tests.generations.stage import as_data_uri, attempts_of, carry_out

WISH_FIELDS = ("prompt", "input_images", "mask", "options")


def register(subject: Subject) -> CloudModel:
    return register_model(**subject.registration)


def carry(cast: Cast, subject: Subject, hook: Hook | None = None, tap: Tap | None = None, **changes: Any) -> Generation:
    """Carry out the model's plainest wish in this thread; `hook` begins to listen once the model is registered."""
    model = CloudModel.objects.filter(provider=subject.provider_id, cloud_model_id=subject.model_id).first()
    model = model or register(subject)
    wish = usual(subject.provider, subject.entry(), **changes)
    fields = {name: _as_field(getattr(wish, name)) for name in {*WISH_FIELDS, *changes} if getattr(wish, name)}
    if tap is not None:
        tap.calls.clear()
        tap.hook = hook
    return carry_out(cast.bob, model.key, **fields)


def _as_field(value: Any) -> Any:
    """A wish's value as a door is given it: pictures as data URIs."""
    if isinstance(value, InputImage):
        return as_data_uri(value.mime_type, value.data)
    return [_as_field(part) for part in value] if isinstance(value, tuple) else value


def last_attempt(generation: Generation) -> Attempt:
    return attempts_of(generation)[-1]


def check_books(emulator: RunningServer, subject: Subject) -> None:
    """The vendor's invoice and our ledger tell the same story of all its attempts."""
    if documents_of(subject.provider_id).bills_nobody:
        assert emulator.exchange.invoice.as_json()["calls"] == []
        return
    check_invoice_against_ledger(emulator, booked_attempts(subject.provider_id))


def charged(emulator: RunningServer, vendor: str) -> int:
    """What the vendor charges in all, in micro-units; for a server of one's own what the ledger says itself."""
    if documents_of(vendor).bills_nobody:
        return sum(attempt.posted for attempt in booked_attempts(vendor))
    return sum(parse_amount(line["amount"]) for line in emulator.exchange.invoice.as_json()["calls"])
