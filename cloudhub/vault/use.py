"""Count each call that a stored key makes."""

from django.db.models import F
from django.utils import timezone

from cloudhub.vault.models import ProviderKey
from providers.base import Key


class KeyWithdrawn(Exception):
    """The key was rotated or revoked between its reading and the call; another one has to be read."""


def count_use(key: Key) -> None:
    """Part of the transaction that takes the right to send. Raises `KeyWithdrawn`, which ends that transaction."""
    if key.stored_id:
        active = ProviderKey.objects.filter(id=key.stored_id, state=ProviderKey.State.ACTIVE)
        if not active.update(use_count=F("use_count") + 1, last_used_at=timezone.now()):
            raise KeyWithdrawn
