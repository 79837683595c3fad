"""How long what is kept, and people whose erasure is under way."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cloudhub.accounts.models import Team


class RetentionRule(models.Model):
    """After how many days a kind of record goes: for the hub, or stricter for one team. Without a row: never."""

    kind = models.CharField(max_length=20)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    days = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "team"], name="one_rule_a_kind_and_team"),
            models.UniqueConstraint(fields=["kind"], condition=Q(team=None), name="one_rule_a_kind_for_the_hub"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.team or 'the hub'}: {self.days} days"


class Erasure(models.Model):
    """A person who was erased. `keeps_work` is false where prompts and pictures are to go too, which is done in steps
    until `finished_at`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasure")
    at = models.DateTimeField(default=timezone.now)
    keeps_work = models.BooleanField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user}, {self.at:%Y-%m-%d}"
