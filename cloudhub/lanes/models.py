"""Lanes: how fast calls may go to a vendor with one key, and whether they may go at all just now."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Lane(models.Model):
    """One vendor, key and model; with an empty `model` the vendor and key as a whole, which also holds the circuit.

    `address` is that of registrations with a server of their own, so that a dead server stops no living one.
    `key_print` tells keys apart without telling them. `limits` is the owner's list, null for the vendor's published
    ones; `told` the limit that a vendor named when it refused a call, `refused_at` when it last refused one for coming
    too fast, which teaches a limit for a while too. `paused_until` is the vendor's own "try again
    then". The circuit is open until `opened_until`; the first call after it is the trial, until `trial_until`.
    """

    provider = models.CharField(max_length=40)
    key_print = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=500, blank=True)
    model = models.CharField(max_length=200, blank=True)
    limits = models.JSONField(null=True)
    told = models.JSONField(null=True)
    refused_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    pause_code = models.CharField(max_length=20, blank=True)
    pause_reason = models.CharField(max_length=500, blank=True)
    failures = models.IntegerField(default=0)
    openings = models.IntegerField(default=0)
    opened_until = models.DateTimeField(null=True)
    trial_until = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=500, blank=True)
    last_failure_code = models.CharField(max_length=40, blank=True)
    last_failure_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "key_print", "address", "model"], name="one_lane_a_vendor_key_address_and_model"
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.provider, self.address, self.model or "as a whole") if part)


class LaneCall(models.Model):
    """One call that was let through: its own row in both lanes, kept as long as any limit looks back."""

    attempt_id = models.UUIDField(primary_key=True)
    lane = models.ForeignKey(Lane, on_delete=models.PROTECT, related_name="calls")
    key_lane = models.ForeignKey(Lane, on_delete=models.PROTECT, related_name="calls_of_key")
    user_id = models.BigIntegerField()
    at = models.DateTimeField()
    images = models.IntegerField()
    micros = models.BigIntegerField()
    was_refused = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["lane", "at"], name="calls_of_lane"),
            models.Index(fields=["key_lane", "at"], name="calls_of_key_lane"),
            models.Index(fields=["lane"], condition=Q(ended_at=None), name="open_calls_of_lane"),
            models.Index(fields=["key_lane"], condition=Q(ended_at=None), name="open_calls_of_key_lane"),
            models.Index(fields=["at"], name="lane_calls_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.attempt_id)


class LaneWaiter(models.Model):
    """An attempt that was not let through yet. Whoever works for it asks again at `due_at`; who does not is gone."""

    attempt_id = models.UUIDField(primary_key=True)
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="waiters")
    key_lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="waiters_of_key")
    user_id = models.BigIntegerField()
    since = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["due_at"], name="lane_waiters_by_age")]

    def __str__(self) -> str:
        return str(self.attempt_id)
