"""Pictures behind addresses, as the retired models gave them: open to everyone who knows the address, for an hour."""

import secrets
import threading
import time

from providers.emulation.contract import Call, Reply

SECONDS_OPEN = 3600
MOST_KEPT = 200
_lock = threading.Lock()
_files: dict[str, tuple[float, bytes]] = {}


def keep_file(data: bytes, call: Call) -> str:
    """The address of a picture, below the vendor's mount."""
    name = f"img-{secrets.token_urlsafe(16)}.png"
    with _lock:
        _files[name] = (time.monotonic(), data)
        while len(_files) > MOST_KEPT:
            del _files[next(iter(_files))]
    return f"{call.origin}/{call.mount}/files/{name}?se=3600&sp=r&sig={secrets.token_urlsafe(24)}"


def read_file(name: str) -> Reply:
    """The picture, or what a store answers for an address that is closed or never was."""
    with _lock:
        kept_at, data = _files.get(name, (0.0, b""))
    if not data or time.monotonic() - kept_at > SECONDS_OPEN:
        page = b"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code></Error>"
        return Reply(status=403, body=page, content_type="application/xml")
    return Reply(body=data, content_type="image/png")
