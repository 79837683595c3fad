"""Programs of Alice, Bob, Victor and Charlie, each with a hub key of their own."""

import io
from collections.abc import Callable

import pytest
from PIL import Image as PillowImage

from cloudhub.accounts.actor import Actor
from cloudhub.generations.engine import engine
from tests.api.caller import WISH, Caller, caller_of
from tests.conftest import Cast


@pytest.fixture
def alices(alice: Actor) -> Caller:
    return caller_of(alice)


@pytest.fixture
def bobs(bob: Actor) -> Caller:
    return caller_of(bob)


@pytest.fixture
def charlies(charlie: Actor) -> Caller:
    return caller_of(charlie)


@pytest.fixture
def waiting(committed_cast: Cast) -> Caller:
    """Alice's program, for calls that wait: their attempts run in threads."""
    return caller_of(committed_cast.alice)


@pytest.fixture
def finished(alices: Caller) -> Callable[..., dict]:
    """Submits a wish and has the runner carry it out; returns the generation as the API shows it."""

    def finish(prompt: str = "a red fox", **fields: object) -> dict:
        submitted = alices.post("/api/v1/generations", {**WISH, "prompt": prompt, **fields})
        assert submitted.status_code == 202, submitted.content
        engine.run_once()
        return alices.get(f"/api/v1/generations/{submitted.json()['id']}").json()

    return finish


@pytest.fixture
def png() -> bytes:
    buffer = io.BytesIO()
    PillowImage.new("RGB", (300, 200), "teal").save(buffer, "PNG")
    return buffer.getvalue()
