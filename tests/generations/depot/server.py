"""The depot itself: shelves for uploads, and pictures."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import socket

from tests.generations.stage import png
from tests.providers.loopback import Loopback, answering, loopback


@dataclass
class Warehouse:
    """`uploads` and `calls` are the bodies that came; the statuses are answered first, oldest first."""

    url: str = ""
    uploads: list[bytes] = field(default_factory=list)
    calls: list[bytes] = field(default_factory=list)
    upload_statuses: list[int] = field(default_factory=list)
    call_statuses: list[int] = field(default_factory=list)
    upload_answer: bytes = b'{"shelf": "the-secret-shelf"}'

    def answer(self, connection: socket, vendor: Loopback) -> None:
        head, _, body = vendor.requests[-1].partition(b"\r\n\r\n")
        if head.startswith(b"PUT /uploads"):
            self.uploads.append(body)
            answering(self.upload_answer, status=self.upload_statuses.pop(0) if self.upload_statuses else 200)(
                connection
            )
            return
        self.calls.append(body)
        pictures = [base64.b64encode(png()).decode() for _ in range(json.loads(body)["n"])]
        document = json.dumps({"id": f"call-{len(self.calls)}", "pictures": pictures}).encode()
        answering(document, status=self.call_statuses.pop(0) if self.call_statuses else 200)(connection)


@contextmanager
def warehouse() -> Iterator[Warehouse]:
    house = Warehouse()
    with loopback(lambda connection: house.answer(connection, vendor)) as vendor:
        house.url = vendor.url
        yield house
