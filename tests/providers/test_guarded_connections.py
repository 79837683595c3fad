"""How the guarded door connects: to the checked address, under the name's own Host and certificate, within its caps."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from providers import guarded
from providers.base import Busy, OutcomeUnknown
from providers.guarded import AddressRefused, GuardedTransport, fetch_result
from providers.http import Door, tls_context
from tests.providers.loopback import Behaviour, Loopback, answering, loopback

PUBLIC = "93.184.216.34"
PICTURE = b"the bytes of a picture"
Dialled = list[tuple[str, int]]
Secure = Callable[[Behaviour], AbstractContextManager["Secured"]]


NAMES = ("pictures", "rebinding", "first", "second", "xn--fa-hia")
IPV6 = "2606:4700:4700::1111"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for the names and the address here, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pictures.example")])
    begun = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(begun).not_valid_after(begun + datetime.timedelta(days=90))
    hosts = [*(x509.DNSName(f"{host}.example") for host in NAMES), x509.IPAddress(ipaddress.ip_address(IPV6))]
    made = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False).sign(key, hashes.SHA256())
    form = serialization.Encoding.PEM
    text = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "pictures.pem"
    path.write_bytes(text + made.public_bytes(form))
    return path


@dataclass
class Secured(Loopback):
    """A vendor behind TLS; `names` are those that callers asked for in their greeting."""

    context: ssl.SSLContext = field(default_factory=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    names: list[str] = field(default_factory=list)

    def answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), self.context.wrap_socket(connection, server_side=True) as inside:
            super().answer(inside)


@pytest.fixture
def secured(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secure]:
    """Serves behind TLS; the hub's doors take the certificate for an authority meanwhile."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls_context.cache_clear()

    @contextmanager
    def serving(behave: Behaviour) -> Iterator[Secured]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            vendor = Secured(behave, port=listener.getsockname()[1])
            vendor.context.load_cert_chain(certificate)
            vendor.context.sni_callback = lambda connection, name, _: vendor.names.append(name)
            threading.Thread(target=vendor.serve, args=(listener,), daemon=True).start()
            yield vendor
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)

    yield serving
    tls_context.cache_clear()


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> Dialled:
    """Where connections were asked to go. Public addresses lead to loopback here, at `port_of_the_internet`."""
    monkeypatch.delenv("HUB_LISTED_ADDRESSES", raising=False)
    places: Dialled = []
    connect = socket.create_connection

    def to_loopback(where: tuple[str, int], *rest: object, **options: object) -> socket.socket:
        places.append(where)
        return connect(("127.0.0.1", where[1]), *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", to_loopback)
    monkeypatch.setattr(socket, "getaddrinfo", _no_name_service)
    return places


def _no_name_service(host: str, *rest: object, **options: object) -> list[object]:
    if host != "127.0.0.1":
        raise AssertionError(f"{host} was resolved a second time")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", rest[0]))]


def always(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda host, port: list(addresses)


def guarded_door(resolve: Callable[[str, int], list[str]], **options: float) -> Door:
    return Door("The result's address", transport=GuardedTransport(resolve, **options))


def test_a_name_that_is_rebound_after_the_check_is_connected_to_as_it_was_checked(
    dialled: Dialled, secured: Secure
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    with secured(answering(PICTURE)) as vendor:
        address = f"https://rebinding.example:{vendor.port}/a"
        assert fetch_result(address, door=guarded_door(lambda host, port: next(answers))) == PICTURE
    assert dialled == [(PUBLIC, vendor.port)]


def test_a_name_that_is_rebound_between_two_fetches_is_checked_again(dialled: Dialled, secured: Secure) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    door = guarded_door(lambda host, port: next(answers))
    with secured(answering(PICTURE)) as vendor:
        address = f"https://rebinding.example:{vendor.port}/a"
        fetch_result(address, door=door)
        with pytest.raises(OutcomeUnknown, match=r"rebinding\.example is not a public address"):
            fetch_result(address, door=door)
    assert len(vendor.requests) == len(dialled) == 1


def test_a_public_address_without_encryption_is_not_connected_to(dialled: Dialled) -> None:
    with pytest.raises(AddressRefused, match=r"only https is used there\. Nothing was sent\.") as refused:
        guarded_door(always(PUBLIC)).read("http://pictures.example/", headers={})
    assert "HUB_LISTED_ADDRESSES" in refused.value.remedy
    assert dialled == []


def test_the_host_header_stays_the_names_and_no_key_goes_along(dialled: Dialled, secured: Secure) -> None:
    with secured(answering(PICTURE)) as vendor:
        fetch_result(f"https://pictures.example:{vendor.port}/a?sig=b%2Fc", door=guarded_door(always(PUBLIC)))
    head = vendor.requests[0].decode().lower()
    assert head.startswith("get /a?sig=b%2fc http/1.1\r\n")
    assert f"host: pictures.example:{vendor.port}\r\n" in head
    assert "authorization" not in head
    assert "key" not in head


def test_an_ipv6_literal_is_connected_to_and_named_as_it_is(dialled: Dialled, secured: Secure) -> None:
    with secured(answering(PICTURE)) as vendor:
        assert fetch_result(f"https://[{IPV6}]:{vendor.port}/", door=guarded_door(always(IPV6))) == PICTURE
    assert dialled == [(IPV6, vendor.port)]
    assert f"host: [{IPV6}]:{vendor.port}\r\n".encode() in vendor.requests[0].lower()


def test_an_ipv6_answer_of_the_name_service_may_carry_a_zone(dialled: Dialled) -> None:
    with pytest.raises(AddressRefused):
        guarded_door(always("fe80::1%eth0")).read("http://pictures.example/", headers={})
    assert dialled == []


def test_a_name_outside_ascii_is_one_and_the_same_name_everywhere(dialled: Dialled, secured: Secure) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC]

    with secured(answering(PICTURE)) as vendor:
        fetch_result(f"https://faß.example:{vendor.port}/", door=guarded_door(resolve))
    assert asked == ["xn--fa-hia.example"]
    assert b"host: xn--fa-hia.example:" in vendor.requests[0].lower()


def moved(*targets: str, status: int = 302) -> Behaviour:
    """Answers each request with a redirect to the next of `targets`, then with the picture."""
    left = iter(targets)

    def behave(connection: socket.socket) -> None:
        target = next(left, None)
        if target is None:
            answering(PICTURE)(connection)
        else:
            answering(b"", status=status, headers=f"Location: {target}\r\n")(connection)

    return behave


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_to_a_public_address(dialled: Dialled, secured: Secure, status: int) -> None:
    with secured(lambda connection: None) as vendor:
        vendor.behave = moved(f"https://second.example:{vendor.port}/b", "/c", status=status)
        door = guarded_door(lambda host, port: {"first.example": [PUBLIC], "second.example": ["1.1.1.1"]}[host])
        assert fetch_result(f"https://first.example:{vendor.port}/a", door=door) == PICTURE
    assert [where[0] for where in dialled] == [PUBLIC, "1.1.1.1", "1.1.1.1"]
    assert vendor.requests[2].startswith(b"GET /c ")


REDIRECTED = ["https://127.0.0.1:8/", "http://127.0.0.1:8/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/",
              "file:///etc/passwd", "https://user:pw@second.example/", "gopher://first.example/",
              "https://inside.example/", "http://second.example/"]  # fmt: skip


@pytest.mark.parametrize("target", REDIRECTED)
def test_each_redirect_is_checked_like_the_first_address(dialled: Dialled, secured: Secure, target: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        return (
            [PUBLIC]
            if host in ("first.example", "second.example")
            else ["10.0.0.1"]
            if host == "inside.example"
            else [host]
        )

    with secured(moved(target)) as vendor, pytest.raises(OutcomeUnknown, match="The picture was made"):
        fetch_result(f"https://first.example:{vendor.port}/a", door=guarded_door(resolve))
    assert len(dialled) == 1


def test_redirects_end_after_three(dialled: Dialled, secured: Secure) -> None:
    with secured(moved(*["/again"] * 20)) as vendor, pytest.raises(OutcomeUnknown, match="without end"):
        fetch_result(f"https://first.example:{vendor.port}/a", door=guarded_door(always(PUBLIC)))
    assert len(vendor.requests) == 4


@pytest.mark.parametrize(("status", "error"), [
    (401, OutcomeUnknown), (403, OutcomeUnknown), (404, OutcomeUnknown), (410, OutcomeUnknown),
    (429, Busy), (500, Busy), (503, Busy), (204, Busy),
])  # fmt: skip
def test_an_expired_address_is_unknown_and_a_failing_one_is_asked_again(
    dialled: Dialled, secured: Secure, status: int, error: type[Exception]
) -> None:
    with secured(answering(b"", status=status)) as vendor, pytest.raises(error):
        fetch_result(f"https://pictures.example:{vendor.port}/", door=guarded_door(always(PUBLIC)))


def test_a_result_that_is_too_large_is_not_read_further(dialled: Dialled, secured: Secure) -> None:
    door = Door("The result's address", transport=GuardedTransport(always(PUBLIC)), largest_answer=1000)
    with secured(answering(b"x" * 5000)) as vendor, pytest.raises(OutcomeUnknown, match="more than 1000 bytes"):
        fetch_result(f"https://pictures.example:{vendor.port}/", door=door)


def dripping(head: bytes) -> Behaviour:
    """Sends `head` at once and then a byte every 50 ms, for longer than any test waits."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        with suppress(OSError):
            for _ in range(400):
                connection.sendall(b"x")
                time.sleep(0.05)

    return behave


@pytest.mark.parametrize("head", [
    b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n",
], ids=["head", "body", "body-without-length"])  # fmt: skip
def test_a_byte_now_and_then_is_no_answer(dialled: Dialled, secured: Secure, head: bytes) -> None:
    begun = time.monotonic()
    door = guarded_door(always(PUBLIC), most_seconds=0.5)
    with secured(dripping(head)) as vendor, pytest.raises(Busy):
        fetch_result(f"https://pictures.example:{vendor.port}/", door=door)
    assert time.monotonic() - begun < 5


def test_a_silent_address_is_given_up_after_the_read_time_out(dialled: Dialled, secured: Secure) -> None:
    with secured(lambda connection: time.sleep(3)) as vendor, pytest.raises(Busy):
        fetch_result(f"https://pictures.example:{vendor.port}/", door=guarded_door(always(PUBLIC)), seconds=0.2)


def test_a_clock_that_watches_an_exchange_ends_with_it(dialled: Dialled, secured: Secure) -> None:
    door = guarded_door(always(PUBLIC), most_seconds=3600)
    with secured(answering(PICTURE)) as vendor:
        for _ in range(5):
            fetch_result(f"https://pictures.example:{vendor.port}/", door=door)
    with pytest.raises(Busy):
        fetch_result(f"https://pictures.example:{vendor.port}/", door=door)
    time.sleep(0.1)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_a_listed_loopback_server_is_reached_without_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback(answering(PICTURE)) as vendor:
        with pytest.raises(OutcomeUnknown):
            fetch_result(f"{vendor.url}/a")
        monkeypatch.setenv("SOMETHING_BASE_URL", f"{vendor.url}/v1")
        assert fetch_result(f"{vendor.url}/a") == PICTURE
    assert len(vendor.requests) == 1


def test_the_certificate_is_checked_for_the_name_though_the_connection_goes_to_the_address(
    dialled: Dialled, secured: Secure
) -> None:
    with secured(answering(PICTURE)) as vendor:
        address = f"https://pictures.example:{vendor.port}/a"
        assert fetch_result(address, door=guarded_door(always(PUBLIC))) == PICTURE
    assert dialled == [(PUBLIC, vendor.port)]
    assert vendor.names == ["pictures.example"]
    assert f"host: pictures.example:{vendor.port}\r\n".encode() in vendor.requests[0].lower()


@pytest.mark.parametrize("host", ["other.example", "93.184.216.34"])
def test_a_certificate_for_another_name_is_refused(dialled: Dialled, secured: Secure, host: str) -> None:
    with secured(answering(PICTURE)) as vendor, pytest.raises(Busy, match="could not be reached"):
        fetch_result(f"https://{host}:{vendor.port}/a", door=guarded_door(always(PUBLIC)))
    assert vendor.requests == []


def test_a_costly_call_through_the_guarded_door_knows_whether_a_byte_left(dialled: Dialled, secured: Secure) -> None:
    door = Door("A server", transport=GuardedTransport(always(PUBLIC)), read_seconds=0.2)
    assert guarded.GuardedTransport.traces_sending
    with secured(lambda connection: time.sleep(2)) as vendor, pytest.raises(OutcomeUnknown):
        door.submit("POST", f"https://pictures.example:{vendor.port}/", headers={}, json={})
