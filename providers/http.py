"""The one HTTP door to vendors: time-outs, the ten-second rule, answers on disk before anyone reads them, errors.

A call that may cost goes through `Door.submit`, a free one through `Door.read` (GET) or `Door.ask` (any method).
Nothing is ever repeated here. The hub grants a costly call by opening a `transmission`; without one (tests, tools) the
same door works and writes no file. Addresses that are not the vendor's own go through `providers.guarded`.
"""

import json
import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import IO, Any, cast

import httpx
import orjson

from providers.credentials import Key
from providers.errors import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.inflate import inflated

logger = logging.getLogger(__name__)
SEND_WITHIN_SECONDS = 10.0
CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 128 * 1024 * 1024


def boot_clock() -> float:
    """Seconds that go on while the process is stopped or the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else time.monotonic()


def vendor_address(variable: str, default: str) -> str:
    """A vendor's address without a slash at its end. Read from the environment at each call, so that tests,
    `emulate_vendors` and an owner's choice of region can point the hub elsewhere."""
    return (os.environ.get(variable, "").strip() or default).rstrip("/")


def header_secret(key: Key, *, missing: str, make: str, check: str) -> str:
    """A key's one secret as it travels in a header, never in an address, which ends in logs.

    Raises `Rejected`: no_key with the sentence `missing` and the remedy `make`, or key_invalid with the remedy `check`.
    """
    secret = key.secret.strip()
    if not secret:
        raise Rejected("no_key", missing, remedy=make)
    if not is_header_safe(secret):
        message = "API credentials are invalid: the key holds white space or other characters that no key has."
        raise Rejected("key_invalid", message, remedy=check)
    return secret


def is_header_safe(value: str) -> bool:
    """Whether a key can travel in a header: printable ASCII without white space."""
    return value.isascii() and value.isprintable() and " " not in value


@cache
def tls_context() -> ssl.SSLContext:
    """The certificate authorities that httpx trusts, read once: every client of its own would take 50 ms for it."""
    return httpx.create_ssl_context()


@dataclass
class Transmission:
    """The hub's leave for one costly call: when the first byte may leave at the latest, and where answers are kept.

    `answers` is a path without ending; the n-th answer is kept as `<answers>-<n>.answer`. With `replay` nothing is
    sent: the kept answers are given again, so that a vendor's own decoding serves recovery too. `on_preview` takes
    each unfinished picture that the vendor shows while it works, with its number from 0. `accepted` is true once the
    vendor has answered a costly call with success: from then on nobody can say that it surely did not run.
    `left_at` is when the first byte of the latest call left.
    """

    send_before: float
    answers: Path
    replay: bool = False
    on_preview: Callable[[bytes, int], None] | None = None
    calls: int = 0
    accepted: bool = False
    left_at: datetime | None = None

    def next_answer(self) -> Path:
        self.calls += 1
        return self.answers.with_name(f"{self.answers.name}-{self.calls}.answer")


_current: ContextVar[Transmission | None] = ContextVar("transmission", default=None)


@contextmanager
def transmission(
    answers: Path,
    *,
    replay: bool = False,
    send_before: float | None = None,
    on_preview: Callable[[bytes, int], None] | None = None,
) -> Iterator[Transmission]:
    """Open the leave for one call. `send_before` is in seconds of `boot_clock`, by default ten seconds from now."""
    latest = boot_clock() + SEND_WITHIN_SECONDS if send_before is None else send_before
    leave = Transmission(latest, answers, replay, on_preview)
    token = _current.set(leave)
    try:
        yield leave
    finally:
        _current.reset(token)


def is_nothing_sent() -> bool:
    """Whether the call under way has a leave and asked the door for no costly exchange yet, kept ones included."""
    leave = _current.get()
    return leave is not None and not leave.replay and leave.calls == 0


