"""People, teams and hub keys on the admin site: to look at; only keys can be ended here."""

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from cloudhub.accounts.actor import Actor, Origin, actor_of_user, permissions_of
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.hub_keys import revoke_hub_key
from cloudhub.accounts.models import AuditEntry, HubKey, Invitation, Membership, Role, Team, User
from cloudhub.core.database import write_lock
from cloudhub.core.errors import Forbidden, HubError

# django-allauth's own tables: a row there opens a way in, past the People page and the audit trail.
admin.site.unregister([EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession])


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nothing can be added, changed or deleted, also not by a superuser."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def admin_actor(request: HttpRequest) -> Actor:
    """Who acts on the admin site, for the audit trail; somebody in no team has none in their lines."""
    user = cast(User, request.user)
    origin = Origin("admin", request.META.get("REMOTE_ADDR", ""))
    try:
        return actor_of_user(user, origin=origin)
    except Forbidden:
        return Actor(user, Team(), "", None, permissions_of(user, Role.VIEWER), origin)


class Recorded(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is added, changed or deleted here stands in the audit trail, written in the same transaction."""

    def _record(self, request: HttpRequest, verb: str, row: Model, details: dict[str, Any]) -> None:
        kind = self.opts.verbose_name.lower().replace(" ", "_") if self.opts.verbose_name else ""
        record(admin_actor(request), f"{kind}.{verb}", target_kind=kind, target_id=row.pk, target_name=str(row),
               details=details)  # fmt: skip

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, "added", obj, {})
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """`message` names what was done to which fields; an inline row's name may be a person's, so it is left out."""
        steps = message if isinstance(message, list) else []
        changes = [
            {verb: {name: words for name, words in what.items() if name != "object"} for verb, what in step.items()}
            for step in steps
        ]
        self._record(request, "changed", obj, {"changes": changes})
        return super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self._record(request, "deleted", obj, {})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with write_lock(), transaction.atomic():
            for row in queryset:
                self._record(request, "deleted", row, {})
            super().delete_queryset(request, queryset)


class OnThePeoplePage(ReadOnly):
    """People, teams and their places are changed on the People page, where the last owner is guarded and every act
    goes into the audit trail."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        said = f"Looked at here, changed on the People page: {reverse('web:people')}"
        self.message_user(request, said, messages.INFO)
        return super().changelist_view(request, extra_context)


@admin.register(User)
class PersonAdmin(OnThePeoplePage):
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "last_login")
    search_fields = ("email", "first_name", "last_name")
    exclude = ("password", "groups", "user_permissions")


@admin.register(Team)
class TeamAdmin(OnThePeoplePage):
    list_display = ("name", "created_at", "archived_at")
    search_fields = ("name",)


@admin.register(Membership)
class MembershipAdmin(OnThePeoplePage):
    list_display = ("user", "team", "role", "created_at")
    list_filter = ("team", "role")
    list_select_related = ("user", "team")


@admin.register(HubKey)
class HubKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Keys are made on the Keys page or by `create_hub_key`, where their text can be shown; here they are ended."""

    list_display = ("name", "prefix", "user", "team", "scopes", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("team",)
    list_select_related = ("user", "team")
    exclude = ("digest",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HubKey | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HubKey | None = None) -> bool:
        return False

    @admin.action(description="Revoke the selected keys", permissions=["view"])
    def revoke(self, request: HttpRequest, keys: QuerySet[HubKey]) -> None:
        """The core decides which keys the person may end."""
        try:
            actor = admin_actor(request)
            for key in keys:
                revoke_hub_key(actor=actor, key_id=str(key.pk))
        except HubError as error:
            self.message_user(request, error.message, messages.ERROR)


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    """Invitations are made and withdrawn on their page."""

    list_display = ("email", "team", "role", "created_at", "expires_at", "accepted_at", "withdrawn_at")
    list_filter = ("team", "role")
    list_select_related = ("team",)
    exclude = ("digest",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("number", "at", "who", "action", "target_kind", "target_id", "team", "door")
    list_filter = ("action", "door", "team")
    list_select_related = ("team",)
    ordering = ("-number",)
    exclude = ("salt",)
    show_full_result_count = False
