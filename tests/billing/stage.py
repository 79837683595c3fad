"""The stage of the money tests: budgets, wishes, vendors' answers and one question: do the books agree?"""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.billing import audit as ledger_audit
from cloudhub.billing.budgets import create_budget
from cloudhub.billing.models import Budget, BudgetWindow, Hold, LedgerEntry
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.register import register_model
from cloudhub.core.money import format_amount
from cloudhub.generations import audit as generation_audit
from cloudhub.generations import storage
from cloudhub.generations.answers import KeptAnswer, KeptPicture
from cloudhub.generations.errors import describe
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.settle import mark_unknown, settle_attempt
from cloudhub.generations.submit import submit_generation

PRICE = 10_000
"""Micro-units of XTS that one 1K picture of practice-1 costs."""
_numbers = count(1)


def budget(actor: Actor, limit: int, **changes: Any) -> Budget:
    """A budget of `limit` micro-units; hard, hub-wide, of the day and in XTS where `changes` say nothing else."""
    fields = {"name": f"Budget {next(_numbers)}", "scope": "hub", "window": "day", "currency": "XTS"}
    return create_budget(actor, {**fields, "limit": format_amount(limit), **changes})


def submit(actor: Actor, pictures: int = 1, model: str = "practice-1", tags: object = (), **fields: Any) -> Generation:
    wish = {"prompt": "a lighthouse", "num_images": pictures, **fields}
    return submit_generation(actor=actor, model=model, fields=wish, route="tests", tags=tags).generation


def attempt_of(generation: Generation) -> Attempt:
    """The newest attempt of the first slot."""
    return generation.attempts.select_related("hold").order_by("slot", "-try_number")[0]


def send(generation: Generation, ago: timedelta = timedelta()) -> Attempt:
    """Mark the attempt as sent, as the vendor's call does just before its first byte."""
    attempt = attempt_of(generation)
    Attempt.objects.filter(hold_id=attempt.pk, state="held").update(state="sent", sent_at=timezone.now() - ago)
    Generation.objects.filter(id=generation.id).update(state="running")
    return attempt_of(generation)


def answer(attempt: Attempt, micros: int | None = None, pictures: int = 1, **changes: Any) -> KeptAnswer:
    """A kept answer whose cost the vendor reports as `micros`, by default what was quoted."""
    amount = attempt.hold.amount_micros if micros is None else micros
    data = b"a picture's bytes"
    picture = KeptPicture(storage.keep_bytes(data), len(data), 1024, 1024, "image/png", None, "")
    values: dict[str, Any] = {
        "attempt_id": str(attempt.pk), "pictures": (picture,) * pictures, "reported": True,
        "billed": {"amount": format_amount(amount), "currency": attempt.hold.currency},
        "usage": {}, "request_id": f"vendor-{attempt.pk}", "provider_response": {},
    }  # fmt: skip
    return KeptAnswer(**{**values, **changes})


def settle(generation: Generation, micros: int | None = None, **changes: Any) -> bool:
    attempt = attempt_of(generation)
    if attempt.state == "held":
        attempt = send(generation)
    return settle_attempt(attempt.pk, answer(attempt, micros, **changes))


def lose(generation: Generation, ago: timedelta = timedelta(hours=1)) -> Attempt:
    """Sent some time ago, and the answer never came: the outcome is unknown."""
    attempt = send(generation, ago)
    mark_unknown(attempt.pk, describe("unknown_outcome", "The answer was lost."))
    return attempt_of(generation)


def counters(budget: Budget, at: datetime | None = None) -> tuple[int, int]:
    """(held, posted) of the budget's window now, (0, 0) when no call has opened it."""
    at = at or timezone.now()
    row = BudgetWindow.objects.filter(budget=budget, starts_at__lte=at, ends_at__gt=at).first()
    return (row.held_micros, row.posted_micros) if row else (0, 0)


def lines_of(hold_id: UUID) -> list[tuple[str, int, int]]:
    """(kind, held, posted) of a hold's ledger lines in their order."""
    entries = LedgerEntry.objects.filter(hold_id=hold_id).order_by("id")
    return list(entries.values_list("kind", "held_delta", "posted_delta"))


def differences() -> list[str]:
    """What an auditor finds: nothing, when the books are right."""
    return [*ledger_audit.differences(), *generation_audit.differences()]


def rows() -> dict[str, int]:
    """How many rows of each kind a submit could have left."""
    tables = (Generation, Hold, Attempt, LedgerEntry)
    return {table.__name__: table.objects.count() for table in tables}


NOTHING = {"Generation": 0, "Hold": 0, "Attempt": 0, "LedgerEntry": 0}


def dollar_model() -> CloudModel:
    """A model in dollars: $0.039 a picture."""
    return register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image")


def unpriced_model() -> CloudModel:
    """A model whose price nobody knows."""
    model = register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image", key="unpriced")
    Price.objects.filter(model=model).delete()
    return model
