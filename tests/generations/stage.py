"""What the tests of generations do over and over: submit, carry out, look at the books."""

import base64
import io
import threading
from collections.abc import Callable
from typing import Any

import httpx
from PIL import Image as PillowImage

from cloudhub.accounts.actor import Actor
from cloudhub.billing.audit import differences as ledger_differences
from cloudhub.billing.budgets import create_budget
from cloudhub.billing.models import Budget
from cloudhub.core.database import release_connection
from cloudhub.generations.audit import differences as generation_differences
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.submit import Submission, submit_generation
from providers.emulation.server import RunningServer

# One client for all tests: each new one reads the machine's certificates again.
_control = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
FLASH = "gemini-2.5-flash-image"
NANO = "gemini-nano-banana-2.1"
PRACTICE = "practice-1"
FLASH_PRICE = 39_000


def submit(actor: Actor, model: str = PRACTICE, prompt: str = "a red fox", **options: Any) -> Submission:
    """Submit to the queue; wish fields and options of `submit_generation` may be mixed."""
    names = ("route", "worker_id", "idempotency_key", "tags", "cache", "join")
    own = {name: options.pop(name) for name in names if name in options}
    fields = {"prompt": prompt, **options}
    return submit_generation(actor=actor, model=model, fields=fields, **{"route": "test", **own})


def carry_out(actor: Actor, model: str = PRACTICE, prompt: str = "a red fox", **options: Any) -> Generation:
    """Submit and perform everything that is queued, in this thread."""
    submission = submit(actor, model, prompt, **options)
    engine.run_once()
    return again(submission.generation)


def again(generation: Generation) -> Generation:
    """The generation as the database has it now."""
    return Generation.objects.get(id=generation.id)


def attempts_of(generation: Generation) -> list[Attempt]:
    return list(Attempt.objects.filter(generation=generation).select_related("hold").order_by("slot", "try_number"))


def states_of(generation: Generation) -> list[str]:
    return [attempt.state for attempt in attempts_of(generation)]


def ledger_of(generation: Generation) -> list[tuple[str, int, int]]:
    """(kind, held, posted) of every line, in order."""
    return [
        (entry.kind, entry.held_delta, entry.posted_delta)
        for attempt in attempts_of(generation)
        for entry in attempt.hold.entries.order_by("id")
    ]


def fault(emulator: RunningServer, **wish: Any) -> None:
    """Post to the emulator's fault menu, as a person would."""
    assert _control.post(f"{emulator.url}/faults", json=wish).status_code == 201


def invoice(emulator: RunningServer) -> list[dict[str, str]]:
    return list(_control.get(f"{emulator.url}/invoice").json()["calls"])


def budget(actor: Actor, limit: str, currency: str = "USD", **fields: Any) -> Budget:
    wish = {"name": "Limit", "scope": "hub", "window": "day", "limit": limit, "currency": currency, **fields}
    return create_budget(actor, wish)


def assert_books_are_right() -> None:
    assert [*ledger_differences(), *generation_differences()] == []


def png(colour: str = "teal", size: tuple[int, int] = (300, 300)) -> bytes:
    buffer = io.BytesIO()
    PillowImage.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def in_thread(work: Callable[..., object], *arguments: object) -> threading.Thread:
    """Start `work` in a thread that gives its database connection back at its end, as the engine's threads do."""

    def run() -> None:
        try:
            work(*arguments)
        finally:
            release_connection()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def all_at_once(count: int, work: Callable[[], object]) -> None:
    """Run `work` in `count` threads that begin together."""
    gate = threading.Barrier(count)

    def run() -> None:
        gate.wait()
        work()

    for thread in [in_thread(run) for _ in range(count)]:
        thread.join()


def as_data_uri(mime_type: str, data: bytes) -> str:
    """The form in which a picture travels inside JSON."""
    return f"data:{mime_type};base64,{base64.b64encode(data).decode()}"
