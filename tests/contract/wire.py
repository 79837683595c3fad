"""Requests as flat maps, so that two can be compared: where a field stands and what it holds, without chance."""

import email
import email.policy
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from tests.contract.tap import Arrived

Flat = dict[str, str]
UNTOLD = {"host", "content-length", "content-type", "connection", "accept-encoding", "user-agent", "date"}


def flat(calls: Iterable[Arrived]) -> Flat:
    """Every value of several requests by its place."""
    found: Flat = {}
    for number, arrived in enumerate(calls):
        call = arrived.call
        found[f"{number} {call.method}"] = f"/{call.mount}{call.path}"
        found |= {f"{number}?{name}": value for name, value in call.query.items()}
        found |= {f"{number}:{name}": value for name, value in call.headers.items() if name not in UNTOLD}
        found |= {f"{number}.{place}": value for place, value in _body(call.headers, call.body)}
    return found


def _body(headers: Mapping[str, str], body: bytes) -> Iterator[tuple[str, str]]:
    kind = headers.get("content-type", "")
    if kind.startswith("multipart/"):
        yield from _parts(kind, body)
    elif kind.startswith("application/x-www-form-urlencoded"):
        yield from parse_qsl(body.decode(), keep_blank_values=True)
    else:
        try:
            yield from _leaves("", orjson.loads(body))
        except ValueError:
            yield "body", _short(body)


def _parts(kind: str, body: bytes) -> Iterator[tuple[str, str]]:
    message = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP)
    for number, part in enumerate(message.iter_parts()):  # type: ignore[attr-defined]
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        yield f"{number}.{name}", _short(content)
        yield f"{number}.{name}.type", f"{part.get_content_type()} {part.get_filename() is not None}"


def _leaves(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(f"{place}/{name}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(f"{place}/{number}", inner)
    else:
        yield place, _short(orjson.dumps(value))


def _short(value: bytes) -> str:
    return value.decode(errors="replace") if len(value) < 300 else hashlib.sha256(value).hexdigest()


def differs(one: Flat, other: Flat, chance: set[str]) -> bool:
    """Whether two requests differ where chance has no part."""
    places = {place for place in {*one, *other} if place not in chance}
    return any(one.get(place) != other.get(place) for place in places)