def show_preview(picture: bytes, number: int) -> None:
    """Pass an unfinished picture on to whoever waits for the call under way. It is only looked at, never filed."""
    leave = _current.get()
    if leave and leave.on_preview and not leave.replay:
        try:
            leave.on_preview(picture, number)
        except Exception:
            logger.exception("A preview could not be shown; the call goes on.")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The decoded body. Raises ValueError when it is not JSON."""
        return orjson.loads(self.body)

    @property
    def text(self) -> str:
        """The start of the body, for people."""
        return self.body[:2000].decode("utf-8", "replace")


class NotSent(Busy):
    """The call surely did not leave this machine."""

    def __init__(self, message: str) -> None:
        super().__init__("connect_failed_not_sent", message)


class Door:
    """The HTTP client of one vendor. `name` begins its error sentences: "Gemini API error (HTTP 429): …"."""

    def __init__(
        self,
        name: str,
        *,
        read_seconds: float = 600.0,
        largest_answer: int = LARGEST_ANSWER,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self._largest_answer = largest_answer
        self._timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS, pool=SEND_WITHIN_SECONDS)
        self._transport = transport
        # Only a transport that reports its connection's steps can say that nothing was sent.
        self._is_traced = transport is None or bool(getattr(transport, "traces_sending", False))
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def submit(
        self, method: str, url: str, *, headers: Mapping[str, str], watch: Callable[[bytes], None] | None = None,
        **body: Any,
    ) -> Answer:  # fmt: skip
        """Send a call that may cost, once. Raises `NotSent`, or `OutcomeUnknown` once a byte may have left.

        `body` is `json`, or httpx's `content`, `data` and `files`, and `params`. `watch` sees the pieces of the body
        as they arrive; the answer holds them all the same, and an answer that is given again is not watched.
        """
        leave = _current.get()
        kept = leave.next_answer() if leave else None
        if leave and leave.replay:
            return _accepted(leave, _kept_answer(kept))
        sent = threading.Event()
        request = self._request(method, url, headers, body, _send_gate(leave, sent))
        with self._error_mapping(sent, costly=True):
            return _accepted(leave, self._exchange(request, kept, _harmless(watch)))

    def read(self, url: str, *, headers: Mapping[str, str], seconds: float = 30.0, **query: Any) -> Answer:
        """A free GET. Raises `Busy` on any transport failure: a read may always be repeated."""
        return self.ask("GET", url, headers=headers, seconds=seconds, **query)

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], seconds: float = 30.0, **body: Any
    ) -> Answer:  # fmt: skip
        """A free call that may be repeated, such as fetching a token, uploading a reference picture or cancelling.

        Raises `Busy` on any transport failure: nothing was billed.
        """
        request = self._request(method, url, headers, body, None)
        request.extensions["timeout"] = httpx.Timeout(seconds, connect=CONNECT_SECONDS).as_dict()
        with self._error_mapping(threading.Event(), costly=False):
            return self._exchange(request, None, None)

    @property
    def client(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                limits = httpx.Limits(max_connections=2000, max_keepalive_connections=200)
                # One client serves every team's key: a cookie from an answer to one must not go with another.
                no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
                self._client = httpx.Client(
                    timeout=self._timeout, limits=limits, follow_redirects=False, transport=self._transport,
                    cookies=no_cookies, verify=tls_context(), headers={"accept-encoding": "identity"},
                )  # fmt: skip
            return self._client

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any], gate: Any
    ) -> httpx.Request:
        fields = dict(body)
        sent_headers = dict(headers)
        extensions = {"trace": gate} if gate else {}
        try:
            if "json" in fields:
                fields["content"] = orjson.dumps(fields.pop("json"))
                sent_headers.setdefault("content-type", "application/json")
            request = self.client.build_request(method, url, headers=sent_headers, extensions=extensions, **fields)
            request.headers.raw  # noqa: B018 - encoding a header can fail, and must fail before anything is sent
        except (UnicodeEncodeError, httpx.InvalidURL, TypeError) as error:
            # Without its cause, whose text may hold the header at fault, and with it the key.
            raise NotSent(f"{self.name}: the request could not be written ({type(error).__name__}).") from None
        if gate:
            gate("about_to_send", {})
        return request

    def _exchange(
        self, request: httpx.Request, kept: Path | None, watch: Callable[[bytes], None] | None
    ) -> Answer:  # fmt: skip
        response = self.client.send(request, stream=True)
        try:
            return self._receive(response, kept, watch)
        finally:
            response.close()

    def _receive(
        self, response: httpx.Response, kept: Path | None, watch: Callable[[bytes], None] | None
    ) -> Answer:  # fmt: skip
        """The whole body; with `kept`, streamed into a file that gets its final name only when it is complete."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        head = json.dumps({"status": response.status_code, "headers": headers}).encode() + b"\n"
        spool = _Spool(kept)
        chunks: list[bytes] = []
        size = 0
        try:
            spool.write(head)
            # Not httpx's own unpacking, which holds a whole bomb in memory before anybody can count it.
            for chunk in inflated(cast(httpx.SyncByteStream, response.stream), headers.get("content-encoding", "")):
                size += len(chunk)
                if size > self._largest_answer:
                    raise OutcomeUnknown(
                        f"{self.name} sent more than {self._largest_answer} bytes, which is not read further.",
                        request_id=headers.get("x-request-id", ""),
                    )
                chunks.append(chunk)
                spool.write(chunk)
                if watch is not None and response.status_code == 200:
                    watch(chunk)
        except BaseException:
            spool.leave()
            raise
        spool.finish()
        return Answer(response.status_code, headers, b"".join(chunks))

    @contextmanager
    def _error_mapping(self, sent: threading.Event, *, costly: bool) -> Iterator[None]:
        try:
            yield
        except ProviderError:
            raise
        except httpx.LocalProtocolError as error:
            raise NotSent(f"{self.name}: the request could not be written ({type(error).__name__}).") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol,
                httpx.ProxyError) as error:  # fmt: skip
            raise NotSent(f"{self.name} could not be reached ({type(error).__name__}); nothing was sent.") from error
        except httpx.TimeoutException as error:
            raise self._lost(f"{self.name} did not answer in time", sent, costly) from error
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise self._lost(f"The connection to {self.name} broke ({type(error).__name__})", sent, costly) from error

    def _lost(self, what: str, sent: threading.Event, costly: bool) -> ProviderError:
        if not costly:
            return Busy("connect_failed_not_sent", f"{what}; it was only a question, nothing was billed.")
        if not sent.is_set() and self._is_traced:
            return NotSent(f"{what} before anything was sent.")
        return OutcomeUnknown(f"{what} after the request was sent; it may have been carried out and billed.")


