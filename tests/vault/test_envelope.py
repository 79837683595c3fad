"""What is sealed opens in its own place, with its own key, and nowhere else."""

import base64

import pytest
from pytest_django import Settings

from cloudhub.vault.envelope import (
    BadEncryptionKeys,
    CannotDecrypt,
    NoEncryptionKey,
    encryption_keys,
    newest_id,
    seal,
    unseal,
)
from cloudhub.vault.setup_check import check_encryption_keys
from tests.vault.conftest import CANARY, NEW, OLD

pytestmark = pytest.mark.sqlite_only
PLACE = {"table": "keys", "row": "1", "field": "ciphertext", "provider": "openai", "bound_to": {"URL": ""}}


def test_a_secret_comes_back_and_is_not_in_the_text() -> None:
    sealed, key_id = seal(CANARY.encode(), PLACE)
    assert unseal(sealed, PLACE).decode() == CANARY
    assert sealed.startswith(f"v1.{key_id}.")
    assert CANARY not in sealed
    assert base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip("=") not in sealed


def test_the_same_secret_never_looks_the_same() -> None:
    first, second = seal(b"secret", PLACE)[0], seal(b"secret", PLACE)[0]
    assert first != second
    assert first.split(".")[2] != second.split(".")[2]


@pytest.mark.parametrize("column", sorted(PLACE))
def test_it_does_not_open_in_another_place(column: str) -> None:
    sealed, _ = seal(b"secret", PLACE)
    with pytest.raises(CannotDecrypt):
        unseal(sealed, {**PLACE, column: "another"})


def test_no_part_can_be_exchanged_or_cut() -> None:
    one, other = seal(CANARY.encode(), PLACE)[0].split("."), seal(b"other", PLACE)[0].split(".")
    broken = [
        ".".join([*one[:3], other[3]]), ".".join([*one[:2], other[2], one[3]]), ".".join(one[:3]), "", "v1", "....",
        ".".join(["v2", *one[1:]]), ".".join(one)[:-3], ".".join([*one[:3], ""]), ".".join([*one[:3], "é"]),
        ".".join([*one[:3], one[3][:10]]),
    ]  # fmt: skip
    for text in broken:
        with pytest.raises(CannotDecrypt) as caught:
            unseal(text, PLACE)
        assert CANARY not in str(caught.value)
        assert caught.value.__cause__ is None


def test_every_bit_counts() -> None:
    sealed, _ = seal(b"secret", PLACE)
    start, wrapped, secret = sealed.rsplit(".", 2)
    for part in (wrapped, secret):
        data = bytearray(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for place in range(len(data)):
            data[place] ^= 1
            text = base64.urlsafe_b64encode(bytes(data)).decode().rstrip("=")
            changed = f"{start}.{text}.{secret}" if part == wrapped else f"{start}.{wrapped}.{text}"
            with pytest.raises(CannotDecrypt):
                unseal(changed, PLACE)
            data[place] ^= 1


def test_the_newest_key_seals_and_older_ones_still_open(settings: Settings) -> None:
    sealed, old_id = seal(b"secret", PLACE)
    settings.CLOUDHUB_ENCRYPTION_KEYS = f" {NEW} ,{OLD},"
    assert unseal(sealed, PLACE) == b"secret"
    assert newest_id() != old_id
    assert list(encryption_keys()) == [newest_id(), old_id]
    settings.CLOUDHUB_ENCRYPTION_KEYS = NEW
    with pytest.raises(CannotDecrypt, match=old_id):
        unseal(sealed, PLACE)


def test_a_key_of_the_same_name_that_is_another_does_not_open(settings: Settings) -> None:
    sealed, old_id = seal(b"secret", PLACE)
    settings.CLOUDHUB_ENCRYPTION_KEYS = NEW
    with pytest.raises(CannotDecrypt, match="changed"):
        unseal(sealed.replace(old_id, newest_id()), PLACE)


@pytest.mark.parametrize("text", ["short", "é" * 43, OLD[:-4], f"{OLD},{OLD}x", "=" * 44, f"{OLD},\ud800"])
def test_a_setting_that_is_no_key_is_named_without_being_shown(settings: Settings, text: str) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = text
    with pytest.raises(BadEncryptionKeys, match="Entry [12] of CLOUDHUB_ENCRYPTION_KEYS") as caught:
        encryption_keys()
    assert OLD[:8] not in str(caught.value)
    (problem,) = check_encryption_keys()
    assert "CLOUDHUB_ENCRYPTION_KEYS" in problem.msg


def test_without_a_key_nothing_is_sealed(settings: Settings) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = ""
    assert check_encryption_keys() == []
    with pytest.raises(NoEncryptionKey, match="CLOUDHUB_ENCRYPTION_KEYS is not set"):
        seal(b"secret", PLACE)
