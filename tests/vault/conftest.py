"""A hub with an encryption key, and vendors' emulators that take any key without "invalid" in it."""

import base64

import pytest
from django.core.cache import cache
from pytest_django import Settings

OLD = base64.urlsafe_b64encode(b"o" * 32).decode()
NEW = base64.urlsafe_b64encode(b"n" * 32).decode()
CANARY = "canary-vendor-key-0123456789-wxyz"


@pytest.fixture(autouse=True)
def _one_encryption_key(settings: Settings) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = OLD
    # Tests of keys are counted there.
    cache.clear()
