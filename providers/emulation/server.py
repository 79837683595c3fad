"""The emulator over real HTTP/1.1: a thread a connection, and the control of the socket that lost answers need."""

import re
import socket
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.control import control
from providers.emulation.exchange import Delivery, Exchange
from providers.emulation.installed import base_addresses, installed_emulators

LARGEST_BODY = 160 * 1024 * 1024
NO_BODY_STATUSES = (204, 304)


class _UnreadableBody(ValueError):
    """The request's body did not arrive whole or is not framed as HTTP/1.1 has it."""


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], exchange: Exchange) -> None:
        self.exchange = exchange
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # The base class asks the name service for the host's full name, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        host, port = self.socket.getsockname()[:2]
        self.server_address = (host, port)
        self.server_name, self.server_port = str(host), port

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def break_connections(self) -> None:
        """End the connections that callers keep open, so that a stopped vendor is really gone."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A caller that leaves before its answer is ordinary here and no reason for a traceback.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "CloudHubVendors"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: _HttpServer

    def _serve(self) -> None:
        try:
            body = self._read_body()
        except _UnreadableBody as error:
            self.close_connection = True
            self._deliver(Delivery(json_reply({"error": {"code": "invalid", "message": str(error)}}, status=400)))
            return
        self._deliver(self._answer(body))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _answer(self, body: bytes) -> Delivery:
        address = urlsplit(self.path)
        path = unquote(address.path)
        mount, _, rest = path.removeprefix("/").partition("/")
        if mount not in self.server.exchange.mounts:
            method = "GET" if self.command == "HEAD" else self.command
            return Delivery(control(self.server.exchange, method, path, body))
        host = self.headers.get("host") or f"{self.server.server_name}:{self.server.server_port}"
        call = Call(
            method=self.command,
            mount=mount,
            path=f"/{rest}",
            query=dict(parse_qsl(address.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            origin=f"http://{host}",
        )
        return self.server.exchange.carry_out(call)

    def _read_body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return self._read_chunks()
        text = self.headers.get("content-length", "0").strip()
        if not re.fullmatch("[0-9]{1,12}", text):
            raise _UnreadableBody("The Content-Length is no number.")
        return self._read_exactly(int(text))

    def _read_chunks(self) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            text = self.rfile.readline(1024).split(b";")[0].strip()
            try:
                length = int(text, 16)
            except ValueError as error:
                raise _UnreadableBody("A chunk's length is no number.") from error
            size += length
            if length < 0 or size > LARGEST_BODY:
                raise _UnreadableBody(f"The body has more than {LARGEST_BODY} bytes.")
            if length:
                chunks.append(self._read_exactly(length))
            ending = self.rfile.readline(1024)
            while length == 0 and ending.strip():
                ending = self.rfile.readline(1024)
            if length == 0:
                return b"".join(chunks)

    def _read_exactly(self, length: int) -> bytes:
        if length > LARGEST_BODY:
            raise _UnreadableBody(f"The body has more than {LARGEST_BODY} bytes.")
        body = self.rfile.read(length)
        if len(body) < length:
            raise _UnreadableBody("The body ended before its announced length.")
        return body

    def _deliver(self, delivery: Delivery) -> None:
        reply = delivery.reply
        if reply is None:
            self.close_connection = True
            return
        self._send_head(reply)
        body = b"" if self.command == "HEAD" or reply.status in NO_BODY_STATUSES else reply.body
        if delivery.cut_after is not None and delivery.cut_after < len(body):
            self.close_connection = True
            body = body[: delivery.cut_after]
        self.wfile.write(body)

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.status not in NO_BODY_STATUSES:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the invoice tells what was done."""


class RunningServer:
    """An emulator at work in a thread of this process; leave its `with` block or call `close` to end it."""

    def __init__(self, host: str, port: int) -> None:
        self.exchange = Exchange(installed_emulators())
        self._http = _HttpServer((host, port), self.exchange)
        self.url = f"http://{host}:{self._http.server_port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name="vendors-emulator", daemon=True
        )
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """The `*_BASE_URL` variables that send every vendor's client here."""
        return base_addresses(self.exchange.vendors, self.url)

    def close(self) -> None:
        """Take no more calls, break the open connections and free the port."""
        self.exchange.stop()
        self._http.shutdown()
        self._http.server_close()
        self._http.break_connections()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def serve(port: int = 0, host: str = "127.0.0.1") -> RunningServer:
    """Start the emulator of every installed vendor; port 0 takes a free one. Raises OSError when the port is taken."""
    return RunningServer(host, port)
