"""Second factors at rest: sealed, rotated with the vendors' keys, and never a way in when they cannot be read."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from pytest_django import Settings

from cloudhub.core.errors import Unavailable
from cloudhub.vault.second_factors import open_text, reseal_second_factors, seal_text
from tests.conftest import PASSWORD, Cast
from tests.vault.conftest import NEW, OLD
from tests.vault.test_rotation import rotate


@pytest.fixture
def secret(cast: Cast) -> str:
    """What Alice's app makes its codes from."""
    made = generate_totp_secret()
    TOTP.activate(cast.alice.user, made)
    return made


def stored() -> str:
    return str(Authenticator.objects.get().data["secret"])


def sign_in(secret: str) -> int:
    """The status of the last answer: 302 when the code was taken."""
    client = Client(raise_request_exception=False)
    client.post("/login/", {"username": "alice@example.org", "password": PASSWORD})
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    return client.post("/account/second-factor/ask/", {"code": code}).status_code


def test_the_database_does_not_hold_the_secret(secret: str) -> None:
    assert stored().startswith("v1.")
    assert secret not in stored()
    assert open_text(stored()) == secret


def test_the_code_of_an_app_lets_in_also_after_a_rotation(secret: str, settings: Settings) -> None:
    before = stored()
    settings.CLOUDHUB_ENCRYPTION_KEYS = f"{NEW},{OLD}"
    said, code = rotate()
    assert code == 0
    assert "Second factors of people that are encrypted anew: 1." in said
    assert stored() != before
    settings.CLOUDHUB_ENCRYPTION_KEYS = NEW
    assert sign_in(secret) == 302
    assert reseal_second_factors().done == 0


def test_without_its_key_nobody_gets_in_and_the_reason_is_told(secret: str, settings: Settings) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = NEW
    assert sign_in(secret) == 503
    with pytest.raises(Unavailable, match="encryption key is missing"):
        open_text(stored())
    said, code = rotate()
    assert (code, "Second factors that cannot be decrypted: 1." in said) == (1, True)


def test_what_was_stored_before_there_was_a_key_is_sealed_by_the_next_rotation(
    cast: Cast, secret: str, settings: Settings
) -> None:
    Authenticator.objects.update(data={"secret": secret})
    assert open_text(stored()) == secret
    assert reseal_second_factors().done == 1
    assert stored().startswith("v1.")
    settings.CLOUDHUB_ENCRYPTION_KEYS = ""
    assert seal_text("plain") == "plain"
