"""Encrypting stored keys anew: complete, repeatable, and harmless to whatever happens at the same time."""

import base64
import contextlib
import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry
from cloudhub.core.database import run_transaction
from cloudhub.vault import rotation, use
from cloudhub.vault import stored as verbs
from cloudhub.vault.envelope import newest_id
from cloudhub.vault.keys import keys_for
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.sealing import can_open
from providers.catalogue import installed_providers
from tests.conftest import Cast
from tests.vault.conftest import NEW, OLD


def add(actor: Actor, secret: str) -> ProviderKey:
    return verbs.add_key(actor, provider="openai", values={"OPENAI_API_KEY": secret}, team=actor.team)


def rotate() -> tuple[str, int]:
    said = io.StringIO()
    try:
        call_command("rotate_encryption_keys", stdout=said)
    except SystemExit as ended:
        return said.getvalue(), int(str(ended.code))
    return said.getvalue(), 0


def secrets() -> set[str]:
    return {key.secret for key in keys_for(installed_providers()["openai"], ProviderKey.objects.all()[0].team_id)}


def test_afterwards_the_old_key_can_go(cast: Cast, settings: Settings) -> None:
    for number in range(5):
        add(cast.alice, f"a-key-{number}-0123456789")
    settings.CLOUDHUB_ENCRYPTION_KEYS = f"{NEW},{OLD}"
    said, code = rotate()
    assert code == 0
    assert "Stored keys that need an older encryption key: 5." in said
    assert "5 of 5 are encrypted anew." in said
    assert "can be removed from CLOUDHUB_ENCRYPTION_KEYS" in said
    settings.CLOUDHUB_ENCRYPTION_KEYS = NEW
    assert secrets() == {f"a-key-{number}-0123456789" for number in range(5)}
    assert rotate() == (
        "Stored keys that need an older encryption key: 0.\nEvery stored key needs only the newest encryption key. "
        "CLOUDHUB_ENCRYPTION_KEYS holds no other.\n", 0,
    )  # fmt: skip
    line = AuditEntry.objects.get(action="encryption_key.rotated")
    assert (line.user, line.team, line.door, line.target_id) == (cast.alice.user, None, "command", newest_id())
    assert line.details == {"provider_keys": 5, "second_factors": 0}


def test_it_goes_on_where_it_was_stopped(cast: Cast, settings: Settings) -> None:
    for number in range(5):
        add(cast.alice, f"a-key-{number}-0123456789")
    settings.CLOUDHUB_ENCRYPTION_KEYS = f"{NEW},{OLD}"
    first = next(rotation.rotate_encryption_keys(batch=2))
    assert (first.found, first.done) == (5, 2)
    assert rotation.keys_to_rotate() == 3
    assert len(secrets()) == 5
    last = list(rotation.rotate_encryption_keys(batch=2))[-1]
    assert (last.found, last.done, last.failed) == (3, 3, 0)
    assert rotation.keys_to_rotate() == 0


def test_keys_that_do_not_open_are_counted_and_the_others_done(cast: Cast, settings: Settings) -> None:
    lost = add(cast.alice, "lost-key-0123456789")
    add(cast.alice, "good-key-0123456789")
    ProviderKey.objects.filter(id=lost.pk).update(ciphertext=lost.ciphertext[:-4] + "AAAA")
    settings.CLOUDHUB_ENCRYPTION_KEYS = f"{NEW},{OLD}"
    said, code = rotate()
    assert code == 1
    assert "1 key cannot be decrypted." in said
    assert "lost-key" not in said
    assert secrets() == {"good-key-0123456789"}
    assert rotate()[1] == 1


def test_an_encryption_key_that_was_removed_too_early_is_told(cast: Cast, settings: Settings) -> None:
    add(cast.alice, "a-key-0123456789")
    settings.CLOUDHUB_ENCRYPTION_KEYS = NEW
    said, code = rotate()
    assert code == 1
    assert "1 key cannot be decrypted. Put the encryption key that they were stored under back" in said


def test_a_revoked_key_is_no_concern(cast: Cast, settings: Settings) -> None:
    verbs.revoke_key(cast.alice, add(cast.alice, "a-key-0123456789").pk)
    settings.CLOUDHUB_ENCRYPTION_KEYS = NEW
    assert rotate()[1] == 0


@pytest.mark.parametrize("setting", ["", "nonsense"])
def test_without_a_usable_setting_it_says_which(cast: Cast, settings: Settings, setting: str) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = setting
    with pytest.raises(CommandError, match="CLOUDHUB_ENCRYPTION_KEYS"):
        call_command("rotate_encryption_keys", skip_checks=True)


def test_a_key_that_changes_meanwhile_is_never_overwritten(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = add(cast.alice, "a-key-0123456789")
    settings.CLOUDHUB_ENCRYPTION_KEYS = f"{NEW},{OLD}"
    real = rotation.unseal

    def revoke_first(*arguments: object) -> bytes:
        secret = real(*arguments)  # type: ignore[arg-type]
        verbs.revoke_key(cast.alice, stored.pk)
        return secret

    monkeypatch.setattr(rotation, "unseal", revoke_first)
    assert [progress.done for progress in rotation.rotate_encryption_keys()] == [0]
    stored.refresh_from_db()
    assert (stored.state, stored.ciphertext) == ("revoked", "")


@contextlib.contextmanager
def meanwhile(*acts: Callable[[], None]) -> Iterator[list[BaseException]]:
    """Each act again and again in a thread of its own; what ended one too early is in the list afterwards."""
    ended = threading.Event()
    failures: list[BaseException] = []

    def repeat(act: Callable[[], None]) -> None:
        try:
            while not ended.is_set():
                act()
                # Else the others write so much that the rotation finds ever more to do.
                time.sleep(0.01)
        except BaseException as error:  # noqa: BLE001 - told by the test itself
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=repeat, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=30)


def test_under_load_no_key_is_lost_and_none_stays_behind(committed_cast: Cast, settings: Settings) -> None:
    alice = committed_cast.alice
    vendor = installed_providers()["openai"]
    for number in range(8):
        add(alice, f"first-{number}-0123456789")
    added: list[str] = []
    numbers = itertools.count()

    def add_one() -> None:
        secret = f"later-{next(numbers)}-0123456789"
        add(alice, secret)
        added.append(secret)

    def use_all() -> None:
        keys = keys_for(vendor, alice.team.pk)
        assert len(keys) >= 8
        for key in keys[:5]:
            run_transaction(lambda key=key: use.count_use(key))

    def revoke_one() -> None:
        verbs.revoke_key(alice, add(alice, f"gone-{next(numbers)}-0123456789").pk)

    rings = [base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in range(3)]
    with meanwhile(add_one, use_all, revoke_one) as failures:
        for ring in rings:
            settings.CLOUDHUB_ENCRYPTION_KEYS = f"{ring},{settings.CLOUDHUB_ENCRYPTION_KEYS}"
            for _ in rotation.rotate_encryption_keys(batch=3):
                pass
    assert failures == []
    list(rotation.rotate_encryption_keys())
    settings.CLOUDHUB_ENCRYPTION_KEYS = rings[-1]
    alive = list(ProviderKey.objects.filter(state="active"))
    assert all(stored.encryption_key_id == newest_id() and can_open(stored) for stored in alive)
    expected = {f"first-{number}-0123456789" for number in range(8)} | set(added)
    assert {key.secret for key in keys_for(vendor, alice.team.pk)} == expected
    assert added
    assert sum(ProviderKey.objects.values_list("use_count", flat=True)) > 0
