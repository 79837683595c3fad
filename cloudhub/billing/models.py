"""Budgets, their windows, holds and the append-only ledger. Amounts are micro-units in 64-bit integers."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from cloudhub.accounts.models import HubKey, Team
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.core.identifiers import new_id


class Scope(models.TextChoices):
    HUB = "hub", "Whole hub"
    TEAM = "team", "Team"
    USER = "user", "Person"
    HUB_KEY = "hub_key", "Hub key"
    PROVIDER = "provider", "Vendor"
    MODEL = "model", "Model"
    TAG = "tag", "Tag"


class WindowKind(models.TextChoices):
    DAY = "day", "Day"
    WEEK = "week", "Week"
    MONTH = "month", "Month"
    TOTAL = "total", "Total"


class Budget(models.Model):
    """A limit on what a scope may spend in a window. Scope, target, window, zone and currency are fixed once made."""

    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    target = models.CharField(max_length=200, blank=True, help_text="Empty for the whole hub; else an id, key or tag.")
    window_kind = models.CharField("window", max_length=10, choices=WindowKind.choices)
    time_zone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="USD")
    limit_micros = models.BigIntegerField(validators=[MinValueValidator(0)])
    hard = models.BooleanField(default=True)
    alerts = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    by_hub_owner = models.BooleanField(
        default=False, editable=False, help_text="Made by an owner of the hub, so theirs alone to change."
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["currency", "scope", "target"],
                condition=models.Q(archived_at=None),
                name="living_budgets",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(limit_micros__gte=0), name="limit_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class BudgetWindow(models.Model):
    """One window of a budget, half open, with its counters. No constraint keeps spending below the limit:
    settling must always be possible."""

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="windows")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    limit_micros = models.BigIntegerField()
    hard = models.BooleanField()
    held_micros = models.BigIntegerField(default=0)
    posted_micros = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["budget", "starts_at"], name="one_window_a_start"),
            models.CheckConstraint(condition=models.Q(held_micros__gte=0), name="held_not_negative"),
            models.CheckConstraint(condition=models.Q(starts_at__lt=models.F("ends_at")), name="window_has_length"),
        ]

    def __str__(self) -> str:
        return f"{self.budget} from {self.starts_at:%Y-%m-%d %H:%M} UTC"

    @property
    def remaining_micros(self) -> int:
        return self.limit_micros - self.posted_micros - self.held_micros


class Dimensions(models.Model):
    """Who, with what key, for which model and price: what budgets and reports match. Rows of the ledger outlive all."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    hub_key = models.ForeignKey(HubKey, on_delete=models.PROTECT, null=True, related_name="+")
    model = models.ForeignKey(CloudModel, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=40)
    price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, related_name="+")
    tags = models.TextField(blank=True, help_text="|first|second| so that one tag can be matched whole.")
    currency = models.CharField(max_length=3)
    held_at = models.DateTimeField(help_text="Decides the budget window, also for everything that follows.")

    class Meta:
        abstract = True


class Hold(Dimensions):
    """Money set aside for one attempt; its id is the attempt's id. Open until the attempt is settled, released or
    written off."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    amount_micros = models.BigIntegerField()
    window_ids = models.JSONField(default=list)
    quote = models.JSONField(default=dict)
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount_micros__gte=0), name="hold_not_negative"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["held_at"], condition=models.Q(state="open"), name="open_holds"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class LedgerEntry(Dimensions):
    """One movement of money, never changed and never deleted: the database itself refuses both."""

    class Kind(models.TextChoices):
        HOLD = "hold", "Held"
        SETTLE = "settle", "Settled"
        RELEASE = "release", "Released"
        OVERRUN = "overrun", "Overrun"
        REFUND = "refund", "Refund"
        WRITE_OFF = "write_off", "Written off"

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    held_delta = models.BigIntegerField()
    posted_delta = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    images = models.IntegerField(default=0)
    billed = models.JSONField(
        null=True, help_text="What the vendor billed by unit, from which the amount can be derived again."
    )
    reason = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hold"],
                condition=models.Q(kind__in=["settle", "release", "write_off"]),
                name="one_ending_a_hold",
            ),
            models.UniqueConstraint(fields=["hold"], condition=models.Q(kind="hold"), name="one_hold_entry_a_hold"),
            models.UniqueConstraint(fields=["hold"], condition=models.Q(kind="overrun"), name="one_overrun_a_hold"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["team", "held_at", "currency", "posted_delta", "user", "model", "provider"],
                name="ledger_reports",
            ),
            models.Index(fields=["held_at", "currency"], name="ledger_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.hold_id}"
