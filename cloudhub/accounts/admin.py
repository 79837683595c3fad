"""People, teams and hub keys on the admin site: to look at; only keys can be ended here."""

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from cloudhub.accounts.actor import Actor, Origin, actor_of_user, permissions_of
from cloudhub.accounts.hub_keys import revoke_hub_key
from cloudhub.accounts.models import AuditEntry, HubKey, Invitation, Membership, Role, Team, User
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
    user, origin = cast(User, request.user), origin_of(request)
    try:
        return actor_of_user(user, origin=origin)
    except Forbidden:
        return Actor(user, Team(), "", None, permissions_of(user, Role.VIEWER), origin)


def origin_of(request: HttpRequest) -> Origin:
    return Origin("admin", request.META.get("REMOTE_ADDR", ""))


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
    """Keys are made on the Keys page or by the command `create_hub_key`, where their text can be shown; here they are
    ended."""

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
        """The core decides which keys the person may end; somebody in no team acts for none."""
        try:
            actor = actor_of_user(cast(User, request.user), origin=origin_of(request))
            for key in keys:
                _, others = revoke_hub_key(actor=actor, key_id=str(key.pk))
                if others:
                    self.message_user(request, f"{key}: revoked with {others} that were made with it.", messages.INFO)
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
