"""Generations, their attempts at vendors, pictures, and the worker processes that perform them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cloudhub.accounts.models import HubKey, Team
from cloudhub.billing.models import Hold
from cloudhub.catalog.models import CloudModel
from cloudhub.core.identifiers import new_id
from cloudhub.vault.models import ProviderKey


class Worker(models.Model):
    """One process that performs calls. Its lease is renewed by a heartbeat; a lapsed one lets others take over."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=10)
    host = models.CharField(max_length=200)
    process = models.IntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.process} on {self.host}"


class Generation(models.Model):
    """One wish, priced, held and carried out. `request` is what was asked, `sent` what the vendor is asked for.

    After `recipe_erased_at` both are empty, and so are the prompt and the notes; what was paid stays.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Done"
        PARTIAL = "partial", "Partly done"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown outcome"

    class Door(models.TextChoices):
        INLINE = "inline", "Answers with the picture"
        QUEUED = "queued", "Queued"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="generations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations")
    hub_key = models.ForeignKey(HubKey, on_delete=models.PROTECT, null=True, related_name="generations")
    model = models.ForeignKey(CloudModel, on_delete=models.PROTECT, related_name="generations")
    door = models.CharField(max_length=10, choices=Door.choices)
    request = models.JSONField()
    sent = models.JSONField()
    notes = models.JSONField(default=list)
    prompt = models.TextField()
    num_images = models.IntegerField()
    tags = models.TextField(blank=True)
    estimate_micros = models.BigIntegerField(null=True)
    cost_micros = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    request_hash = models.CharField(max_length=64)
    idempotency_scope = models.CharField(max_length=120)
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null means "no key" and is not unique
    cache_source = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="cache_hits")
    created_at = models.DateTimeField(default=timezone.now)
    deadline_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices)
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, null=True, related_name="generations")
    claims = models.IntegerField(default=0)
    cancel_requested_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True)
    recipe_erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["idempotency_scope", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="one_generation_an_idempotency_key",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["team", "-id"], name="generations_of_team"),
            models.Index(fields=["user", "-id"], name="generations_of_user"),
            models.Index(
                fields=["user", "model", "created_at"], condition=Q(state="queued"), name="queued_generations"
            ),
            models.Index(fields=["worker"], condition=Q(state="running"), name="running_generations"),
            models.Index(fields=["idempotency_scope", "request_hash", "-created_at"], name="generations_to_join"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_finished(self) -> bool:
        return self.state not in (self.State.QUEUED, self.State.RUNNING)

    @property
    def tag_list(self) -> list[str]:
        return [tag for tag in self.tags.split("|") if tag]


class Attempt(models.Model):
    """One vendor call, and the fencing token: the right to send is its change from held to sent, once.

    `provider_key` is the stored key that it was sent with, null for the environment's: the vendor is asked with it.
    """

    class State(models.TextChoices):
        HELD = "held", "Not sent yet"
        SENT = "sent", "Sent"
        SETTLED = "settled", "Settled"
        RELEASED = "released", "Not billed"
        UNKNOWN = "unknown", "Unknown outcome"
        WRITTEN_OFF = "written_off", "Written off"

    OPEN_STATES = (State.HELD, State.SENT, State.UNKNOWN)

    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, primary_key=True, related_name="attempt")
    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="attempts")
    slot = models.IntegerField()
    try_number = models.IntegerField(default=0)
    num_images = models.IntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.HELD)
    remote_id = models.CharField(max_length=2000, blank=True)
    vendor_request_id = models.CharField(max_length=300, blank=True)
    provider_key = models.ForeignKey(ProviderKey, on_delete=models.PROTECT, null=True, related_name="attempts")
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["generation", "slot", "try_number"], name="one_attempt_a_try"),
            models.UniqueConstraint(
                fields=["generation", "slot"],
                condition=Q(state__in=["held", "sent", "unknown"]),
                name="one_live_attempt_a_slot",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state"], condition=Q(state__in=["held", "sent", "unknown"]), name="live_attempts"),
            models.Index(fields=["sent_at"], name="attempts_by_sending"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Image(models.Model):
    """One picture: what a vendor gave back, or an upload (then without an attempt). The bytes lie in storage.

    An upload that was made elsewhere and imported into the Gallery has words of its own: `prompt`, and in `made_with`
    where it was made, which is null for every other picture. After `prompt_erased_at` the prompt is empty.

    From `deleted_at` on it lies in the bin; from `purged_at` on it is gone for good. The row stays as proof that there
    was a picture, and loses its `sha256` once the file is dealt with.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="images")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="images")
    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, null=True, related_name="images")
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, null=True, related_name="images")
    index = models.IntegerField(default=0)
    sha256 = models.CharField(max_length=64, db_index=True, blank=True)
    size_bytes = models.BigIntegerField()
    width = models.IntegerField()
    height = models.IntegerField()
    mime_type = models.CharField(max_length=40)
    seed = models.BigIntegerField(null=True)
    revised_prompt = models.TextField(blank=True)
    prompt = models.TextField(blank=True, default="")
    made_with = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null means "not imported"
    prompt_erased_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["attempt", "index"], condition=Q(attempt__isnull=False), name="one_image_a_place"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["team", "-id"], name="images_of_team"),
            models.Index(fields=["team", "-id"], condition=Q(made_with__isnull=False), name="imported_images_of_team"),
            models.Index(
                fields=["team", "deleted_at"],
                condition=Q(deleted_at__isnull=False, purged_at__isnull=True),
                name="images_in_the_bin",
            ),
            models.Index(
                fields=["id"], condition=Q(purged_at__isnull=False) & ~Q(sha256=""), name="images_with_files_to_remove"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
