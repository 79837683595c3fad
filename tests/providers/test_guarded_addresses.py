"""Which addresses the guarded door connects to: public ones, and those that the owner listed; none of the others."""

import ipaddress

import httpx
import pytest

from providers.base import OutcomeUnknown
from providers.guarded import AddressRefused, GuardedTransport, fetch_result, is_public, listed_addresses
from providers.http import Door

# Written as an attacker would; none needs a name service, so that no test leaves the machine.
HOSTILE = [
    # this machine, in every spelling that resolvers read
    "http://127.0.0.1/", "http://127.0.0.1:80/", "http://127.1/", "http://127.0.1/", "http://127.255.255.254/",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0x0.0x0.0x1/", "http://0x7f.1/", "http://017700000001/",
    "http://0177.0.0.1/", "http://0177.0.0.01/", "http://127.0.0.0x1/", "http://0/", "http://0.0.0.0/", "http://0x0/",
    "http://localhost/", "http://LOCALHOST/", "http://[::1]/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/",
    "https://127.0.0.1:8443/admin",
    # IPv4 inside IPv6
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::ffff:a9fe:a9fe]/", "http://[::ffff:10.0.0.1]/",
    "http://[::127.0.0.1]/", "http://[::7f00:1]/",
    "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b::c0a8:101]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::1]/", "http://[2002:c0a8:101::1]/", "http://[2002:a00:1::1]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "http://[2001:0:4136:e378:8000:63bf:5601:5601]/",
    # private networks
    "http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/",
    "http://167772161/", "http://0xc0a80101/", "http://0300.0250.1.1/", "http://[fc00::1]/", "http://[fd12:3456::1]/",
    "http://[fe80::1]/", "http://[fec0::1]/", "http://100.64.0.1/", "http://198.18.0.1/",
    # metadata services: AWS, Google, Azure, Oracle, Alibaba
    "http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/v2/credentials", "http://2852039166/",
    "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://[fd00:ec2::254]/", "http://[fd20:ce::254]/",
    "http://168.63.129.16/", "http://192.0.0.192/", "http://100.100.100.200/",
    # nobody's: documentation, multicast, broadcast, reserved, other worlds of IPv6
    "http://192.0.2.1/", "http://198.51.100.1/", "http://203.0.113.1/", "http://224.0.0.1/", "http://239.255.255.250/",
    "http://255.255.255.255/", "http://240.0.0.1/", "http://[2001:db8::1]/", "http://[ff02::1]/", "http://[100::1]/",
    "http://192.88.99.1/", "http://[2002:c058:6301::1]/", "http://[64:ff9b::c058:6301]/", "http://[3fff::1]/",
    "http://[3fff:fff:ffff::1]/", "http://[5f00::1]/", "http://[4000::1]/",
    # a name or password in the address
    "http://user@93.184.216.34/", "http://user:password@93.184.216.34/", "http://127.0.0.1@93.184.216.34/",
    "http://93.184.216.34@127.0.0.1/", "http://93.184.216.34%2f@127.0.0.1/", "http://127.0.0.1\\@93.184.216.34/",
    # other schemes, and none
    "ftp://93.184.216.34/x", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "data:image/png;base64,AAAA",
    "javascript:alert(1)", "unix:///var/run/docker.sock", "ws://127.0.0.1/", "//127.0.0.1/x", "/etc/passwd", "",
    "http:///x", "http://", "https:127.0.0.1",
    # what is no address at all
    "http://①②⑦.⓪.⓪.①/", "http://[::1", "http://[v1.x]/", "http://127.0.0.1:99999999/", "http://127.0.0.1:x/",
    "http://\x00/", "http://exa mple.org\r\nHost: internal/",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _only_numbers_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_LISTED_ADDRESSES", raising=False)


@pytest.mark.parametrize("address", HOSTILE)
def test_a_hostile_address_is_never_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[object] = []
    monkeypatch.setattr("socket.create_connection", lambda *where, **_: dialled.append(where))
    with pytest.raises((OutcomeUnknown,)) as refused:
        fetch_result(address, door=Door("The result's address", transport=GuardedTransport()))
    assert dialled == []
    assert refused.value.message.startswith("The picture was made, and ")
    # None of them is refused for want of encryption alone.
    assert "only https" not in refused.value.message


