"""Where vendors' keys come from: a team's own, those of every team, then the environment, which holds what `.env`
says. Keys are never logged or printed."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.conf import settings

from cloudhub.core.redaction import know_secret
from cloudhub.secret_files import FROM_FILES
from cloudhub.vault.binding import is_in_place
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.sealing import openable
from providers.base import Key, KeyForm, Provider, Rejected


def key_for(provider: Provider, team_id: int | None = None) -> Key:
    """The first of the vendor's credentials that a team may use; without a team the first that every team may.

    Raises `Rejected` (no_key) naming the variable that is missing.
    """
    return first_of(keys_for(provider, team_id), provider)


def first_of(keys: Sequence[Key], provider: Provider) -> Key:
    """The first key. Raises `Rejected` (no_key) without any."""
    if not keys:
        raise no_key(provider)
    return keys[0]


def keys_for(provider: Provider, team_id: int | None = None, rows: Sequence[ProviderKey] | None = None) -> list[Key]:
    """Every key that a team may use, in the order in which they are tried: its own, the shared ones, the environment's.

    `rows` are stored keys that have been read already (`active_keys`).
    """
    known = active_keys() if rows is None and forms_with_secrets(provider) else rows or ()
    own_vendor = [stored for stored in known if stored.provider == provider.id and stored.is_active]
    usable = [stored for stored in own_vendor if is_in_place(stored, provider)]
    own = [stored for stored in usable if stored.team_id is not None and stored.team_id == team_id]
    shared = [stored for stored in usable if stored.team_id is None]
    return [*openable([*own, *shared], provider), *_environment_keys(provider)]


def active_keys() -> list[ProviderKey]:
    """Every stored key in use, in the order of their priority. One query."""
    active = ProviderKey.objects.filter(state=ProviderKey.State.ACTIVE).select_related("team")
    return list(active.order_by("priority", "id"))


def every_key(provider: Provider, rows: Sequence[ProviderKey] | None = None) -> list[Key]:
    """Every key of a vendor that any team uses, the shared ones and the environment's first; each once."""
    known = active_keys() if rows is None else rows
    teams = dict.fromkeys(stored.team_id for stored in known if stored.provider == provider.id)
    found: dict[str, Key] = {}
    for team in (None, *teams):
        for key in keys_for(provider, team, known):
            found.setdefault(fingerprint(key), key)
    return list(found.values())


def stored_key(provider: Provider, stored_id: UUID) -> Key:
    """A stored key that calls were made with, also one that has been replaced since.

    Raises `Rejected` (no_key) when it was revoked, dropped or forgotten, or does not open.
    """
    alive = [ProviderKey.State.ACTIVE, ProviderKey.State.RETIRED]
    stored = ProviderKey.objects.filter(id=stored_id, provider=provider.id, state__in=alive).exclude(ciphertext="")
    found = openable([row for row in stored.select_related("team") if is_in_place(row, provider)], provider)
    if not found:
        message = f"The key of {provider.label} that the call was made with is no longer here."
        raise Rejected("no_key", message, remedy="Look at the vendor's own list of jobs, with that key.")
    return found[0]


def environment_key(provider: Provider) -> Key:
    """The credentials in the environment, of the first of the vendor's forms that is complete there.

    Raises `Rejected` (no_key) naming the variable that is missing.
    """
    form = next((form for form in provider.forms() if _is_complete(form)), None)
    if form is None:
        raise no_key(provider)
    values = {name: _value(name) for name in form.variables if _value(name)}
    key = Key(values, source=_source(values), form=form.name, public=form.public)
    for secret in key.secrets:
        know_secret(secret)
    return key


def _environment_keys(provider: Provider) -> list[Key]:
    return [environment_key(provider)] if any(_is_complete(form) for form in provider.forms()) else []


def forms_with_secrets(provider: Provider) -> bool:
    """Whether the vendor knows keys at all."""
    return any(set(form.variables) - set(form.public) for form in provider.forms())


def has_key(provider: Provider, team_id: int | None = None) -> bool:
    """Whether a call to the vendor would find its credentials; nothing is sent."""
    return bool(_environment_keys(provider) or keys_for(provider, team_id))


def fingerprint(key: Key) -> str:
    """Which key it is, without telling it: the same for the same secrets, empty for a vendor that needs none.

    Only this machine's secret links it to the key, so that a stolen database does not help to guess one.
    """
    if not key.secrets:
        return ""
    text = "\0".join([settings.SECRET_KEY, *key.secrets])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def missing_names(provider: Provider) -> list[str]:
    """The variables that would have to be set for the environment to have a key, none when they are."""
    return [] if _environment_keys(provider) else _missing(_begun(provider.forms()))


def no_key(provider: Provider) -> Rejected:
    """The sentence that names the missing variable."""
    begun = _begun(provider.forms())
    missing = _missing(begun)[0]
    return Rejected(
        "no_key",
        f"API key not found for {provider.id}. Please set {missing} in .env file or environment variables.",
        remedy=begun.help or provider.key_help or f"Put {missing}=… into .env and start the hub again.",
    )


def _begun(forms: Iterable[KeyForm]) -> KeyForm:
    """What people began to set is what they mean; else the form that the vendor prefers."""
    return max(forms, key=lambda form: sum(bool(_value(name)) for name in form.required))


def _missing(form: KeyForm) -> list[str]:
    return [name for name in form.required if not _value(name)]


def _is_complete(form: KeyForm) -> bool:
    return all(_value(name) for name in form.required)


def _value(name: str) -> str:
    return os.environ.get(name, "").strip()


def _source(names: Iterable[str]) -> str:
    """Where a key comes from, in words for people."""
    found = set(names)
    if not found:
        return "not needed"
    if found & FROM_FILES:
        return "a file"
    return ".env" if found <= settings.FROM_ENV_FILE else "environment"
