"""Where vendors' keys come from: the environment, which holds what `.env` says. Keys are never logged or printed."""

import hashlib
import os
from collections.abc import Iterable

from django.conf import settings

from cloudhub.core.redaction import know_secret
from providers.base import Key, KeyForm, Provider, Rejected


def key_for(provider: Provider) -> Key:
    """The vendor's credentials, of the first of its forms that is complete.

    Raises `Rejected` (no_key) naming the variable that is missing.
    """
    forms = provider.forms()
    form = next((form for form in forms if _is_complete(form)), None)
    if form is None:
        raise _no_key(provider, forms)
    values = {name: _value(name) for name in form.variables if _value(name)}
    key = Key(values, source=_source(values), form=form.name, public=form.public)
    for secret in key.secrets:
        know_secret(secret)
    return key


def has_key(provider: Provider) -> bool:
    """Whether a call to the vendor would find its credentials; nothing is sent."""
    return any(_is_complete(form) for form in provider.forms())


def fingerprint(key: Key) -> str:
    """Which key it is, without telling it: the same for the same secrets, empty for a vendor that needs none.

    Only this machine's secret links it to the key, so that a stolen database does not help to guess one.
    """
    if not key.secrets:
        return ""
    text = "\0".join([settings.SECRET_KEY, *key.secrets])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def missing_names(provider: Provider) -> list[str]:
    """The variables that would have to be set, none when the credentials are complete."""
    return [] if has_key(provider) else _missing(_begun(provider.forms()))


def _begun(forms: Iterable[KeyForm]) -> KeyForm:
    """What people began to set is what they mean; else the form that the vendor prefers."""
    return max(forms, key=lambda form: sum(bool(_value(name)) for name in form.required))


def _missing(form: KeyForm) -> list[str]:
    return [name for name in form.required if not _value(name)]


def _no_key(provider: Provider, forms: Iterable[KeyForm]) -> Rejected:
    begun = _begun(forms)
    missing = _missing(begun)[0]
    return Rejected(
        "no_key",
        f"API key not found for {provider.id}. Please set {missing} in .env file or environment variables.",
        remedy=begun.help or provider.key_help or f"Put {missing}=… into .env and start the hub again.",
    )


def _is_complete(form: KeyForm) -> bool:
    return all(_value(name) for name in form.required)


def _value(name: str) -> str:
    return os.environ.get(name, "").strip()


def _source(names: Iterable[str]) -> str:
    """Where a key comes from, in words for people."""
    found = set(names)
    if not found:
        return "not needed"
    return ".env" if found <= settings.FROM_ENV_FILE else "environment"
