"""The door to addresses that are not a vendor's own: result addresses in answers, self-hosted servers, webhooks.

The address is https, its name is resolved, every address that it stands for must be public, and the connection goes to
exactly the address that was checked. What the owner listed is let through: `*_BASE_URL` and `*_IMS_URL` in the
environment and HUB_LISTED_ADDRESSES, each for exactly its scheme, host and port.
"""

import ipaddress
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from providers.errors import Busy, OutcomeUnknown, Rejected
from providers.http import Answer, Door, boot_clock, tls_context

LARGEST_RESULT = 64 * 1024 * 1024
MOST_REDIRECTS = 3
LISTED_SUFFIXES = ("_BASE_URL", "_IMS_URL")
LIST_REMEDY = "If it is yours, the owner lists it in HUB_LISTED_ADDRESSES, as scheme, host and port."
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Azure and Oracle answer their machines' metadata requests on addresses that look public. The relays of 6to4 (RFC 7526)
# and the second network for documents (RFC 9637) pass for global too.
NEVER = tuple(
    ipaddress.ip_network(network) for network in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "3fff::/20")
)
# All of IPv6 that is given out to the internet today; some of the rest, such as site-local, passes for global.
_GIVEN_OUT = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}
Resolve = Callable[[str, int], list[str]]
Trace = Callable[[str, Any], None]


class AddressRefused(Rejected):
    """The address is not one that the hub connects to; nothing was sent."""

    def __init__(self, sentence: str) -> None:
        super().__init__("connect_failed_not_sent", f"{sentence} Nothing was sent.", remedy=LIST_REMEDY)


def listed_addresses(environment: Mapping[str, str] | None = None) -> frozenset[tuple[str, str, int]]:
    """(scheme, host, port) of every address that the owner listed; what cannot be read lists nothing."""
    values = os.environ if environment is None else environment
    texts = [value for name, value in values.items() if name.endswith(LISTED_SUFFIXES)]
    texts += values.get("HUB_LISTED_ADDRESSES", "").split(",")
    origins = (_origin(text.strip()) for text in texts if text.strip())
    return frozenset(origin for origin in origins if origin)


def _origin(text: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.scheme, (parts.hostname or "").lower(), port) if parts.hostname and port else None


def is_public(address: IpAddress) -> bool:
    """Whether an address is on the open internet, also when an IPv4 address hides inside an IPv6 one."""
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, ipaddress.IPv6Address) and address not in _GIVEN_OUT:
        return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in network for network in NEVER)


