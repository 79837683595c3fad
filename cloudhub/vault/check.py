"""Check a vendor's key without spending."""

from cloudhub.vault.keys import key_for
from providers.base import Provider


def check_key(provider: Provider) -> str:
    """What the vendor says of our key, as a sentence. Raises `ProviderError` with the remedy."""
    return provider.validate_credentials(key_for(provider))
