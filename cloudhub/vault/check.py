"""Check a vendor's key without spending."""

from dataclasses import replace

from cloudhub.vault.keys import key_for
from providers.base import Provider, Rejected


def check_key(provider: Provider) -> str:
    """What the vendor says of our key, as a sentence. Raises `ProviderError` with the remedy."""
    return provider.validate_credentials(key_for(provider))


def check_wrong_key(provider: Provider) -> str:
    """What the vendor says of a key that cannot be right, as a sentence. Raises `Rejected` when it takes that too."""
    key = key_for(provider)
    wrong = {
        name: value if name in key.public else f"invalid-{name.lower()}-0000" for name, value in key.values.items()
    }
    try:
        provider.validate_credentials(replace(key, values=wrong))
    except Rejected as error:
        return error.message
    raise Rejected("capability", f"{provider.label} took a key that cannot be right; its check proves nothing.")
