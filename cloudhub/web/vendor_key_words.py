"""Vendors' keys as the Keys page shows them: which is in use, what is stored, and the fields of a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry
from cloudhub.core.errors import HubError, Invalid
from cloudhub.vault.binding import addresses_of
from cloudhub.vault.change import last_tests, teams_for_keys
from cloudhub.vault.envelope import newest_id
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.stored import KeySource, may_change, sources_of, stored_keys_for
from cloudhub.vault.typed import LARGEST_FILE, forms_to_store, needed_values
from providers.base import KeyForm, PrivacyNote, Provider

TESTED = {
    "valid": ("succeeded", "works"),
    "refused": ("failed", "refused by the vendor"),
    "unreachable": ("unknown", "could not be asked"),
}
SHAPES = {"active": "succeeded", "retired": "cancelled", "revoked": "refused", "dropped": "failed"}
ENDED = (ProviderKey.State.REVOKED, ProviderKey.State.DROPPED, ProviderKey.State.RETIRED)
FORM_NAMES = {"key": "API key", "api_key": "API key", "client": "Client id and secret", "vertex": "Vertex AI",
              "server": "Server's key"}  # fmt: skip


@dataclass(frozen=True)
class KeyField:
    """One input of a key's form. `kind` is "password", "text" or "file"; nothing typed as a password is shown again."""

    name: str
    kind: str
    is_needed: bool


@dataclass(frozen=True)
class KeyFormCard:
    name: str
    label: str
    help: str
    fields: list[KeyField]


@dataclass(frozen=True)
class StoredKeyCard:
    """A stored key. `test` is (shape, words, when) of its last test, None when it was never tested by hand."""

    key: ProviderKey
    is_first: bool
    may_change: bool
    test: tuple[str, str, Any] | None
    form: KeyFormCard | None

    @property
    def shape(self) -> str:
        return SHAPES[self.key.state]


@dataclass(frozen=True)
class VendorKeysCard:
    """A vendor: where the key of the person's team comes from, the stored keys, and how another can be stored.
    `privacy` is what becomes of prompts and pictures there."""

    provider: Provider
    source: KeySource
    keys: list[StoredKeyCard]
    ended: list[StoredKeyCard]
    forms: list[KeyFormCard]
    missing_address: str
    privacy: PrivacyNote

    @property
    def is_bare(self) -> bool:
        """Nothing is stored and nothing in use: shown small."""
        return not self.keys and self.source.place in ("", "not needed")


def vendor_key_cards(actor: Actor) -> list[VendorKeysCard]:
    """Every vendor that takes keys: those with one first, those that work without one last."""
    stored: dict[str, list[ProviderKey]] = {}
    every = list(stored_keys_for(actor))
    tests = last_tests(every)
    for key in every:
        stored.setdefault(key.provider, []).append(key)
    cards = []
    for source in sources_of(actor):
        if forms_to_store(source.provider):
            cards.append(_vendor_card(actor, source, stored.get(source.provider.id, []), tests))
    return sorted(cards, key=lambda card: (card.is_bare, not card.keys and card.source.place == "not needed"))


def vendor_part(actor: Actor) -> dict[str, Any]:
    """What the vendors' part of the page needs; nothing for those who do not manage."""
    if not actor.may("manage"):
        return {}
    teams = [(str(team.pk), team.name) for team in teams_for_keys(actor)]
    return {
        "vendors": vendor_key_cards(actor),
        "teams": [("", "Every team"), *teams] if actor.is_hub_owner else teams,
        "cannot_store": _why_not(),
    }


def read_typed(provider: Provider, given: Any, files: Any) -> dict[str, str]:
    """The values of a key's form, files as their text. Raises `Invalid` naming the field of a file that is none."""
    values = {}
    for form in forms_to_store(provider):
        for name in form.variables:
            if given.get(name, "").strip():
                values[name] = given[name]
            elif name in files:
                values[name] = _text_of(name, files[name])
    return values


def _text_of(name: str, file: Any) -> str:
    if file.size > LARGEST_FILE:
        raise Invalid.of({name: f"The file is larger than {LARGEST_FILE // 1024} KB."})
    try:
        text: str = file.read(LARGEST_FILE + 1).decode()
    except UnicodeDecodeError:
        raise Invalid.of({name: "This is no key file: a key file is JSON text."}) from None
    return text


def _vendor_card(
    actor: Actor, source: KeySource, keys: list[ProviderKey], tests: Mapping[str, AuditEntry]
) -> VendorKeysCard:
    provider = source.provider
    forms = [_form_card(form) for form in forms_to_store(provider)]
    cards = [_stored_card(actor, key, source, tests.get(str(key.pk)), forms) for key in keys]
    addressed = not provider.takes_address or any(addresses_of(provider).values())
    return VendorKeysCard(
        provider=provider,
        source=source,
        keys=[card for card in cards if card.key.state not in ENDED],
        ended=[card for card in cards if card.key.state in ENDED],
        forms=forms,
        missing_address="" if addressed else provider.address_variables[0],
        privacy=provider.privacy_for(),
    )


def _stored_card(
    actor: Actor, key: ProviderKey, source: KeySource, line: AuditEntry | None, forms: list[KeyFormCard]
) -> StoredKeyCard:
    form = next((form for form in forms if form.name == key.form), None)
    test = None
    if line is not None:
        test = (*TESTED.get(str(line.details.get("result")), ("unknown", "could not be asked")), line.at)
    return StoredKeyCard(key, source.stored_id == str(key.pk), may_change(actor, key.team_id), test, form)


def _form_card(form: KeyForm) -> KeyFormCard:
    needed = needed_values(form)
    fields = [
        KeyField(
            name,
            "file" if name in form.files else "text" if name in form.public else "password",
            name in needed,
        )
        for name in form.variables
        if name not in form.switches
    ]
    return KeyFormCard(form.name, FORM_NAMES.get(form.name, form.name.replace("_", " ")), form.help, fields)


def _why_not() -> str:
    """Why no key can be stored here, empty when one can."""
    try:
        newest_id()
    except HubError as error:
        return error.message
    return ""
