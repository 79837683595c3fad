"""People, teams, roles and hub keys."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from cloudhub.core.addresses import is_same_address


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail, which is what they sign in with."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def with_address(self, address: str) -> "User | None":
        """The one person whom the address means, active or not."""
        candidates = self.filter(email__iexact=address)
        return next((user for user in candidates if is_same_address(user.email, address)), None)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Raises `User.DoesNotExist`, also for an address that only the database takes for the same."""
        user = self.with_address(username or "")
        if user is None:
            raise User.DoesNotExist
        return user


class User(AbstractUser):
    """Signs in by e-mail. A superuser is an owner of the whole hub."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail", unique=True)
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case")]

    def __str__(self) -> str:
        return self.email


class Team(models.Model):
    name = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "team"], name="one_membership_a_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} as {self.get_role_display()}"


class HubKey(models.Model):
    """A key of the hub's own for programs. Only its hash is stored; `prefix` is what pages show.

    Empty `allowed_models` (keys of models) and `allowed_networks` (such as "10.0.0.0/8") allow all; null
    `calls_a_minute` sets no limit. `replaces` is the key that this one was made to follow.

    Keys that follow each other are one line, known by its first key: budgets and the rate limit count over the line, so
    that rotating a key escapes neither. A key that was made with another one counts in that one's line as well.
    """

    name = models.CharField(max_length=100)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="hub_keys")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hub_keys")
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    allowed_models = models.JSONField(default=list, blank=True)
    allowed_networks = models.JSONField(default=list, blank=True)
    calls_a_minute = models.PositiveIntegerField(null=True, blank=True)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replacements")
    older_lines = models.TextField(
        blank=True, editable=False, help_text="|12|57|: lines in which its calls count, beside its own number."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["replaces"], condition=models.Q(replaces__isnull=False), name="one_replacement_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def lines(self) -> list[int]:
        """The first keys of the lines in which this key's calls count: those it was made with, its own the last."""
        older = [int(number) for number in self.older_lines.split("|") if number]
        return older if self.replaces_id else [*older, self.pk]

    @property
    def line(self) -> int:
        return self.lines[-1]


class Invitation(models.Model):
    """A place in a team for somebody who may not have an account yet. The link holds a token of which this is the
    hash; it works once, until `expires_at`."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField("e-mail")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} to {self.team}"


class AuditEntry(models.Model):
    """One line of the audit trail: who did what to which object, from where. Written once; `hash` covers the line and
    the hash of the line before.

    What names a person (`who`, `address`, `target_name`) can be erased: the chain holds only its salted digest.
    `details` never holds a secret nor a person's name.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    hub_key = models.ForeignKey(HubKey, on_delete=models.PROTECT, null=True, related_name="+")
    door = models.CharField(max_length=10)
    action = models.CharField(max_length=60)
    target_kind = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=100, blank=True)
    details = models.JSONField(default=dict)
    who = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=60, blank=True)
    target_name = models.CharField(max_length=300, blank=True)
    salt = models.CharField(max_length=32, blank=True)
    personal_digest = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [
            models.Index(fields=["team", "-number"], name="audit_of_team"),
            models.Index(fields=["target_kind", "target_id", "-number"], name="audit_of_object"),
            models.Index(fields=["user", "-number"], name="audit_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"
