"""What a hub key may do: read from what people and programs write, and never more than who gives it may do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from cloudhub.accounts.actor import PERMISSIONS, Actor
from cloudhub.accounts.models import HubKey
from cloudhub.accounts.networks import is_part_of, read_network
from cloudhub.core.errors import Forbidden, Invalid
from cloudhub.core.text import is_storable

MOST_MODELS = 100
MOST_NETWORKS = 50
MOST_CALLS_A_MINUTE = 100_000


@dataclass(frozen=True)
class KeyRights:
    """The columns of `HubKey` of the same names: empty lists allow all, None sets no limit and no end."""

    scopes: list[str]
    allowed_models: list[str]
    allowed_networks: list[str]
    calls_a_minute: int | None
    expires_at: datetime | None

    @property
    def columns(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def as_json(self) -> dict[str, Any]:
        """For the audit trail."""
        return {**self.columns, "expires_at": self.expires_at.astimezone(UTC).isoformat() if self.expires_at else None}


RIGHTS = tuple(item.name for item in fields(KeyRights))


def rights_of(key: HubKey) -> KeyRights:
    return KeyRights(**{name: getattr(key, name) for name in RIGHTS})


def most_rights(actor: Actor) -> KeyRights:
    """All that the actor can give: a person what their role allows, a program what its own key allows."""
    scopes: list[str] = [scope for scope in PERMISSIONS if actor.may(scope)]
    if actor.hub_key is None:
        return KeyRights(scopes, [], [], None, None)
    return KeyRights(**{**rights_of(actor.hub_key).columns, "scopes": scopes})


def read_rights(actor: Actor, wished: Mapping[str, Any], *, now: KeyRights | None = None) -> KeyRights:
    """The rights that `wished` names, for what it leaves out those the key has `now`, else all the actor can give.

    None and an empty list mean "no limit", which for a limited giver is the giver's own limit.
    Raises `Invalid` naming each field, and `Forbidden` for more than the actor has.
    """
    most = most_rights(actor)
    problems: dict[str, str] = {}
    values = (now or most).columns
    for name, read in READERS.items():
        if name not in wished or (name == "scopes" and wished[name] is None):
            continue
        try:
            values[name] = read(wished[name]) if wished[name] is not None else getattr(most, name)
        except ValueError as error:
            problems[name] = str(error)
    if problems:
        raise Invalid.of(problems)
    for name in ("allowed_models", "allowed_networks", "calls_a_minute", "expires_at"):
        if now is None or name in wished:
            values[name] = values[name] or getattr(most, name)
    rights = KeyRights(**values)
    # Scopes that stay as they are give nothing: a role may have fewer since, and cuts them where the key is used.
    given = rights if now is None or "scopes" in wished else replace(rights, scopes=[])
    require_no_more(actor, given)
    return rights


def require_no_more(actor: Actor, rights: KeyRights) -> None:
    """Raises `Forbidden` when the actor would give away what they lack: else a key without `generate` could make one
    that spends, and a limited key one without its limits."""
    most = most_rights(actor)
    missing = [scope for scope in rights.scopes if scope not in most.scopes]
    if missing:
        raise Forbidden(f"A key can only give what you have yourself; you lack {', '.join(missing)}.")
    beyond = _beyond(rights, most)
    if beyond:
        raise Forbidden(f"A key can only give what it has itself; this one is limited in {' and '.join(beyond)}.")


def is_beyond(rights: KeyRights, most: KeyRights) -> bool:
    """Whether `rights` give anything that `most` do not."""
    return not set(rights.scopes) <= set(most.scopes) or bool(_beyond(rights, most))


def _beyond(rights: KeyRights, most: KeyRights) -> list[str]:
    """In words, where `rights` go beyond `most`."""
    beyond = []
    if most.allowed_models and not (rights.allowed_models and set(rights.allowed_models) <= set(most.allowed_models)):
        beyond.append("its models")
    if most.allowed_networks and not (
        rights.allowed_networks
        and all(is_part_of(read_network(network), most.allowed_networks) for network in rights.allowed_networks)
    ):
        beyond.append("its networks")
    if most.calls_a_minute and not (rights.calls_a_minute and rights.calls_a_minute <= most.calls_a_minute):
        beyond.append("its calls a minute")
    if most.expires_at and not (rights.expires_at and rights.expires_at <= most.expires_at):
        beyond.append("its end")
    return beyond


def _read_scopes(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or not all(scope in PERMISSIONS for scope in value):
        raise ValueError(f"Scopes are a list of one or more of {', '.join(PERMISSIONS)}.")
    return [scope for scope in PERMISSIONS if scope in value]


def _read_models(value: Any) -> list[str]:
    """Models are known to the catalogue, which stands above; here only the form is looked at."""
    if not isinstance(value, list) or len(value) > MOST_MODELS:
        raise ValueError(f"Models are a list of at most {MOST_MODELS} keys of models.")
    if not all(isinstance(model, str) and 0 < len(model) <= 100 and is_storable(model) for model in value):
        raise ValueError("Name each model by its key.")
    return list(dict.fromkeys(value))


def _read_networks(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_NETWORKS:
        raise ValueError(f"Networks are a list of at most {MOST_NETWORKS} networks such as 10.0.0.0/8.")
    found = []
    for text in value:
        try:
            found.append(str(read_network(text if isinstance(text, str) else "")))
        except ValueError:
            shown = f"“{text[:60]}” is" if isinstance(text, str) else "One of them is"
            raise ValueError(f"{shown} no network; write it like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7.") from None
    return list(dict.fromkeys(found))


def _read_calls(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_CALLS_A_MINUTE:
        raise ValueError(f"Calls a minute are a whole number from 1 to {MOST_CALLS_A_MINUTE}.")
    return value


def _read_end(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else None
    if isinstance(value, str):
        try:
            moment = parse_datetime(value)
        except ValueError:
            moment = None
    if moment is None:
        raise ValueError("Give an ISO time with its zone, such as 2027-01-31T12:00:00Z.")
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("Give a time between the years 1 and 9999.") from None
    if moment <= timezone.now():
        raise ValueError("The key would already have expired.")
    return moment


READERS = {
    "scopes": _read_scopes,
    "allowed_models": _read_models,
    "allowed_networks": _read_networks,
    "calls_a_minute": _read_calls,
    "expires_at": _read_end,
}
