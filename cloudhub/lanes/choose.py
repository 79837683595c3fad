"""Choose among a vendor's keys: the first in order whose lane lets calls through, else the one that does soonest."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from cloudhub.lanes.models import Lane
from cloudhub.vault.keys import fingerprint, first_of, keys_for
from cloudhub.vault.models import ProviderKey
from providers.base import Key, Provider

# A shorter pause is waited for: the first key's own limits say how fast calls go.
LONG_PAUSE = timedelta(minutes=1)
# A vendor that says this of a key says it of every call; a check that works, or a person, opens the lane again.
REFUSALS = ("key_invalid", "billing_disabled", "org_unverified")
NOT_BY_ITSELF = datetime.max.replace(tzinfo=UTC)


def key_in_turn(
    provider: Provider, model_id: str, team_id: int | None = None, rows: Sequence[ProviderKey] | None = None, *,
    address: str = "",
) -> Key:  # fmt: skip
    """The key that a team's next call to a model is sent with. Raises `Rejected` (no_key) without any.

    A single query for the lanes, none with one key; `rows` are stored keys that have been read already.
    """
    keys = keys_for(provider, team_id, rows)
    if len(keys) < 2 or not provider.is_paced:
        return first_of(keys, provider)
    now = timezone.now()
    prints = [fingerprint(key) for key in keys]
    ours = Lane.objects.filter(provider=provider.id, key_print__in=prints, address=address)
    found = ours.filter(model__in=["", model_id])
    lanes = {(lane.key_print, lane.model): lane for lane in found}
    ready = [_ready_at(lanes, key_print, model_id, now) for key_print in prints]
    return keys[ready.index(min(ready))]


def _ready_at(lanes: Mapping[tuple[str, str], Lane], key_print: str, model_id: str, now: datetime) -> datetime:
    """When calls can go with a key: now, unless its circuit is open, it was refused, or its lane pauses for long."""
    times = [now]
    whole = lanes.get((key_print, ""))
    if whole is not None and whole.failures and whole.last_failure_code in REFUSALS:
        return NOT_BY_ITSELF
    if whole is not None and whole.opened_until is not None:
        times += [until for until in (whole.opened_until, whole.trial_until) if until is not None and until > now]
    for lane in (whole, lanes.get((key_print, model_id))):
        if lane is not None and lane.paused_until is not None and lane.paused_until > now + LONG_PAUSE:
            times.append(lane.paused_until)
    return max(times)
