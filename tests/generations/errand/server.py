"""The errand vendor itself: jobs that are done when the test says so."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.generations.stage import png


@dataclass
class Shop:
    """`starts`, `checks` and `cancels` are the job ids asked for, `keys` what each request was asked with; `statuses`
    are answered first, oldest first. Between taking a job and telling its id it waits for `tells`.
    """

    url: str = ""
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    starts: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    start_statuses: list[int] = field(default_factory=list)
    check_statuses: list[int] = field(default_factory=list)
    missing_pictures: int = 0
    done_after_checks: int = 1_000_000
    done: threading.Event = field(default_factory=threading.Event)
    tells: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.tells.set()

    def start(self, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        job = f"job-{len(self.starts) + 1}"
        self.starts.append(job)
        status = self.start_statuses.pop(0) if self.start_statuses else 200
        self.jobs[job] = wish
        self.tells.wait(10)
        return status, {"id": job}

    def check(self, job: str) -> tuple[int, dict[str, Any]]:
        self.checks.append(job)
        status = self.check_statuses.pop(0) if self.check_statuses else 200
        if job in self.cancels:
            return status, {"id": job, "cancelled": True}
        if not self.done.is_set() and len(self.checks) < self.done_after_checks:
            return status, {"id": job}
        count = self.jobs[job]["n"] - self.missing_pictures
        pictures = [base64.b64encode(png(size=(300, 300 + index))).decode() for index in range(count)]
        return status, {"id": job, "pictures": pictures}


@contextmanager
def errand_shop() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            wish = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.reply(*shop.start(wish))

        def do_GET(self) -> None:
            parts = self.path.strip("/").split("/")
            if parts[-1] == "cancel":
                shop.cancels.append(parts[1])
                self.reply(200, {"id": parts[1]})
            else:
                self.reply(*shop.check(parts[1]))

        def reply(self, status: int, document: dict[str, Any]) -> None:
            shop.keys.append(self.headers.get("x-key", ""))
            body = json.dumps(document).encode()
            with suppress(OSError):
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        shop.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield shop
        server.shutdown()
