"""A tap on the emulator: what arrives is kept, and a test may put its own answer in the vendor's place."""

import base64
import binascii
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from providers.emulation.contract import Call, Reply, VendorEmulator
from providers.emulation.exchange import Delivery
from providers.emulation.server import RunningServer
from tests.canary import TEST_KEY
from tests.providers.documented import JOB_ID, DocumentedError

NO_PICTURE = b"This is no picture, whatever its name says. " * 8
# Where keys, and tokens that were fetched with one, travel; in any other header the test key itself tells.
KEY_HEADERS = {"authorization", "x-api-key", "x-key", "x-goog-api-key", "api-key"}
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
Hook = Callable[["Arrived"], Delivery | None]
Change = Callable[[Reply], Reply]


@dataclass(frozen=True)
class Arrived:
    """One call that reached an emulated vendor, and whether it is one that can cost money."""

    vendor: str
    call: Call
    is_work: bool

    @property
    def has_key(self) -> bool:
        headers = self.call.headers
        return bool(KEY_HEADERS & set(headers)) or any(TEST_KEY in value for value in headers.values())


@dataclass
class Tap:
    """`calls` in order. `hook` may answer in the vendor's place, `change` alters what the vendor answers."""

    calls: list[Arrived] = field(default_factory=list)
    hook: Hook | None = None
    change: Change | None = None

    def work(self) -> list[Arrived]:
        return [arrived for arrived in self.calls if arrived.is_work]


@contextmanager
def tapped(server: RunningServer) -> Iterator[Tap]:
    """Listen in at a running emulator."""
    tap, exchange = Tap(), server.exchange
    carry_out = exchange.carry_out

    def listen(call: Call) -> Delivery:
        vendor = _vendor_of(exchange.mounts[call.mount], call)
        arrived = Arrived(vendor.id, call, vendor.does_work(call))
        tap.calls.append(arrived)
        given = tap.hook(arrived) if tap.hook else None
        if given is not None:
            return given
        delivery = carry_out(call)
        if tap.change is None or delivery.reply is None:
            return delivery
        return replace(delivery, reply=tap.change(delivery.reply))

    exchange.carry_out = listen  # type: ignore[method-assign]
    try:
        yield tap
    finally:
        del exchange.carry_out  # type: ignore[attr-defined]


def _vendor_of(sharing: list[VendorEmulator], call: Call) -> VendorEmulator:
    """Whose call it is, where several vendors share one address."""
    return next((vendor for vendor in sharing if vendor.takes and vendor.takes(call)), sharing[-1])


def refusing_work(arrived: Arrived) -> Delivery | None:
    """Costly calls are looked at and not carried out."""
    return Delivery(Reply(status=400, body=b"{}")) if arrived.is_work else None


def failing(error: DocumentedError, *, times: int | None = None) -> Hook:
    """The documented answer, to the costly call or to the questions that follow it.

    Where calls carry a key, those that carry none fetch results: they break off, so that the vendor is asked again.
    """
    left, work = times, None

    def hook(arrived: Arrived) -> Delivery | None:
        nonlocal left, work
        is_question = work is not None and not arrived.is_work
        work = arrived if arrived.is_work else work
        if left == 0 or not (arrived.is_work if error.on == "start" else is_question):
            return None
        if is_question and work is not None and work.has_key and not arrived.has_key:
            return Delivery(None)
        left = None if left is None else left - 1
        reply = reply_of(error.status, error.body, error.headers)
        job = arrived.call.path.rpartition("/")[2].encode()
        return Delivery(replace(reply, body=reply.body.replace(JOB_ID.encode(), job)))

    return hook


def reply_of(status: int, body: Any, headers: Any = ()) -> Reply:
    """A reply with a text or a document as its body."""
    data = body.encode() if isinstance(body, str) else orjson.dumps(body)
    kind = "text/html; charset=UTF-8" if isinstance(body, str) else "application/json; charset=UTF-8"
    given = {name: value for name, value in dict(headers).items() if name.lower() != "content-type"}
    chosen = next((value for name, value in dict(headers).items() if name.lower() == "content-type"), kind)
    return Reply(status=status, body=data, content_type=chosen, headers=given)


def without_pictures(reply: Reply) -> Reply:
    """The same answer with bytes that are no picture in each picture's place, wherever pictures stand in it."""
    if reply.body.startswith(MAGIC):
        return replace(reply, body=NO_PICTURE)
    try:
        document = orjson.loads(reply.body)
    except ValueError:
        return replace(reply, body=_spoiled_lines(reply.body))
    return replace(reply, body=orjson.dumps(spoiled(document)))


def spoiled(document: Any, most: int = 1000) -> Any:
    """A document of whose pictures the first `most` are none."""
    left = most

    def change(value: Any) -> Any:
        nonlocal left
        if isinstance(value, dict):
            return {name: change(part) for name, part in value.items()}
        if isinstance(value, list):
            return [change(part) for part in value]
        found = _spoiled_text(value) if isinstance(value, str) and left else value
        left -= found != value
        return found

    return change(document)


def _spoiled_text(text: str) -> str:
    head, comma, data = text.rpartition("base64,")
    try:
        picture = base64.b64decode(data[:64] + "=" * (-len(data[:64]) % 4))
    except (binascii.Error, ValueError):
        return text
    return head + comma + base64.b64encode(NO_PICTURE).decode() if picture.startswith(MAGIC) else text


def _spoiled_lines(body: bytes) -> bytes:
    """Events, one a line, each with its JSON."""
    lines = []
    for line in body.split(b"\n"):
        name, colon, data = line.partition(b":")
        try:
            lines.append(name + colon + b" " + orjson.dumps(spoiled(orjson.loads(data))) if colon else line)
        except ValueError:
            lines.append(line)
    return b"\n".join(lines)


def holds_picture(reply: Reply) -> bool:
    """Whether an answer brings a picture, by itself or inside JSON."""
    return without_pictures(reply).body != reply.body
