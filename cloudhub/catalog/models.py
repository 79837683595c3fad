"""Registered models and their dated prices."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from cloudhub.accounts.models import Team, User


class CloudModel(models.Model):
    """One registration of a vendor's model. Abilities and life-cycle are copied from the vendor's catalogue, or for a
    model outside it (`by_hand`) from what the vendor and the owner said of it. `address` is its own base address."""

    key = models.CharField(max_length=100, unique=True)
    provider = models.CharField(max_length=40)
    cloud_model_id = models.CharField(max_length=200)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    address = models.CharField(max_length=500, blank=True)
    enabled = models.BooleanField(default=True)
    defaults = models.JSONField(default=dict, blank=True)
    aliases = models.JSONField(default=list, blank=True)
    capabilities = models.JSONField(default=dict, blank=True)
    by_hand = models.BooleanField(default=False)
    released_on = models.DateField(null=True, blank=True)
    deprecated_on = models.DateField(null=True, blank=True)
    shut_down_on = models.DateField(null=True, blank=True)
    successor = models.CharField(max_length=200, blank=True)
    lifecycle_note = models.TextField(blank=True)
    lifecycle_source = models.URLField(max_length=500, blank=True)
    lifecycle_read_on = models.DateField(null=True, blank=True)
    registered_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "cloud model"
        indexes: ClassVar = [models.Index(fields=["provider", "cloud_model_id"], name="model_by_vendor_id")]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        return f"cloud://{self.cloud_model_id}"


class ModelAccess(models.Model):
    """One team or one person for whom a model is kept. A model without such a row is everybody's."""

    model = models.ForeignKey(CloudModel, on_delete=models.CASCADE, related_name="access")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "model access"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(team=None) ^ models.Q(user=None), name="access_is_a_teams_or_a_persons"
            ),
            models.UniqueConstraint(fields=["model", "team"], name="team_once_a_model"),
            models.UniqueConstraint(fields=["model", "user"], name="person_once_a_model"),
        ]

    def __str__(self) -> str:
        return f"{self.model} for {self.team or self.user}"


class Price(models.Model):
    """One version of a model's price list, in force from `effective_from`. Never changed: a new price is a new row.

    `lines` is a list of {"unit", "amount" (decimal text), "per", "description"}. A version is blocked when a vendor
    billed more than its quote, until an owner acknowledges it.
    """

    model = models.ForeignKey(CloudModel, on_delete=models.PROTECT, related_name="prices")
    currency = models.CharField(max_length=3)
    effective_from = models.DateTimeField()
    lines = models.JSONField()
    source = models.CharField(max_length=500)
    read_on = models.DateField()
    by_hand = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    blocked_at = models.DateTimeField(null=True, blank=True, editable=False)
    blocked_reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-effective_from", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["model", "effective_from"],
                condition=models.Q(by_hand=False),
                name="one_catalogue_price_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} from {self.effective_from:%Y-%m-%d}"

    @property
    def version(self) -> str:
        """The name that quotes and ledger lines give: unique and readable."""
        return f"{self.model.key}@{self.effective_from:%Y-%m-%d}#{self.pk}"
