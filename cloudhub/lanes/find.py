"""Find the two lanes of a call: the vendor and key as a whole, and the model's own."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from django.db import IntegrityError
from django.db.models import QuerySet

from cloudhub.accounts.actor import Actor
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import NotFound, Unavailable
from cloudhub.lanes.choose import key_in_turn
from cloudhub.lanes.models import Lane
from cloudhub.vault.keys import fingerprint, keys_for
from cloudhub.vault.models import ProviderKey
from providers.base import Key, Provider, Rejected
from providers.catalogue import find_provider


@dataclass(frozen=True)
class LaneName:
    """Which lanes a call goes through: the vendor, its key without telling it, the vendor's model id, and the server
    of a registration that has one of its own."""

    provider: str
    key_print: str
    model: str
    address: str = ""


def lane_name(
    provider: Provider, model_id: str, key: Key | None = None, *, address: str = "", team_id: int | None = None,
    rows: Sequence[ProviderKey] | None = None,
) -> LaneName | None:  # fmt: skip
    """The lane that calls to a model take with `key`, by default the one that a team's next call is sent with; None
    for a vendor without lanes, or while it has no key. `address` is the registration's own, `rows` are stored keys that
    have been read already."""
    if not provider.is_paced:
        return None
    try:
        key = key or key_in_turn(provider, model_id, team_id, rows, address=address)
    except Rejected:
        return None
    return LaneName(provider.id, fingerprint(key), model_id, address)


def lanes_named(name: LaneName, *, for_update: bool = False) -> tuple[Lane, Lane]:
    """The lane of the key as a whole and the model's, made at the first need; in id order when locked."""
    lanes = _existing(name, for_update=for_update)
    if len(lanes) < 2:
        for model in ("", name.model):
            Lane.objects.get_or_create(
                provider=name.provider, key_print=name.key_print, address=name.address, model=model
            )
        lanes = _existing(name, for_update=for_update)
    by_model = {lane.model: lane for lane in lanes}
    return by_model[""], by_model[name.model]


def make_lanes(name: LaneName) -> None:
    """Put both lanes in place before a transaction that locks them, so that two first calls do not collide."""
    if len(_existing(name)) < 2:
        try:
            run_transaction(lambda: lanes_named(name))
        except IntegrityError:
            return


def lanes_in_use(names: Iterable[LaneName]) -> list[Lane]:
    """Every lane that calls under these names take, made where one is missing; of each server the key's, then by model.

    A single query once they are there. A database that cannot be written just now leaves the new ones out.
    """
    wanted = {replace(name, model=model) for name in names for model in ("", name.model)}
    found = _among(wanted)
    missing = wanted - {_name_of(lane) for lane in found}
    if missing:
        new = [Lane(**asdict(name)) for name in missing]
        try:
            run_transaction(lambda: Lane.objects.bulk_create(new, ignore_conflicts=True))
        except Unavailable:
            return found
        found = _among(wanted)
    return found


def _among(wanted: set[LaneName]) -> list[Lane]:
    """The lanes by their names. Few keys are ever used, so that the database may bring some too many."""
    keys = {name.key_print for name in wanted}
    lanes = Lane.objects.filter(provider__in={name.provider for name in wanted}, key_print__in=keys)
    found = [lane for lane in lanes if _name_of(lane) in wanted]
    return sorted(found, key=lambda lane: (lane.provider, lane.address, lane.model))


def _name_of(lane: Lane) -> LaneName:
    return LaneName(lane.provider, lane.key_print, lane.model, lane.address)


def lanes_of(name: LaneName) -> QuerySet[Lane]:
    """Both lanes of a name, as far as they are there."""
    both = Lane.objects.filter(provider=name.provider, key_print=name.key_print, address=name.address)
    return both.filter(model__in=["", name.model])


def _existing(name: LaneName, *, for_update: bool = False) -> list[Lane]:
    lanes = lanes_of(name)
    return list((lanes.select_for_update() if for_update else lanes).order_by("id"))


def find_lane(actor: Actor, lane_id: object) -> Lane:
    """A lane by its id, for who may see its key: not another team's own. Raises `NotFound`."""
    text = str(lane_id)
    is_number = text.isascii() and text.isdigit() and len(text) < 18
    lane = Lane.objects.filter(id=int(text)).first() if is_number else None
    if lane is None or not (actor.is_hub_owner or _is_seen(lane, actor)):
        raise NotFound("There is no such lane.")
    return lane


def changeable_lanes(actor: Actor, lanes: Iterable[Lane]) -> set[int]:
    """The ids of those lanes that the actor may change: an owner of the hub all, a team's owner those of keys that
    are stored for that team alone. One query."""
    if actor.is_hub_owner:
        return {lane.pk for lane in lanes}
    if not actor.may("manage"):
        return set()
    teams: dict[tuple[str, str], set[int | None]] = {}
    stored = ProviderKey.objects.exclude(state=ProviderKey.State.REVOKED)
    for provider, key_print, team_id in stored.values_list("provider", "key_print", "team_id"):
        teams.setdefault((provider, key_print), set()).add(team_id)
    own = [lane for lane in lanes if teams.get((lane.provider, lane.key_print)) == {actor.team.pk}]
    return {lane.pk for lane in own if not _is_of_environment(lane)}


def _is_of_environment(lane: Lane) -> bool:
    """Whether every team's calls take the lane's key from the environment, whoever stored it besides."""
    vendor = find_provider(lane.provider)
    return vendor is not None and lane.key_print in map(fingerprint, keys_for(vendor, rows=[]))


def _is_seen(lane: Lane, actor: Actor) -> bool:
    """Whether the lane's key is the team's, everybody's, or in no team's hands any more."""
    stored = ProviderKey.objects.filter(provider=lane.provider, key_print=lane.key_print)
    teams = set(stored.exclude(state=ProviderKey.State.REVOKED).values_list("team_id", flat=True))
    if not teams or teams & {None, actor.team.pk}:
        return True
    return _is_of_environment(lane)
