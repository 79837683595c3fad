"""Networks of hub keys: IPv4, IPv6, and IPv4 in the form of IPv6."""

import pytest

from cloudhub.accounts.networks import is_part_of, lies_within, read_network

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    ("text", "stored"),
    [("10.0.0.0/8", "10.0.0.0/8"), (" 10.1.2.3/8 ", "10.0.0.0/8"), ("192.0.2.7", "192.0.2.7/32"),
     ("2001:DB8::/32", "2001:db8::/32"), ("::1", "::1/128"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
     ("::ffff:192.0.2.7", "192.0.2.7/32"), ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0")],
)  # fmt: skip
def test_a_network_is_stored_in_one_form(text: str, stored: str) -> None:
    assert str(read_network(text)) == stored


@pytest.mark.parametrize(
    "text", ["", "x", "10.0.0.0/33", "10.0.0", "300.1.1.1", "10.0.0.0-10.0.0.9", "2001:db8::/129", "*"]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's sentence is not shown
        read_network(text)


@pytest.mark.parametrize(
    ("address", "inside"),
    [("10.255.0.1", True), ("11.0.0.1", False), ("::ffff:10.0.0.1", True), ("::ffff:11.0.0.1", False),
     ("2001:db8::1", True), ("2001:db9::1", False), ("fe80::1%eth0", False), ("", False), ("unix:", False),
     ("10.0.0.1, 11.0.0.1", False), ("::10.0.0.1", False)],
)  # fmt: skip
def test_an_address_lies_inside_or_not(address: str, inside: bool) -> None:
    assert lies_within(address, ["10.0.0.0/8", "2001:db8::/32"]) is inside


@pytest.mark.parametrize(
    ("network", "part"),
    [("10.1.0.0/16", True), ("10.0.0.0/8", True), ("0.0.0.0/0", False), ("10.0.0.0/7", False), ("::/0", False),
     ("2001:db8:1::/48", True)],
)  # fmt: skip
def test_a_part_of_a_network_is_known(network: str, part: bool) -> None:
    assert is_part_of(read_network(network), ["10.0.0.0/8", "2001:db8::/32"]) is part