def _embedded(address: IpAddress) -> IpAddress | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, as text. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class GuardedTransport(httpx.BaseTransport):
    """Connects to public or listed addresses only, each time to the very address that was checked.

    One exchange, from the connection to the last byte, lasts at most `most_seconds`.
    """

    # `Door` learns from the trace of the connection below whether a byte may have left.
    traces_sending = True

    def __init__(self, resolve: Resolve = resolve, *, most_seconds: float = 600.0) -> None:
        self._resolve = resolve
        self._most_seconds = most_seconds
        # A kept connection would be found again by address alone, whichever name its certificate was checked for.
        limits = httpx.Limits(max_connections=500, max_keepalive_connections=0)
        self._inner = httpx.HTTPTransport(limits=limits, verify=tls_context())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.scheme not in _PORTS or not url.host:
            raise AddressRefused(f"{url.scheme or 'no scheme'}: is not an address that the hub fetches.")
        if url.userinfo:
            raise AddressRefused("An address with a name or password in it is not used.")
        port = _PORTS[url.scheme] if url.port is None else url.port
        # The name as it travels: a name outside ASCII must be one and the same for resolver, Host and certificate.
        host = url.raw_host.decode("ascii").lower()
        if (url.scheme, host, port) not in listed_addresses():
            # Host header and certificate stay the name's; only where the connection goes is the checked address.
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = url.copy_with(host=self._checked(url.scheme, host, port))
        end = _End(self._most_seconds)
        request.extensions = {**request.extensions, "trace": end.watching(request.extensions.get("trace"))}
        try:
            response = self._inner.handle_request(request)
        except BaseException:
            end.cancel()
            raise
        stream = _LimitedStream(response.stream, end)  # type: ignore[arg-type]
        return httpx.Response(response.status_code, headers=response.headers, stream=stream,
                              extensions=response.extensions)  # fmt: skip

    def _checked(self, scheme: str, host: str, port: int) -> str:
        try:
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in self._resolve(host, port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise httpx.ConnectError(f"The name {host} cannot be resolved.") from error
        if not found or not all(is_public(address) for address in found):
            raise AddressRefused(f"{host} is not a public address.")
        if scheme != "https":
            raise AddressRefused(f"{host} is public and would be reached without encryption; only https is used there.")
        return str(found[0])

    def close(self) -> None:
        self._inner.close()


class _End:
    """The end of one exchange: a vendor that sends a byte a minute, in its head or its body, is no vendor."""

    def __init__(self, seconds: float) -> None:
        self._latest = boot_clock() + seconds
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._break)
        self._timer.daemon = True
        self._timer.start()

    @property
    def is_past(self) -> bool:
        return boot_clock() > self._latest

    def cancel(self) -> None:
        self._timer.cancel()

    def watching(self, trace: Trace | None) -> Trace:
        """A trace that learns which connection is the exchange's, and passes everything on to `trace`."""

        def follow(event: str, details: Any) -> None:
            if trace is not None:
                trace(event, details)
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                self._socket = details["return_value"].get_extra_info("socket")

        return follow

    def _break(self) -> None:
        """Wakes whoever reads; a connection that is still being made has a time-out of its own."""
        with suppress(OSError):
            if self._socket is not None:
                # Not the TLS socket's own method, which would take its state away from the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _LimitedStream(httpx.SyncByteStream):
    """A body that has to be whole before the exchange's end; one that the end cut short is never taken for whole."""

    def __init__(self, stream: httpx.SyncByteStream, end: _End) -> None:
        self._stream = stream
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._check()
            yield chunk
        self._check()

    def _check(self) -> None:
        if self._end.is_past:
            raise httpx.ReadTimeout("The answer took too long.")

    def close(self) -> None:
        self._end.cancel()
        self._stream.close()


_results = Door("The result's address", transport=GuardedTransport(most_seconds=120), largest_answer=LARGEST_RESULT)


def fetch_result(url: str, *, door: Door = _results, seconds: float = 60.0) -> bytes:
    """The bytes behind a result address that a vendor's answer named, without any key. For use in `check`.

    Raises `Busy` where asking again may help, and `OutcomeUnknown` when the address is refused or has expired: the
    work is done and probably billed. In `start` a `Busy` after an accepted call must become a `Pending` instead.
    """
    address = _joined("", url)
    for _ in range(MOST_REDIRECTS + 1):
        try:
            answer = door.read(address, headers={}, seconds=seconds)
        except Rejected as error:
            raise OutcomeUnknown(f"The picture was made, and its address is not fetched: {error.message}") from error
        if answer.status not in (301, 302, 303, 307, 308):
            return _body(answer)
        address = _joined(address, answer.headers.get("location", ""))
    raise OutcomeUnknown("The picture was made, and its address leads from one address to the next without end.")


def _joined(base: str, address: str) -> str:
    try:
        return str(httpx.URL(base).join(address))
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise OutcomeUnknown("The picture was made, and what should be its address is none.") from error


def _body(answer: Answer) -> bytes:
    if answer.status == 200:
        return answer.body
    if answer.status in (401, 403, 404, 410):
        raise OutcomeUnknown(
            f"The picture was made, and its address no longer answers (HTTP {answer.status}).",
            remedy="Look into the vendor's console for the picture; the owner settles or writes off the call.",
        )
    raise Busy("provider_5xx", f"The result's address answers HTTP {answer.status}; it is asked again.")
