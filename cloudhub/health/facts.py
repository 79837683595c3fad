"""What is known without asking anybody: small rows only, so that every page can say whether something is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.access import usable_models
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import price_in_force
from cloudhub.generations.models import Attempt
from cloudhub.generations.worker import runner_was_seen
from cloudhub.health.models import KeyCheck
from cloudhub.lanes.models import Lane
from cloudhub.vault.keys import every_key, fingerprint, first_of, keys_for
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.standing import known_keys, lost_keys, unopened
from cloudhub.vault.stored import may_change
from providers.base import Key, Provider, Rejected
from providers.catalogue import installed_providers


@dataclass(frozen=True)
class OtherKey:
    """A key beside a vendor's first: one that the actor's team uses when that cannot be used (`is_spare`), or, for an
    owner of the hub, one of another team. `check` is its last one."""

    key: Key
    key_print: str
    check: KeyCheck | None
    is_spare: bool

    @property
    def origin(self) -> str:
        """Where it comes from, in words that follow "key"."""
        places = {".env": "from .env", "environment": "from the environment"}
        stored = self.key.source if self.key.stored_id else f"from {self.key.source}"
        return places.get(self.key.source, stored)


@dataclass(frozen=True)
class Vendor:
    """An installed vendor. `key` is the first that the actor's team uses, None without credentials, and `missing` then
    says what to set; `key_print` is None then too. `models` are its registrations that are switched on and that the
    actor may use, `check` the last one of this key."""

    provider: Provider
    key: Key | None
    key_print: str | None
    missing: Rejected | None
    models: tuple[CloudModel, ...]
    check: KeyCheck | None
    others: tuple[OtherKey, ...] = ()

    @property
    def spare_keys(self) -> int:
        return sum(other.is_spare for other in self.others)

    @property
    def key_prints(self) -> list[str]:
        """Of every key, the first one's first."""
        first = [] if self.key_print is None else [self.key_print]
        return [*first, *(other.key_print for other in self.others)]

    @property
    def needs_key(self) -> bool:
        return all(form.required for form in self.provider.forms())

    @property
    def is_set_up(self) -> bool:
        """Somebody began to use it: it has a key of its own, or a model that is switched on."""
        return bool(self.models) or (self.needs_key and self.key is not None)


@dataclass(frozen=True)
class Facts:
    """`models` are those that the actor may use; `lanes` those of the keys in use, and of such a model or of the key as
    a whole, that something happened to; `blocked` models whose price is stopped;
    `unknown_by_vendor` counts the outcomes that wait for a decision and that the actor may see. `unopened` are stored
    keys that cannot be decrypted, `lost` those that were dropped, both of those that the actor may change."""

    now: datetime
    vendors: tuple[Vendor, ...]
    models: tuple[CloudModel, ...]
    lanes: tuple[Lane, ...]
    unknown_by_vendor: Mapping[str, int]
    runner_was_seen: bool
    blocked: tuple[CloudModel, ...]
    unopened: tuple[ProviderKey, ...] = ()
    lost: tuple[ProviderKey, ...] = ()

    @property
    def unknown(self) -> int:
        return sum(self.unknown_by_vendor.values())


def gather(actor: Actor) -> Facts:
    """Six queries, however many vendors, models and attempts there are; two more a model whose price is stopped."""
    actor.require("read")
    now = timezone.now()
    stopped = Price.objects.filter(model=OuterRef("pk"), effective_from__lte=now).exclude(blocked_at=None)
    usable = usable_models(actor, CloudModel.objects.order_by("name", "key"))
    models = tuple(usable.annotate(has_blocked_price=Exists(stopped)))
    checks = {(check.provider, check.key_print): check for check in KeyCheck.objects.all()}
    rows = list(known_keys())
    vendors = tuple(
        _vendor(provider, models, checks, keys_for(provider, actor.team.pk, rows), _beyond(actor, provider, rows))
        for provider in installed_providers().values()
    )
    own = [stored for stored in rows if may_change(actor, stored.team_id)]
    used = {(vendor.provider.id, key_print) for vendor in vendors for key_print in vendor.key_prints}
    unwell = Q(failures__gt=0) | Q(opened_until__isnull=False) | Q(paused_until__gt=now)
    shown = {(model.provider, model.cloud_model_id) for model in models} | {
        (vendor.provider.id, "") for vendor in vendors
    }
    lanes = tuple(
        lane for lane in Lane.objects.filter(unwell)
        if (lane.provider, lane.key_print) in used and (lane.provider, lane.model) in shown
    )  # fmt: skip
    return Facts(
        now=now,
        vendors=vendors,
        models=models,
        lanes=lanes,
        unknown_by_vendor=_count_unknown(actor),
        runner_was_seen=runner_was_seen(),
        blocked=tuple(model for model in models if model.has_blocked_price and _is_blocked(model)),
        unopened=tuple(unopened(own)),
        lost=tuple(lost_keys(own)),
    )


def _count_unknown(actor: Actor) -> dict[str, int]:
    rows = unknown_attempts(actor).order_by().values_list("hold__provider").annotate(Count("hold_id"))
    return dict(rows)


def _is_blocked(model: CloudModel) -> bool:
    price = price_in_force(model)
    return model.enabled and price is not None and price.blocked_at is not None


def _beyond(actor: Actor, provider: Provider, rows: Sequence[ProviderKey]) -> Sequence[Key]:
    """The keys of other teams too, for an owner of the hub."""
    return every_key(provider, rows) if actor.is_hub_owner else ()


def _vendor(
    provider: Provider, models: tuple[CloudModel, ...], checks: Mapping[tuple[str, str], KeyCheck],
    keys: Sequence[Key], beyond: Sequence[Key],
) -> Vendor:  # fmt: skip
    own = tuple(model for model in models if model.provider == provider.id and model.enabled)
    spares = {fingerprint(key): key for key in keys[1:]}
    found = spares | {fingerprint(key): key for key in beyond if fingerprint(key) not in spares}
    first = fingerprint(keys[0]) if keys else None
    others = tuple(
        OtherKey(key, mark, checks.get((provider.id, mark)), mark in spares)
        for mark, key in found.items() if mark != first
    )  # fmt: skip
    try:
        key = first_of(keys, provider)
    except Rejected as error:
        return Vendor(provider, None, None, error, own, None, others)
    return Vendor(provider, key, first, None, own, checks.get((provider.id, fingerprint(key))), others)


def unknown_attempts(actor: Actor) -> QuerySet[Attempt]:
    """Outcomes that nobody knows yet, of the actor's team, of every team for a hub owner; the oldest first."""
    attempts = Attempt.objects.filter(state=Attempt.State.UNKNOWN)
    if not actor.is_hub_owner:
        attempts = attempts.filter(generation__team=actor.team)
    return attempts.order_by("sent_at", "hold_id")
