"""The stage of records: books that must be right after every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.generations.stage import assert_books_are_right


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture(autouse=True)
def _books_are_right_afterwards(request: pytest.FixtureRequest, _own_folder: None) -> Iterator[None]:
    """Nothing that is removed may change what the ledger, the states and the store say together."""
    cast = next((name for name in ("cast", "committed_cast") if name in request.fixturenames), None)
    if cast:
        request.getfixturevalue(cast)
    yield
    if cast:
        assert_books_are_right()
