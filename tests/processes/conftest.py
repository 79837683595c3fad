"""A prepared hub on SQLite or PostgreSQL, copied for each test, and the Gemini emulator that its processes call."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from providers.emulation.server import serve
from tests.canary import TEST_KEY
from tests.processes.hub_process import HubFolder


def is_postgresql() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def in_server(statement: str, **names: str) -> None:
    """One statement on the tests' PostgreSQL server, outside of any transaction."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        values = {name: sql.Identifier(value) for name, value in names.items()}
        connection.execute(sql.SQL(statement).format(**values))


def url_of(database: str) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{database}"))


def environment_for(data: Path, database_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "PYTEST", "CLOUDHUB"))}
    return {
        **kept,
        "CLOUDHUB_ENV_FILE": "",
        "CLOUDHUB_DATA_DIR": str(data),
        "DATABASE_URL": database_url,
        "SECRET_KEY": "a-secret-for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "OWNER_PASSWORD": "correct horse battery",
        "HUB_CALL_THREADS": "32",
    }


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubFolder]:
    """Database, catalogue and key, made once; tests copy it."""
    data = tmp_path_factory.mktemp("prepared")
    database = f"prepared_{secrets.token_hex(4)}"
    if is_postgresql():
        in_server("CREATE DATABASE {database}", database=database)
    folder = HubFolder(data, url_of(database) if is_postgresql() else "", "", {})
    folder.environment = environment_for(data, folder.database_url)
    ended = folder.run("-m", "tests.processes.inside", "prepare")
    assert ended.returncode == 0, ended.stderr[-2000:]
    folder.key = json.loads(ended.stdout.splitlines()[-1])["key"]
    yield folder
    if is_postgresql():
        in_server("DROP DATABASE {database} WITH (FORCE)", database=database)


@pytest.fixture
def emulator() -> Iterator[object]:
    with serve() as running:
        yield running


@pytest.fixture
def hub(prepared: HubFolder, tmp_path: Path, emulator: object) -> Iterator[HubFolder]:
    """A hub of one's own, whose processes call the emulator; whatever still runs at the end is killed."""
    data = tmp_path / "data"
    shutil.copytree(prepared.data, data)
    database = f"killed_{secrets.token_hex(4)}"
    if is_postgresql():
        template = urlsplit(prepared.database_url).path[1:]
        in_server("CREATE DATABASE {database} TEMPLATE {template}", database=database, template=template)
    folder = HubFolder(data, url_of(database) if is_postgresql() else "", prepared.key, {})
    folder.environment = {
        **environment_for(data, folder.database_url),
        "GOOGLE_API_KEY": TEST_KEY,
        "GOOGLE_GEMINI_BASE_URL": f"{emulator.url}/google",  # type: ignore[attr-defined]
    }
    yield folder
    for process in folder.processes:
        process.kill()
    if is_postgresql():
        in_server("DROP DATABASE {database} WITH (FORCE)", database=database)
