"""Encryption of secrets in the database: AES-256-GCM under a fresh data key each, which one of the hub's keys wraps.

CLOUDHUB_ENCRYPTION_KEYS holds the hub's keys, each 32 random bytes in URL-safe base64, with commas, the newest first:
the newest encrypts, every one decrypts. A sealed text is "v1.<id of the hub's key>.<wrapped data key>.<secret>", both
parts nonce and ciphertext in URL-safe base64. The associated data binds both parts to their place, so that a text that
was moved to another row, or whose row was changed, does not open. No error holds a byte of key or secret.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from cloudhub.core.errors import Conflict, HubError

VARIABLE = "CLOUDHUB_ENCRYPTION_KEYS"
VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12
HOW_TO_MAKE = (
    "Make one with: python3 -c "
    "'import base64,secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'"
)
Place = Mapping[str, object]


class BadEncryptionKeys(HubError):
    """The setting cannot be read, or holds no key. The sentence says which entry, never what stands in it."""

    code = "encryption_keys"


class NoEncryptionKey(Conflict):
    """Nothing can be stored: the hub has no key to encrypt with."""

    code = "no_encryption_key"


class CannotDecrypt(HubError):
    """A sealed text does not open here: its key is missing, or it or its row was changed."""

    code = "cannot_decrypt"


def encryption_keys() -> dict[str, bytes]:
    """The hub's keys by id, the newest first; empty when none is set. Raises `BadEncryptionKeys`."""
    return dict(_read(settings.CLOUDHUB_ENCRYPTION_KEYS))


def newest_id() -> str:
    """The id of the key that encrypts. Raises `NoEncryptionKey` or `BadEncryptionKeys`."""
    for key_id in encryption_keys():
        return key_id
    raise NoEncryptionKey(
        f"The hub cannot store keys: {VARIABLE} is not set. {HOW_TO_MAKE}, put it into .env and start the hub again. "
        "Until then keys in .env work."
    )


def seal(secret: bytes, place: Place) -> tuple[str, str]:
    """The sealed text, and the id of the hub's key that it needs. Raises `NoEncryptionKey` or `BadEncryptionKeys`."""
    key_id = newest_id()
    data_key = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
    wrapped = _encrypt(encryption_keys()[key_id], data_key, _bound("data key", key_id, place))
    return f"{VERSION}.{key_id}.{wrapped}.{_encrypt(data_key, secret, _bound('secret', key_id, place))}", key_id


def unseal(sealed: str, place: Place) -> bytes:
    """The secret. Raises `CannotDecrypt`."""
    parts = sealed.split(".")
    if len(parts) != 4 or parts[0] != VERSION:
        raise CannotDecrypt("The stored key is damaged: it is no encrypted text of this hub.")
    _, key_id, wrapped, secret = parts
    try:
        hub_key = encryption_keys().get(key_id)
    except BadEncryptionKeys as error:
        raise CannotDecrypt(f"The stored key cannot be decrypted: {error.message}") from None
    if hub_key is None:
        raise CannotDecrypt(f"The stored key needs an encryption key ({key_id}) that is not in {VARIABLE}.")
    data_key = _decrypt(hub_key, wrapped, _bound("data key", key_id, place))
    return _decrypt(data_key, secret, _bound("secret", key_id, place))


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[tuple[str, bytes], ...]:
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    return tuple((_id_of(key), key) for key in (_read_one(number, entry) for number, entry in enumerate(entries, 1)))


def _read_one(number: int, entry: str) -> bytes:
    try:
        key = base64.b64decode(entry.encode() + b"=" * (-len(entry) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise BadEncryptionKeys(
            f"Entry {number} of {VARIABLE} is no key: it must be {KEY_BYTES} bytes in URL-safe base64. {HOW_TO_MAKE}"
        )
    return key


def _id_of(key: bytes) -> str:
    """Names a key without telling it."""
    return hashlib.sha256(b"cloudhub encryption key id\0" + key).hexdigest()[:12]


def _bound(part: str, key_id: str, place: Place) -> bytes:
    facts = {"version": VERSION, "part": part, "encryption_key": key_id, "place": dict(place)}
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _encrypt(key: bytes, plain: bytes, bound: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, plain, bound)).decode().rstrip("=")


def _decrypt(key: bytes, text: str, bound: bytes) -> bytes:
    try:
        sealed = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        message = "The stored key does not open: it, or what stands beside it in the database, was changed."
        raise CannotDecrypt(message) from None