def _accepted(leave: Transmission | None, answer: Answer) -> Answer:
    if leave and answer.status < 300:
        leave.accepted = True
    return answer


def _harmless(watch: Callable[[bytes], None] | None) -> Callable[[bytes], None] | None:
    """A watcher whose mistakes do not cost an answer."""
    if watch is None:
        return None

    def look(piece: bytes) -> None:
        try:
            watch(piece)
        except Exception:
            logger.exception("An answer could not be watched as it arrived; it goes on.")

    return look


def _send_gate(leave: Transmission | None, sent: threading.Event) -> Callable[[str, Any], None]:
    """Stops a call whose leave is too old just before its first byte: a process that was paused sends nothing."""

    def gate(event: str, _: Any) -> None:
        if event not in ("about_to_send", "http11.send_request_headers.started"):
            return
        if leave and boot_clock() > leave.send_before:
            raise NotSent("The hub was held up for too long before sending; nothing was sent.")
        if event != "about_to_send":
            sent.set()
            if leave:
                leave.left_at = datetime.now(UTC)

    return gate


class _Spool:
    """The file of one answer as it arrives; it gets its final name only when it is whole.

    The answer is worth more than its file: where that cannot be written, the call goes on in memory alone.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        if path is not None:
            with self._going_on():
                self._file = path.with_suffix(".part").open("wb")

    def write(self, data: bytes) -> None:
        if self._file is not None:
            with self._going_on():
                self._file.write(data)

    def finish(self) -> None:
        """The answer is whole."""
        if self._file is not None and self._path is not None:
            with self._going_on():
                self._file.close()
                self._path.with_suffix(".part").replace(self._path)

    def leave(self) -> None:
        """The answer broke off: the part that came stays for the person who decides."""
        if self._file is not None:
            with self._going_on():
                self._file.close()

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            logger.exception("An answer cannot be written to the disk; it goes on in memory.")
            file, self._file = self._file, None
            with suppress(OSError):
                if file is not None:
                    file.close()
            with suppress(OSError):
                if self._path is not None:
                    self._path.with_suffix(".part").unlink(missing_ok=True)


def _kept_answer(path: Path | None) -> Answer:
    if path is None or not path.exists():
        raise OutcomeUnknown("The vendor's answer was not kept whole.")
    head, _, body = path.read_bytes().partition(b"\n")
    facts = json.loads(head)
    return Answer(facts["status"], facts["headers"], body)
