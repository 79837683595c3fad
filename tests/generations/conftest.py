"""The stage of generations: short pauses, and books that must be right after every test."""

from collections.abc import Iterator
from typing import Any

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.generations import engine as engine_module
from cloudhub.generations import finish, perform
from providers.gemini.emulator import errors as emulated_errors
from tests.conftest import Cast
from tests.generations.errand.client import Errand
from tests.generations.errand.server import Shop, errand_shop
from tests.generations.stage import FLASH, NANO, assert_books_are_right


@pytest.fixture(autouse=True)
def _pauses_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perform, "PAUSES", (0.01, 0.02))
    monkeypatch.setattr(finish, "SAVE_PAUSES", (0.01, 0.01))
    monkeypatch.setattr(finish, "SAVE_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(engine_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(emulated_errors, "RETRY_SECONDS", "0.02")


@pytest.fixture(autouse=True)
def _books_are_right_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did to generations, ledger, counters, states and files must tell one story."""
    uses_database = {"committed_cast", "cast", "transactional_db", "db"} & set(request.fixturenames)
    if uses_database:
        request.getfixturevalue("committed_cast" if "cast" not in request.fixturenames else "cast")
    yield
    if uses_database:
        assert_books_are_right()


@pytest.fixture
def gemini_models(committed_cast: Cast) -> list[CloudModel]:
    """The flat-priced and a token-priced model."""
    return [register_model(provider="google-gemini", cloud_model_id=name) for name in (FLASH, NANO)]


@pytest.fixture
def errand(settings: Any, monkeypatch: pytest.MonkeyPatch, committed_cast: Cast) -> Iterator[Shop]:
    """The vendor that answers later, installed and registered."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.generations.errand"]
    with errand_shop() as shop:
        monkeypatch.setenv("ERRAND_BASE_URL", shop.url)
        monkeypatch.setenv("ERRAND_KEY", "errand-key-0123456789")
        Errand.connections_during_calls.clear()
        register_model(provider="errand", cloud_model_id="errand-1")
        yield shop
        shop.done.set()
