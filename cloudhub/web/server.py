"""The threaded web server of this process: one listening socket, stopped without cutting an answer short."""

import json
import socket
import threading
import time
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

DRAIN_SECONDS = 3.0
# Hub keys, cookies and addresses fit many times over.
MOST_HEADER_BYTES = 64 * 1024
_WORDS = {
    400: ("invalid", "The request cannot be read. Nothing was done."),
    413: ("too_large", "The body is larger than the hub takes. Nothing was done."),
    431: ("too_large", "The headers or the address are larger than the hub takes. Nothing was done."),
}
_DOORS = ("/api/", "/v1/")


class SpokenRefusal(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """What cannot even be read is refused in words too: for programs in an envelope that clients of both doors know."""

    def execute(self) -> None:
        status, _, _ = self.request.error.to_response()
        code, words = _WORDS.get(int(status[:3]), ("internal", "The hub cannot answer this. Nothing was done."))
        kind, body = "text/plain; charset=utf-8", f"{words}\n".encode()
        if str(getattr(self.request, "path", "") or "").startswith(_DOORS):
            error = {"code": code, "message": words, "type": "invalid_request_error", "param": None}
            kind, body = "application/json", json.dumps({"error": error}).encode()
        self.status = status
        self.response_headers += [("Content-Type", kind), ("X-Content-Type-Options", "nosniff"),
                                  ("Content-Security-Policy", "default-src 'none'; sandbox")]  # fmt: skip
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    error_task_class = SpokenRefusal


class WebServer:
    """Listens at once; raises OSError when the address cannot be used. Answers after `begin`."""

    def __init__(self, host: str, port: int, application: Any = None) -> None:
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._server = create_server(
            application or get_wsgi_application(),
            sockets=[self._socket],
            threads=settings.WEB_THREADS,
            ident=None,
            channel_timeout=120,
            # Pictures of several megabytes stay in memory instead of a detour over temporary files.
            inbuf_overflow=8 * 1024 * 1024,
            outbuf_overflow=32 * 1024 * 1024,
            max_request_header_size=MOST_HEADER_BYTES,
            max_request_body_size=settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 2**20,
            **_behind_proxy(),
        )
        self._server.channel_class = _Channel

    def begin(self) -> None:
        threading.Thread(target=self._server.run, name="web", daemon=True).start()

    def stop_listening(self) -> None:
        """Take no new connection; answers under way go on."""
        self._server.trigger.pull_trigger(self._close_socket)

    def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Wait until every answer under way has left, at most so long."""
        last = time.monotonic() + seconds
        while time.monotonic() < last and self._is_answering():
            time.sleep(0.02)

    def _close_socket(self) -> None:
        self._server.del_channel()
        self._socket.close()

    def _is_answering(self) -> bool:
        channels = list(self._server.active_channels.values())
        waiting = any(channel.requests or channel.total_outbufs_len for channel in channels)
        return waiting or self._server.task_dispatcher.active_count > 0


def _listen(host: str, port: int) -> socket.socket:
    """One socket on the first address that the host means; "::" takes IPv4 as well where the system can."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(address[:2], family=family, backlog=1024, dualstack_ipv6=both)


def _behind_proxy() -> dict[str, Any]:
    """Behind TLS the proxy's word on scheme and client counts, and only that proxy's."""
    if not settings.HUB_HTTPS:
        return {}
    headers = {"x-forwarded-proto", "x-forwarded-for", "x-forwarded-host"}
    return {"trusted_proxy": settings.HUB_TRUSTED_PROXY, "trusted_proxy_headers": headers}
