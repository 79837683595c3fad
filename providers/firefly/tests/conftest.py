import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from providers.firefly.tests.adobe import BASE, IMS, png


@pytest.fixture(autouse=True)
def _addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREFLY_BASE_URL", BASE)
    monkeypatch.setenv("FIREFLY_IMS_URL", IMS)


@dataclass
class Pictures:
    """A server of picture files on loopback.

    `asked` are the headers of each request, in lower case; the paths in `lost` answer 404.
    """

    url: str
    asked: list[dict[str, str]] = field(default_factory=list)
    body: bytes = field(default_factory=png)
    status: int = 200
    lost: tuple[str, ...] = ()

    def urls(self, count: int) -> list[str]:
        return [f"{self.url}/{place}.png" for place in range(count)]


@pytest.fixture
def loopback_pictures(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pictures]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pictures.asked.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(404 if self.path in pictures.lost else pictures.status)
            self.send_header("content-length", str(len(pictures.body)))
            self.end_headers()
            self.wfile.write(pictures.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pictures = Pictures(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HUB_LISTED_ADDRESSES", pictures.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield pictures
    server.shutdown()
    server.server_close()
    thread.join()
