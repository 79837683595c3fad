"""Browsers of Alice (owner), Bob (member), Victor (viewer) and Charlie (stranger), without and with JavaScript."""

import io
from collections.abc import Callable

import pytest
from django.test import Client
from PIL import Image as PillowImage
from pytest_django import Settings

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
def made(alices: Client, settings: Settings) -> Callable[..., Generation]:
    """Submits a wish by the Studio's form and has the runner carry it out; returns the generation."""
    settings.LEASE_SECONDS = 3600  # A heartbeat on a connection of its own would wait for this test's transaction.
    quick = {"model": "practice-1", "num_images": 1, "style": "geometry", "quality": "draft"}

    def make(prompt: str = "a lighthouse", **fields: object) -> Generation:
        answer = alices.post("/studio/generations", {**quick, "prompt": prompt, **fields})
        assert answer.status_code == 302, answer.content
        engine.run_once()
        return Generation.objects.latest("id")

    return make


@pytest.fixture
def png() -> bytes:
    buffer = io.BytesIO()
    PillowImage.new("RGB", (300, 200), "teal").save(buffer, "PNG")
    return buffer.getvalue()
