"""Pictures behind addresses, xAI's usual answer: open to everyone who knows the address, for an hour."""

import secrets
import threading
import time

from providers.emulation.contract import Call, Reply

SECONDS_OPEN = 3600
MOST_KEPT = 50
_lock = threading.Lock()
_files: dict[str, tuple[float, bytes]] = {}


def keep_file(data: bytes, call: Call) -> str:
    """The address of a picture, below the vendor's mount."""
    name = f"xai-tmp-imgen-{secrets.token_urlsafe(16)}.jpeg"
    with _lock:
        _files[name] = (time.monotonic(), data)
        while len(_files) > MOST_KEPT:
            del _files[next(iter(_files))]
    return f"{call.origin}/{call.mount}/files/{name}"


def read_file(name: str) -> Reply:
    """The picture, or what a store answers for an address that is closed or never was."""
    with _lock:
        kept_at, data = _files.get(name, (0.0, b""))
    if not data or time.monotonic() - kept_at > SECONDS_OPEN:
        return Reply(status=404, body=b"Not Found", content_type="text/plain")
    return Reply(body=data, content_type="image/jpeg")
