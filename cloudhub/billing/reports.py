"""Where the money went: sums over the ledger and its lines, for what an actor may see."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from cloudhub.accounts.actor import Actor, told_by_name
from cloudhub.billing.models import LedgerEntry
from cloudhub.core.errors import Invalid
from cloudhub.core.times import read_time

GROUPS: Mapping[str, str] = {
    "day": "day",
    "model": "model__key",
    "provider": "provider",
    "user": "user__email",
    "team": "team__name",
    "hub_key": "hub_key__name",
    "tag": "tags",
}
DEFAULT_DAYS = 30


@dataclass(frozen=True)
class Row:
    """`calls` are settled vendor calls, `amount_micros` what was posted, corrections included."""

    group: str
    calls: int
    images: int
    amount_micros: int
    currency: str


def entries_for(actor: Actor) -> QuerySet[LedgerEntry]:
    """The ledger lines that the actor may see, newest first: every team's for a hub owner, else the team's."""
    actor.require("read")
    entries = LedgerEntry.objects.select_related("user", "hub_key", "model", "team", "price").order_by("-id")
    return entries if actor.is_hub_owner else entries.filter(team=actor.team)


def spend(actor: Actor, *, since: object = None, until: object = None, group_by: object = "day") -> list[Row]:
    """Posted money by group and currency from `since` (inclusive) to `until` (exclusive), by default the last 30 days.

    Both are ISO dates or times with zone. Money counts at the moment it was held. Raises `Invalid` naming the field.
    """
    start, end = read_range(since, until)
    if not isinstance(group_by, str) or group_by not in GROUPS:
        raise Invalid.of({"group_by": f"Choose one of {', '.join(GROUPS)}."})
    column = GROUPS[group_by]
    entries = entries_for(actor).filter(held_at__gte=start, held_at__lt=end).order_by()
    if group_by == "day":
        entries = entries.annotate(day=TruncDate("held_at", tzinfo=UTC))
    sums = entries.values(column, "currency").annotate(
        amount=Sum("posted_delta"), pictures=Sum("images"), calls=Count("id", filter=Q(kind="settle"))
    )
    rows = [
        Row(_name(group_by, row[column]), row["calls"], row["pictures"], row["amount"], row["currency"]) for row in sums
    ]
    if group_by == "tag":
        rows = _by_single_tag(rows)
    return sorted((row for row in rows if row.calls or row.amount_micros), key=lambda row: (row.group, row.currency))


def _name(group_by: str, value: Any) -> str:
    if value is None:
        return "no hub key" if group_by == "hub_key" else ""
    return value.isoformat() if group_by == "day" else str(value)


def _by_single_tag(rows: list[Row]) -> list[Row]:
    """A call with several tags counts in each of them, so these rows do not add up to the whole."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        for tag in [tag for tag in row.group.split("|") if tag]:
            for index, value in enumerate((row.calls, row.images, row.amount_micros)):
                sums[tag, row.currency][index] += value
    return [Row(tag, calls, images, amount, currency) for (tag, currency), (calls, images, amount) in sums.items()]


def name_deciders(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The lines to show to people: whoever decided by name, where the ledger has a number."""
    found = list(entries)
    names = told_by_name({entry.actor for entry in found if entry.actor})
    for entry in found:
        entry.actor = names.get(entry.actor, entry.actor)
    return found


def read_range(since: object, until: object) -> tuple[datetime, datetime]:
    """The half-open range that two ISO texts mean. Raises `Invalid` naming the field."""
    end = read_time("until", until) if until else timezone.now() + timedelta(seconds=1)
    start = read_time("since", since) if since else end - timedelta(days=DEFAULT_DAYS)
    if start >= end:
        raise Invalid.of({"since": "The beginning must lie before the end."})
    return start, end
