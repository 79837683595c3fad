"""Where a vendor is just now, to which a stored key is bound: it goes to no other address."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from cloudhub.vault.models import ProviderKey
from providers.base import Provider

USUAL_PORTS = {"https": 443, "http": 80}


def addresses_of(provider: Provider) -> dict[str, str]:
    """By the vendor's address variables "scheme://host:port", empty where the vendor's own address is in use."""
    return {name: _origin(os.environ.get(name, "").strip()) for name in provider.address_variables}


def is_in_place(stored: ProviderKey, provider: Provider) -> bool:
    """Whether the vendor is still where it was when the key was typed."""
    return dict(stored.bound_to) == addresses_of(provider)


def in_words(addresses: Mapping[str, str], provider: Provider) -> str:
    """For people: the other addresses that are set, else that it is the vendor's own."""
    others = [address for address in addresses.values() if address]
    return ", ".join(others) if others else f"{provider.label}'s own address"


def _origin(address: str) -> str:
    """Of an address that is none the text itself, so that it is never taken for another one."""
    try:
        parts = urlsplit(address)
        port = parts.port or USUAL_PORTS.get(parts.scheme, 0)
    except ValueError:
        return address
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else address
