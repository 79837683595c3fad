"""The stage of generations: short pauses, and books that must be right after every test."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.generations import engine as engine_module
from cloudhub.generations import finish, perform
from cloudhub.lanes import circuit, limits
from providers.emulation import google_errors
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
    monkeypatch.setattr(google_errors, "RETRY_SECONDS", "0.02")
    # What is tested here goes wrong many times in a row; lanes have tests of their own.
    monkeypatch.setattr(circuit, "FAILURES_TO_OPEN", 1000)
    monkeypatch.setattr(circuit, "PAUSE_WITHOUT_TIME", timedelta(milliseconds=10))
    monkeypatch.setattr(limits, "LEARNED_FOR", timedelta(0))


@pytest.fixture
def any_cast(request: pytest.FixtureRequest) -> Cast:
    """The cast, committed where the test asks for `committed_cast` because it has threads, else in its transaction."""
    cast: Cast = request.getfixturevalue("committed_cast" if "committed_cast" in request.fixturenames else "cast")
    return cast


@pytest.fixture(autouse=True)
def _books_are_right_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did to generations, ledger, counters, states and files must tell one story."""
    has_books = bool({"cast", "committed_cast", "any_cast"} & set(request.fixturenames))
    if has_books:
        request.getfixturevalue("any_cast")
    yield
    if has_books:
        assert_books_are_right()


@pytest.fixture
def gemini_flash(any_cast: Cast) -> CloudModel:
    return register_model(provider="google-gemini", cloud_model_id=FLASH)


@pytest.fixture
def gemini_models(gemini_flash: CloudModel) -> list[CloudModel]:
    """The flat-priced and a token-priced model."""
    return [gemini_flash, register_model(provider="google-gemini", cloud_model_id=NANO)]


@pytest.fixture
def errand(settings: Any, monkeypatch: pytest.MonkeyPatch, any_cast: Cast) -> Iterator[Shop]:
    """The vendor that answers later, installed and registered."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.generations.errand"]
    with errand_shop() as shop:
        monkeypatch.setenv("ERRAND_BASE_URL", shop.url)
        monkeypatch.setenv("ERRAND_KEY", "errand-key-0123456789")
        Errand.connections_during_calls.clear()
        register_model(provider="errand", cloud_model_id="errand-1")
        yield shop
        shop.done.set()
