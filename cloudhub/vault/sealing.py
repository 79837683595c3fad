"""Put a key's secrets into its row and take them out again."""

import json
import logging
from collections.abc import Iterable, Mapping

from cloudhub.core.redaction import know_secret
from cloudhub.vault.envelope import CannotDecrypt, seal, unseal
from cloudhub.vault.models import ProviderKey
from providers.base import Key, Provider

logger = logging.getLogger(__name__)
_told: set[str] = set()


def seal_into(stored: ProviderKey, secrets: Mapping[str, str]) -> None:
    """Encrypt the secrets into the unsaved row, whose other columns stand. Raises as `envelope.seal`."""
    text = json.dumps(dict(secrets), sort_keys=True).encode()
    stored.ciphertext, stored.encryption_key_id = seal(text, place_of(stored))


def open_key(stored: ProviderKey, provider: Provider) -> Key:
    """The credentials in a row, for a call. Raises `CannotDecrypt`."""
    try:
        secrets = json.loads(unseal(stored.ciphertext, place_of(stored)))
    except ValueError:
        raise CannotDecrypt("The stored key opens, but holds no credentials.") from None
    form = next((form for form in provider.forms() if form.name == stored.form), None)
    if form is None:
        raise CannotDecrypt(f"The stored key is of a kind that {provider.label} no longer takes.")
    for secret in secrets.values():
        know_secret(secret)
    given = {**stored.public_values, **secrets}
    values = {name: given[name] for name in form.variables if given.get(name)}
    return Key(values, source=stored.source, form=form.name, public=form.public, stored_id=str(stored.pk))


def openable(rows: Iterable[ProviderKey], provider: Provider) -> list[Key]:
    """The keys among the rows that open, in the same order. What does not is told once in the log."""
    found = []
    for stored in rows:
        try:
            found.append(open_key(stored, provider))
        except CannotDecrypt as error:
            if stored.ciphertext not in _told:
                _told.add(stored.ciphertext)
                logger.warning("%s Key %s of %s is passed over.", error.message, stored.pk, provider.id)
    return found


def can_open(stored: ProviderKey) -> bool:
    """Whether a row's secrets open here."""
    try:
        unseal(stored.ciphertext, place_of(stored))
    except CannotDecrypt:
        return False
    return True


def place_of(stored: ProviderKey) -> dict[str, object]:
    """What the ciphertext is bound to: it opens in this row, for this vendor at this address, and nowhere else."""
    return {
        "table": ProviderKey._meta.db_table, "row": str(stored.pk), "field": "ciphertext", "provider": stored.provider,
        "form": stored.form, "bound_to": dict(stored.bound_to), "public_values": dict(stored.public_values),
    }  # fmt: skip
