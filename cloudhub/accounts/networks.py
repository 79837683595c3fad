"""Networks from which a hub key may be used: read, and compared with the address that the web server saw."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
# ::ffff:0:0/96 holds IPv4 addresses in the form of IPv6: a socket for both families reports callers so.
MAPPED_BITS = 96


def read_network(text: str) -> Network:
    """A network such as 10.0.0.0/8 or 2001:db8::/32, or one address. Raises ValueError for anything else."""
    network = ip_network(text.strip(), strict=False)
    if isinstance(network, IPv6Network) and network.prefixlen >= MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - MAPPED_BITS))
    return network


def lies_within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the stored networks; what is no address (a local socket) lies in none."""
    try:
        caller: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(caller, IPv6Address) and caller.ipv4_mapped is not None:
        caller = caller.ipv4_mapped
    return any(caller in ip_network(network) for network in networks)


def is_part_of(network: Network, wider: Iterable[str]) -> bool:
    """Whether every address of a network lies in one of the stored ones."""
    for text in wider:
        other = ip_network(text)
        if isinstance(network, IPv4Network) and isinstance(other, IPv4Network) and network.subnet_of(other):
            return True
        if isinstance(network, IPv6Network) and isinstance(other, IPv6Network) and network.subnet_of(other):
            return True
    return False
