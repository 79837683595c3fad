"""Read what people typed or uploaded as a vendor's key, naming the field at fault."""

import json
from collections.abc import Mapping
from typing import Any

from cloudhub.core.errors import Invalid
from cloudhub.core.text import is_storable
from cloudhub.vault.binding import addresses_of
from providers.base import Key, KeyForm, Provider
from providers.catalogue import find_provider

LONGEST_VALUE = 4096
LARGEST_FILE = 64 * 1024
LONGEST_LABEL = 100
LARGEST_PRIORITY = 1_000_000


def read_provider(provider: object) -> Provider:
    """An installed vendor that takes keys. Raises `Invalid` naming `provider`."""
    found = find_provider(provider) if isinstance(provider, str) else None
    if found is None:
        raise Invalid.of({"provider": "There is no such vendor."})
    if not forms_to_store(found):
        raise Invalid.of({"provider": f"{found.label} needs no key."})
    if found.takes_address and not any(addresses_of(found).values()):
        raise Invalid.of({"provider": f"First set {found.address_variables[0]}: a key is stored for one address."})
    return found


def forms_to_store(provider: Provider) -> list[KeyForm]:
    """The vendor's kinds of credentials that hold a secret, the preferred first."""
    return [form for form in provider.forms() if set(form.variables) - set(form.public)]


def needed_values(form: KeyForm) -> tuple[str, ...]:
    """The variables without which a key of this form cannot be stored: also files, which a machine may have itself."""
    needed = tuple(name for name in form.variables if name in form.required or name in form.files)
    return needed if set(needed) - set(form.public) else form.variables


def read_values(provider: Provider, values: object, form: object = "") -> Key:
    """The credentials, of the named form or of the first that the values fill. Raises `Invalid` naming each field."""
    if not isinstance(values, Mapping):
        raise Invalid.of({"values": "Give the key's values by the names of their variables."})
    forms = forms_to_store(provider)
    if form:
        forms = [known for known in forms if known.name == form]
        if not forms:
            names = ", ".join(known.name for known in forms_to_store(provider))
            raise Invalid.of({"form": f"{provider.label} takes {names}."})
    given = {str(name): value.strip() if isinstance(value, str) else value for name, value in values.items()}
    given = {name: value for name, value in given.items() if value not in ("", None)}
    chosen = next((known for known in forms if all(given.get(name) for name in needed_values(known))), None)
    chosen = chosen or max(forms, key=lambda known: sum(name in given for name in known.variables))
    problems = {name: "Put a value here." for name in needed_values(chosen) if name not in given}
    for name, value in given.items():
        problem = _problem(chosen, name, value, provider)
        if problem:
            problems[name] = problem
    if problems:
        raise Invalid.of(problems)
    return Key(
        {name: given[name] for name in chosen.variables if name in given}, form=chosen.name, public=chosen.public
    )


def _problem(form: KeyForm, name: str, value: Any, provider: Provider) -> str:
    """What is wrong with a value, never quoting it."""
    if name not in form.variables:
        return f"{provider.label} has no such value; it takes {', '.join(form.variables)}."
    if not isinstance(value, str) or not is_storable(value):
        return "This must be text."
    if name in form.files:
        return _file_problem(form, value)
    if len(value) > LONGEST_VALUE:
        return f"This is longer than {LONGEST_VALUE} characters."
    if not value.isprintable() or " " in value:
        return "This holds white space or control characters. Copy it again, without line breaks."
    return ""


def _file_problem(form: KeyForm, value: str) -> str:
    if len(value.encode()) > LARGEST_FILE:
        return f"The file is larger than {LARGEST_FILE // 1024} KB."
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        # A path would let whoever types it have the hub read a file of its own machine.
        return "Give the key file's whole text, which is JSON and begins with {, not its path."
    kinds: dict[Any, tuple[str, ...]] = dict(form.file_fields)
    kind = document.get("type")
    if kinds and not (isinstance(kind, str) and kind in kinds):
        return f"This is no key file: its type must be {' or '.join(kinds)}."
    missing = [name for name in kinds.get(kind, ()) if not isinstance(document.get(name), str) or not document[name]]
    return f"This key file lacks {', '.join(missing)}; download it again." if missing else ""


def last_four(key: Key, form: KeyForm) -> str:
    """What may be shown of a key: the end of its first secret; of a key file the end of the key's id."""
    for name in form.files:
        if key.get(name):
            return str(json.loads(key.get(name)).get("private_key_id") or "")[-4:]
    return key.last_four


def read_label(label: object) -> str:
    """Raises `Invalid` naming `label`."""
    if not isinstance(label, str) or len(label.strip()) > LONGEST_LABEL or not is_storable(label):
        raise Invalid.of({"label": f"A label is text of at most {LONGEST_LABEL} characters."})
    return label.strip()


def read_priority(priority: object) -> int:
    """Raises `Invalid` naming `priority`."""
    text = str(priority).strip()
    if isinstance(priority, bool) or not (text.isascii() and text.isdigit()) or int(text[:9]) > LARGEST_PRIORITY:
        raise Invalid.of({"priority": "A priority is a whole number from 0; the lowest is taken first."})
    return int(text)
