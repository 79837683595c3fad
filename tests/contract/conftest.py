"""The contract's stage: one emulator for all tests, every vendor pointed at it with a key that it accepts."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudhub.generations import finish, perform
from cloudhub.generations.engine import engine
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer, serve
from tests.contract.drive import doors
from tests.contract.subjects import documents_of, set_credentials, vendors, widest_form
from tests.contract.tap import Tap, tapped
from tests.generations.stage import assert_books_are_right


@pytest.fixture(scope="session")
def served() -> Iterator[RunningServer]:
    with serve() as server:
        yield server


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for what credentials need beside the environment, such as a service account's file."""
    folder = tmp_path_factory.mktemp("papers")
    yield folder
    # It holds the very keys that nothing of a run may hold at its end.
    shutil.rmtree(folder)


@pytest.fixture
def emulator(served: RunningServer, papers: Path, monkeypatch: pytest.MonkeyPatch) -> RunningServer:
    """The emulator with an empty invoice and no faults; every vendor's address and key lead to it."""
    served.exchange.invoice.clear()
    served.exchange.faults.clear()
    for name, address in served.environment.items():
        monkeypatch.setenv(name, address)
    for vendor in vendors():
        set_credentials(vendor, papers, monkeypatch)
    return served


@pytest.fixture
def widest(emulator: RunningServer, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For vendors whose abilities hang on the kind of credentials, the kind that has most."""
    for vendor in vendors():
        form = widest_form(vendor)
        if form != installed_providers()[vendor].forms()[0]:
            set_credentials(vendor, papers, monkeypatch, form=form)


@pytest.fixture
def tap(emulator: RunningServer) -> Iterator[Tap]:
    with tapped(emulator) as listening:
        yield listening


class Impatient(threading.Event):
    """The hub's wish to stop, by which it also waits: nobody waits long for it here."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(0.05 if timeout is None else min(timeout, 0.05))


@pytest.fixture
def quick_vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pauses that some vendors' modules make."""
    for vendor in installed_providers():
        for name, value in documents_of(vendor).quick.items():
            monkeypatch.setattr(name, value)


@pytest.fixture
def quick_hub(
    settings: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, quick_vendors: None
) -> Iterator[None]:
    """The hub with short pauses and without lanes, and books that must be right after the test."""
    settings.GENERATION_SECONDS = 20
    monkeypatch.setattr(perform, "PAUSES", (0.01, 0.02))
    monkeypatch.setattr(finish, "SAVE_PAUSES", (0.01, 0.01))
    monkeypatch.setattr(engine, "stopping", Impatient())
    for provider in installed_providers().values():
        monkeypatch.setattr(type(provider), "is_paced", False)
    request.getfixturevalue("cast")
    yield
    assert_books_are_right()


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No door reads more than two kilobytes."""
    for door in doors():
        monkeypatch.setattr(door, "_largest_answer", 2000)
