"""Browsers of Alice (owner), Bob (member), Victor (viewer) and Charlie (stranger), without and with JavaScript."""

import io
from collections.abc import Callable

import pytest
from django.test import Client
from PIL import Image as PillowImage

from cloudhub.accounts.actor import Actor
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation
from tests.conftest import client_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def alices(alice: Actor) -> Client:
    return client_of(alice)


@pytest.fixture
def bobs(bob: Actor) -> Client:
    return client_of(bob)


@pytest.fixture
def victors(victor: Actor) -> Client:
    return client_of(victor)


@pytest.fixture
def charlies(charlie: Actor) -> Client:
    return client_of(charlie)


@pytest.fixture
def made(alices: Client) -> Callable[..., Generation]:
    """Submits a wish by the Studio's form and has the runner carry it out; returns the generation."""

    def make(prompt: str = "a lighthouse", **fields: object) -> Generation:
        answer = alices.post("/studio/generations", {"model": "practice-1", "prompt": prompt, "num_images": 1, **fields})
        assert answer.status_code == 302, answer.content
        engine.run_once()
        return Generation.objects.latest("id")

    return make


@pytest.fixture
def png() -> bytes:
    buffer = io.BytesIO()
    PillowImage.new("RGB", (300, 200), "teal").save(buffer, "PNG")
    return buffer.getvalue()
