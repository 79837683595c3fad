"""How django-allauth is fitted into the hub: whom it knows, what it may not do, and where its mails and secrets go."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse

from cloudhub.accounts.actor import Origin
from cloudhub.accounts.mail import send_later
from cloudhub.accounts.models import User
from cloudhub.accounts.single_sign_on import (
    ANOTHER_PERSON,
    NOT_CLEAR,
    PROVEN,
    prove_address,
    require_own_address,
    welcome,
)
from cloudhub.core.database import release_connection
from cloudhub.core.errors import HubError
from cloudhub.vault.second_factors import open_text, seal_text


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People are known by `User.email` alone; allauth's own table of addresses stays empty."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def reauthenticate(self, user: User, password: str) -> bool:
        """Throttled as signing in is, and for the same account."""
        credentials = {"username": user.email, "password": password}
        self.pre_authenticate(context.request, **credentials)
        found = authenticate(context.request, **credentials)
        if found is not None:
            self._rollback_login_failed_rl_usage()
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, app: str) -> bool:
        """Always where a way in is connected; the pages of second factors ask by themselves."""
        return app == "allauth.socialaccount" or super().is_reauthentication_required(app=app)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("web:account")

    def format_email_subject(self, subject: str) -> str:
        return f"CloudHub: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In a thread of its own: how long an answer takes must not tell whether there was anybody to write to."""
        request = self.request
        everything = {"request": request, "email": email, "host": request.get_host(), **context}
        send_later(self.render_mail(template_prefix, email, everything))

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        super().send_notification_mail(template_prefix, user, context, email or user.email)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Names and words of second factors, and their secrets sealed in the database."""

    def encrypt(self, text: str) -> str:
        return seal_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        return open_text(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": context.request.get_host().partition(":")[0], "name": "CloudHub"}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's name
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The one identity provider of the settings, and who may come in through it (accounts.single_sign_on)."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        """Never: allauth would also forget the person's password. `pre_social_login` asks the hub's own rule."""
        return

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in who is connected already; connect the person whom the hub's rule finds, once."""
        try:
            claims = _claims(sociallogin)
            if sociallogin.state.get("process") == AuthProcess.CONNECT:
                require_own_address(request.user, claims.get("email"), is_verified=claims.get("email_verified") is True)
                return
            if sociallogin.is_existing:
                return
            origin = Origin("page", request.META.get("REMOTE_ADDR", ""))
            email = claims.get("email")
            user = welcome(
                email if isinstance(email, str) else "", is_verified=claims.get("email_verified") is True, origin=origin
            )
            if SocialAccount.objects.filter(user=user, provider=sociallogin.account.provider).exists():
                raise HubError(ANOTHER_PERSON)
            if prove_address(user, origin):
                messages.info(request, PROVEN)
        except HubError as error:
            raise ImmediateHttpResponse(_refused(request, error)) from error
        sociallogin.connect(request, user)

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        return reverse("web:account")

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Those of the settings alone: a row in the database must not open a door."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def get_requests_session(self) -> Any:
        release_connection()
        return super().get_requests_session()


def _claims(sociallogin: SocialLogin) -> dict[str, Any]:
    """What the provider says of the person. Its two answers must speak of the same one. Raises `HubError`."""
    data = sociallogin.account.extra_data
    token, answer = data.get("id_token") or {}, data.get("userinfo") or {}
    if token and answer and token.get("sub") != answer.get("sub"):
        raise HubError(NOT_CLEAR)
    return {**token, **answer}


def _refused(request: HttpRequest, error: HubError) -> HttpResponse:
    messages.error(request, error.message)
    return redirect(resolve_url("web:account" if request.user.is_authenticated else "account_login"))
