from collections.abc import Iterator

import httpx
import pytest

from providers.emulation.server import RunningServer, serve


@pytest.fixture(scope="session")
def served() -> Iterator[RunningServer]:
    with serve() as server:
        yield server


@pytest.fixture
def emulator(served: RunningServer) -> RunningServer:
    """The emulator with an empty invoice and no faults."""
    served.exchange.invoice.clear()
    served.exchange.faults.clear()
    return served


@pytest.fixture(scope="session")
def control_connections(served: RunningServer) -> Iterator[httpx.Client]:
    # A new client for every test would spend most of the time on certificates.
    with httpx.Client(base_url=served.url) as client:
        yield client


@pytest.fixture
def control(emulator: RunningServer, control_connections: httpx.Client) -> httpx.Client:
    """A client of `/invoice` and `/faults`."""
    return control_connections


@pytest.fixture(scope="session")
def google_connections(served: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{served.url}/google", headers={"x-goog-api-key": "test-key"}) as client:
        yield client


@pytest.fixture
def google(emulator: RunningServer, google_connections: httpx.Client) -> httpx.Client:
    """A client of the emulated Gemini API with a key that it accepts."""
    return google_connections


@pytest.fixture(scope="session")
def openai_connections(served: RunningServer) -> Iterator[httpx.Client]:
    headers = {"authorization": "Bearer sk-test-key"}
    with httpx.Client(base_url=served.environment["OPENAI_BASE_URL"], headers=headers) as client:
        yield client


@pytest.fixture
def openai(emulator: RunningServer, openai_connections: httpx.Client) -> httpx.Client:
    """A client of the emulated OpenAI API with a key that it accepts."""
    return openai_connections
