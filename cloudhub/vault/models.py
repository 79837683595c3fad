"""Vendors' keys that people typed into the hub: encrypted, never shown again."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cloudhub.accounts.models import Team
from cloudhub.core.identifiers import new_id


class ProviderKey(models.Model):
    """One key of one vendor, of a team or (`team` null) of every team. What is secret lies in `ciphertext` alone.

    `form` names the vendor's `KeyForm`, `public_values` are its variables that are no secret. `bound_to` holds, by the
    vendor's address variables, where the vendor was when the key was typed ("scheme://host:port", empty for the
    vendor's own address): the key goes nowhere else. `key_print` tells keys apart without telling them. Keys with a
    lower `priority` are taken first. An active key makes calls; a retired one is only asked about jobs that were begun
    with it, and loses its ciphertext a day later when there are none (`generations.retired_keys`); revoked and dropped
    ones (the vendor's address changed) have lost it at once.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "In use"
        RETIRED = "retired", "Replaced"
        REVOKED = "revoked", "Revoked"
        DROPPED = "dropped", "Dropped"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.CharField(max_length=40)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="provider_keys")
    label = models.CharField(max_length=100, blank=True)
    form = models.CharField(max_length=40)
    ciphertext = models.TextField(blank=True, editable=False)
    encryption_key_id = models.CharField(max_length=16, blank=True, db_index=True)
    public_values = models.JSONField(default=dict)
    bound_to = models.JSONField(default=dict)
    last_four = models.CharField(max_length=4, blank=True)
    key_print = models.CharField(max_length=16)
    priority = models.IntegerField(default=100)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replacements")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True)
    use_count = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["provider", "priority", "id"], condition=Q(state="active"), name="active_keys_of_vendor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label or self.provider} (…{self.last_four})" if self.last_four else self.label or self.provider

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def source(self) -> str:
        """Where it comes from, in words for people. `team` has been read with it."""
        return f"stored for the team {self.team.name}" if self.team else "stored for every team"
