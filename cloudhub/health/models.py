"""What is known of the vendors' keys, and when the hub's chores are due."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class KeyCheck(models.Model):
    """The last free check of one key at one vendor. `key_print` tells keys apart without telling them.

    `began_at` and `next_at` are claimed by conditional update before the vendor is asked, so that of many processes one
    asks. `sentence` is the vendor's word in ours; `code` and `remedy` are empty for a key that works.
    """

    class State(models.TextChoices):
        UNCHECKED = "unchecked", "Not checked yet"
        VALID = "valid", "Works"
        REFUSED = "refused", "Refused"
        UNREACHABLE = "unreachable", "Could not be checked"

    provider = models.CharField(max_length=40)
    key_print = models.CharField(max_length=16, blank=True)
    next_at = models.DateTimeField(default=timezone.now)
    began_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNCHECKED)
    code = models.CharField(max_length=40, blank=True)
    sentence = models.CharField(max_length=500, blank=True)
    remedy = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "key_print"], name="one_check_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.get_state_display()}"


class Chore(models.Model):
    """Something that one process of the hub does now and then; whoever moves `next_at` on does it."""

    name = models.CharField(max_length=40, primary_key=True)
    next_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
