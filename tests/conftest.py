"""The cast and stage of every test: Alice owns the hub, Bob is on her team, Victor may look, Charlie is a stranger."""

import functools
import os
import threading
import time
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import httpx
import hypothesis
import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django import Settings
from waitress import wasyncore
from waitress.server import create_server

from cloudhub.accounts.actor import Actor, permissions_of
from cloudhub.accounts.audit_guards import install_guards, remove_guards
from cloudhub.accounts.models import Membership, Role, Team, User
from cloudhub.billing.triggers import install_triggers, remove_triggers
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.register import register_model, synchronise_catalog
from cloudhub.generations import wake
from cloudhub.generations.engine import engine
from cloudhub.wsgi import application
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer, serve
from tests import google_accounts
from tests.canary import TEST_KEY, Statements
from tests.hub_keys import create_hub_key

PASSWORD = "correct horse battery"
# Every httpx client reads all certificate authorities anew, 50 ms each; the tests and the SDKs in them make thousands.
httpx._transports.default.create_ssl_context = functools.cache(httpx.create_ssl_context)  # type: ignore[attr-defined]
# The machine is shared: how long an example takes says nothing about the code.
hypothesis.settings.register_profile(
    "shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("shared")
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What touches no database has been run on SQLite already; on PostgreSQL only the rest says anything new."""
    if connection.vendor != "postgresql" or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    databases = {"db", "transactional_db", "django_db_setup", "prepared"}
    touching = {
        item
        for item in items
        if databases & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")
    }
    config.hook.pytest_deselected(items=[item for item in items if item not in touching])
    items[:] = [item for item in items if item in touching]


@pytest.fixture(scope="session", autouse=True)
def _emptying_a_database_passes_the_guards() -> Iterator[None]:
    """Transactional tests empty all tables: by DELETE on SQLite, which both guards refuse, by TRUNCATE on PostgreSQL,
    which the audit trail's refuse."""
    original = BaseDatabaseOperations.execute_sql_flush

    def flush(self: BaseDatabaseOperations, statements: list[str]) -> None:
        remove_guards(self.connection)
        if self.connection.vendor == "sqlite":
            remove_triggers(self.connection)
        original(self, statements)
        if self.connection.vendor == "sqlite":
            install_triggers(self.connection)
        install_guards(self.connection)

    BaseDatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
    yield
    BaseDatabaseOperations.execute_sql_flush = original  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _no_vendor_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor that a test forgets to point at an emulator is a closed port, never the internet, and has no key."""
    for vendor in installed_providers().values():
        for name in vendor.address_variables:
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        for form in vendor.forms():
            for name in form.variables:
                monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    # Google's library would look for this machine's own sign-in: in its folder, then at an address of Google Cloud's.
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nowhere/gcloud")
    monkeypatch.setenv("NO_GCE_CHECK", "true")


statements = Statements()


@receiver(connection_created)
def _watch(connection: BaseDatabaseWrapper, **_: object) -> None:
    if statements not in connection.execute_wrappers:
        connection.execute_wrappers.append(statements)


def pytest_sessionfinish() -> None:
    statements.leave_count()


@pytest.fixture(autouse=True)
def _no_key_reaches_a_database() -> Iterator[None]:
    """A vendor's test key in any statement, of any thread, fails the test that was running."""
    before = statements.found
    yield
    assert statements.found == before, "A vendor's key was sent to the database."


@pytest.fixture(autouse=True)
def _nobody_asked_yet() -> None:
    """What earlier tests counted in the cache does not slow down people of the same number."""
    cache.clear()


@pytest.fixture(autouse=True)
def _nobody_asked_yet() -> None:
    """What earlier tests counted in the cache does not slow down people of the same number."""
    cache.clear()


@pytest.fixture(autouse=True)
def _fresh_engine() -> Iterator[None]:
    """Each test gets an engine without a worker of an earlier test's database."""
    yield
    if engine._lease is not None:
        engine.stopping.set()
        engine._end_waiting()
        wake.new_work.set()
        last = time.monotonic() + 10
        while engine.in_flight and time.monotonic() < last:
            time.sleep(0.02)
        if engine._loop is not None:
            engine._loop.join(timeout=10)
        if engine._chores is not None:
            engine._chores.join(timeout=10)
        engine._lease._stop.set()
        if engine._lease._lock:
            engine._lease._lock.close()
        engine._alarm.set()
        if engine._clock is not None:
            engine._clock.join(timeout=10)
    engine._lease = engine._loop = engine._clock = engine._chores = None
    engine._later.clear()
    engine.stopping.clear()
    engine._ended.clear()


# A picture in the usual style takes half a second to draw, and most tests look at none.
QUICKLY_DRAWN = {"style": "geometry", "quality": "draft"}


@dataclass(frozen=True)
class Cast:
    team: Team
    other_team: Team
    alice: Actor
    bob: Actor
    victor: Actor
    charlie: Actor
    practice: CloudModel


PARTS = (("alice", Role.OWNER), ("bob", Role.MEMBER), ("victor", Role.VIEWER), ("charlie", Role.OWNER))


def make_cast() -> Cast:
    team, other = Team.objects.bulk_create([Team(name="Studio"), Team(name="Elsewhere")])
    users = User.objects.bulk_create(
        User(email=f"{name}@example.org", password=_hashed(PASSWORD), is_staff=name == "alice",
             is_superuser=name == "alice")
        for name, _ in PARTS
    )  # fmt: skip
    memberships = Membership.objects.bulk_create(
        Membership(user=user, team=other if name == "charlie" else team, role=role)
        for user, (name, role) in zip(users, PARTS, strict=True)
    )
    people = {name: _actor(one) for one, (name, _) in zip(memberships, PARTS, strict=True)}
    return Cast(team, other, practice=practice_model(), **people)


def _actor(one: Membership) -> Actor:
    return Actor(one.user, one.team, one.role, None, permissions_of(one.user, one.role))


_hashed = functools.cache(make_password)
_from_catalogue: list[tuple[CloudModel, Price]] = []


def practice_model() -> CloudModel:
    """The practice model as the catalogue registers it. It is read there once; later tests get rows like those."""
    if not _from_catalogue or CloudModel.objects.exists():
        synchronise_catalog()
        model = CloudModel.objects.get(key="practice-1")
        model.defaults = QUICKLY_DRAWN
        model.save(update_fields=["defaults"])
        _from_catalogue[:] = [(copy(model), model.prices.get())]
        return model
    model, price = map(copy, _from_catalogue[0])
    model.pk = price.pk = None
    model.save(force_insert=True)
    price.model = model
    price.save(force_insert=True)
    return model


@pytest.fixture
def cast(db: None) -> Cast:
    """The people, teams and the practice model, in a test's transaction."""
    return make_cast()


@pytest.fixture
def committed_cast(transactional_db: None) -> Cast:
    """The same, committed: for tests with threads, real servers and rival transactions."""
    return make_cast()


@pytest.fixture
def alice(cast: Cast) -> Actor:
    return cast.alice


@pytest.fixture
def bob(cast: Cast) -> Actor:
    return cast.bob


@pytest.fixture
def victor(cast: Cast) -> Actor:
    return cast.victor


@pytest.fixture
def charlie(cast: Cast) -> Actor:
    return cast.charlie


def key_of(actor: Actor, scopes: tuple[str, ...] = ("read", "generate", "manage")) -> str:
    """A fresh hub key's text for an actor."""
    return create_hub_key(name="test", user=actor.user, team=actor.team, scopes=scopes)[1]


def client_of(actor: Actor) -> Client:
    """A signed-in browser-like client."""
    client = Client()
    client.force_login(actor.user)
    return client


@dataclass(frozen=True)
class RunningHub:
    url: str
    cast: Cast


@pytest.fixture
def hub_server(committed_cast: Cast) -> Iterator[RunningHub]:
    """The real WSGI server with the runner inside, as `hub.py run` starts it, on a free port."""
    server = create_server(application, host="127.0.0.1", port=0, threads=24)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    engine.begin()
    yield RunningHub(f"http://127.0.0.1:{server.effective_port}", committed_cast)
    engine.stop(grace=5)
    # Answers under way end while their sockets are still there, also those that nobody waits for any longer.
    server.task_dispatcher.shutdown(timeout=5)
    server.trigger.pull_trigger(functools.partial(wasyncore.close_all, server._map))
    thread.join(timeout=5)
    connections.close_all()


@pytest.fixture
def gemini(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The Gemini emulator on loopback, with a key that it accepts; `.url` is the emulator's own address."""
    with serve() as emulator:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", f"{emulator.url}/google")
        monkeypatch.setenv("GOOGLE_API_KEY", TEST_KEY)
        yield emulator


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """Every vendor's emulator on loopback, and for each a key that it accepts."""
    with serve() as emulator:
        for name, address in emulator.environment.items():
            monkeypatch.setenv(name, address)
        for vendor in installed_providers().values():
            for name in vendor.forms()[0].required:
                monkeypatch.setenv(name, TEST_KEY)
        yield emulator


@pytest.fixture
def vertex(vendors: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunningServer:
    """Every vendor's emulator, and a Google Cloud project with a service account in place of Google's API key."""
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", google_accounts.PROJECT)
    monkeypatch.setenv("GOOGLE_CLOUD_REGION", "us-central1")
    path = google_accounts.write_key_file(tmp_path, google_accounts.service_account(vendors.url))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
    return vendors


@pytest.fixture
def gemini_flash(transactional_db: None, committed_cast: Cast) -> CloudModel:
    return register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash-image")


@pytest.fixture
def workbench(settings: Settings) -> None:
    """A vendor with an open catalogue, installed."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.catalog.workbench"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; tests fail, not skip, where there is none."""
    # Playwright's loop makes Django believe that tests run inside asyncio; the threads here are plain ones.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
        launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        # Machines that others use too are now and then ten times slower.
        expect.set_options(timeout=15_000)
        yield launched
        launched.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts (`width`, `height`, `scheme`) that are closed after the test."""
    contexts: list[BrowserContext] = []

    def make(width: int = 1280, height: int = 900, scheme: str = "light") -> BrowserContext:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


def sign_in(page: Page, url: str, actor: Actor) -> None:
    """Sign in through the page, as a person does."""
    page.goto(f"{url}/login/")
    page.fill("input[name=username]", actor.user.email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{url}/")
