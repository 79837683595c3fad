"""Bodies of requests, and aiohttp's plain answers to what has no route or cannot be read."""

from email.message import Message
from email.parser import BytesParser
from typing import Any

import orjson

from providers.emulation.contract import Call, Reply


class Refused(Exception):
    """A plain answer of the web server itself."""

    def __init__(self, status: int, words: str) -> None:
        self.status, self.words = status, words
        super().__init__(words)

    def reply(self) -> Reply:
        return Reply(status=self.status, body=self.words.encode(), content_type="text/plain; charset=utf-8")


def usual_failure(call: Call, status: int) -> Reply:
    """The usual answer with that status, for a fault that names no body."""
    words = {500: "500 Internal Server Error\n\nServer got itself in trouble"}
    return Refused(status, words.get(status, f"{status}: {'OK' if status < 400 else 'Error'}")).reply()


def read_object(call: Call, *, may_be_empty: bool = False) -> dict[str, Any]:
    if may_be_empty and not call.body:
        return {}
    try:
        document = orjson.loads(call.body)
    except ValueError as error:
        raise Refused(500, "500 Internal Server Error\n\nServer got itself in trouble") from error
    if not isinstance(document, dict):
        raise Refused(500, "500 Internal Server Error\n\nServer got itself in trouble")
    return document


def read_form(call: Call) -> tuple[str, bytes, str, str]:
    """File name, bytes, subfolder and folder type of a multipart upload."""
    head = f"Content-Type: {call.headers.get('content-type', '')}\r\n\r\n".encode()
    parts: dict[str, Message] = {}
    for part in BytesParser().parsebytes(head + call.body).walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            parts[name] = part
    image = parts.get("image")
    filename = image.get_filename() if image else None
    if image is None or not filename:
        raise Refused(400, "")
    data = image.get_payload(decode=True)
    return filename, data if isinstance(data, bytes) else b"", _field(parts, "subfolder"), _field(parts, "type")


def _field(parts: dict[str, Message], name: str) -> str:
    part = parts.get(name)
    value = part.get_payload(decode=True) if part else b""
    return value.decode().strip() if isinstance(value, bytes) else ""