def test_at_least_sixty_of_them_are_tried() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("address", ["http://127.0.0.1/", "http://[::1]/", "gopher://x/", "http://a:b@93.184.216.34/"])
def test_a_refused_address_says_that_nothing_was_sent_and_what_the_owner_can_do(address: str) -> None:
    with pytest.raises(AddressRefused, match=r"Nothing was sent\.") as refused:
        Door("A webhook", transport=GuardedTransport()).submit("POST", address, headers={}, json={})
    assert "HUB_LISTED_ADDRESSES" in refused.value.remedy


def test_a_name_of_which_one_address_is_private_is_refused_whole() -> None:
    transport = GuardedTransport(lambda host, port: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(AddressRefused, match=r"pictures\.example is not a public address"):
        Door("X", transport=transport).read("https://pictures.example/", headers={})


@pytest.mark.parametrize("found", [[], ["not an address"]])
def test_a_name_that_stands_for_nothing_is_not_connected_to(found: list[str]) -> None:
    with pytest.raises(Exception, match=r"could not be reached|is not a public address"):
        Door("X", transport=GuardedTransport(lambda host, port: found)).read("https://pictures.example/", headers={})


PUBLIC = [
    "1.1.1.1", "93.184.216.34", "8.8.8.8", "172.15.255.255", "172.32.0.1", "192.167.255.255", "192.0.1.1",
    "100.63.255.255", "100.128.0.1", "169.253.255.255", "198.17.255.255", "223.255.255.255", "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_the_neighbours_of_private_networks_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


LISTED = {"COMFYUI_BASE_URL": "http://192.168.1.20:8188", "FIREFLY_IMS_URL": "https://ims.example/x",
          "HUB_LISTED_ADDRESSES": "http://127.0.0.1:9000, http://[::1]:9000,HTTPS://Pictures.Example ,"}  # fmt: skip


def test_listed_addresses_are_scheme_host_and_port() -> None:
    assert listed_addresses(LISTED) == {
        ("http", "192.168.1.20", 8188), ("https", "ims.example", 443), ("http", "127.0.0.1", 9000),
        ("http", "::1", 9000), ("https", "pictures.example", 443),
    }  # fmt: skip


@pytest.mark.parametrize("value", ["", "  ", ",", "nonsense", "127.0.0.1:80", "http://", "http://[::1", "http://x:y"])
def test_what_cannot_be_read_lists_nothing(value: str) -> None:
    assert listed_addresses({"HUB_LISTED_ADDRESSES": value, "X_BASE_URL": value}) == frozenset()


@pytest.mark.parametrize("name", ["BASE_URL_OF_X", "HUB_URL", "DATABASE_URL", "X_BASE_URLS"])
def test_only_base_addresses_and_the_list_count(name: str) -> None:
    assert listed_addresses({name: "http://127.0.0.1:9000"}) == frozenset()


ASKED = [
    ("http://127.0.0.1:9000/a?b=c", True), ("http://127.0.0.1:9000", True), ("HTTP://127.0.0.1:9000/", True),
    ("http://127.0.0.1:9001/", False), ("http://127.0.0.1/", False), ("https://127.0.0.1:9000/", False),
    ("http://127.0.0.2:9000/", False), ("http://localhost:9000/", False), ("http://127.1:9000/", False),
    ("http://127.0.0.1:09000/", True), ("http://[::1]:9000/", True), ("http://[::ffff:127.0.0.1]:9000/", False),
    ("http://user@127.0.0.1:9000/", False), ("http://127.0.0.1.:9000/", False), ("http://127.0.0.1:0/", False),
]  # fmt: skip


@pytest.mark.parametrize(("address", "lets_through"), ASKED)
def test_a_listed_address_counts_for_exactly_its_scheme_host_and_port(
    address: str, lets_through: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_LISTED_ADDRESSES", "http://127.0.0.1:9000,http://[::1]:9000")
    dialled: list[tuple[str, int]] = []

    def connect(where: tuple[str, int], *_: object, **__: object) -> None:
        dialled.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", connect)
    with pytest.raises(Exception, match=r"not a public address|could not be reached|password in it"):
        Door("X", transport=GuardedTransport()).read(address, headers={})
    assert bool(dialled) is lets_through


def test_a_listed_default_port_may_be_written_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for listed, asked in (("http://10.0.0.1", "http://10.0.0.1:80/"), ("https://10.0.0.1:443", "https://10.0.0.1/")):
        monkeypatch.setenv("X_BASE_URL", listed)
        url = httpx.URL(asked)
        assert (url.scheme, url.host, url.port or {"http": 80, "https": 443}[url.scheme]) in listed_addresses()
