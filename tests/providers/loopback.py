"""A vendor on loopback, down to the bytes: it reads one whole request per connection and does what the test says."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], None]


@dataclass
class Loopback:
    """`requests` are the bytes that arrived, in order; `port` is a free one."""

    behave: Behaviour
    requests: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = read_request(connection)
            if request:
                self.requests.append(request)
                self.behave(connection)


def read_request(connection: socket.socket) -> bytes:
    """Head and body as the Content-Length says; nothing when the caller left before."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(body: bytes, *, status: int = 200, headers: str = "", length: int | None = None) -> Behaviour:
    """Answer with `body`; a `length` above its own cuts it short."""

    def behave(connection: socket.socket) -> None:
        size = len(body) if length is None else length
        head = f"HTTP/1.1 {status} Status\r\nContent-Length: {size}\r\nConnection: close\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)

    return behave


@contextmanager
def loopback(behave: Behaviour) -> Iterator[Loopback]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        vendor = Loopback(behave, port=listener.getsockname()[1])
        threading.Thread(target=vendor.serve, args=(listener,), daemon=True).start()
        yield vendor
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
