"""Where vendors' keys come from: the environment, which holds what `.env` says. Keys are never logged or printed."""

import os
from collections.abc import Mapping

from django.conf import settings

from providers.base import Key, Provider, Rejected


def key_for(provider: Provider) -> Key:
    """The vendor's credentials. Raises `Rejected` (no_key) naming the variable that is missing."""
    values = {name: os.environ.get(name, "").strip() for name in provider.key_variables}
    missing = next((name for name, value in values.items() if not value), None)
    if missing:
        raise Rejected(
            "no_key",
            f"API key not found for {provider.id}. Please set {missing} in .env file or environment variables.",
            remedy=provider.key_help or f"Put {missing}=… into .env and start the hub again.",
        )
    return Key(values, source=_source(values))


def _source(values: Mapping[str, str]) -> str:
    """Where a key comes from, in words for people."""
    if not values:
        return "not needed"
    return ".env" if set(values) <= settings.FROM_ENV_FILE else "environment"


def has_key(provider: Provider) -> bool:
    """Whether a call to the vendor would find its credentials; nothing is sent."""
    return all(os.environ.get(name, "").strip() for name in provider.key_variables)
