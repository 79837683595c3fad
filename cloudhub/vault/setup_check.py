"""Say at the start of every command what is wrong with CLOUDHUB_ENCRYPTION_KEYS."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from cloudhub.vault.envelope import BadEncryptionKeys, encryption_keys


@register()
def check_encryption_keys(**_: Any) -> list[CheckMessage]:
    """An error for a setting that cannot be read. An empty one is none: the keys of `.env` work without it."""
    try:
        encryption_keys()
    except BadEncryptionKeys as error:
        return [Error(error.message, id="vault.E001")]
    return []
