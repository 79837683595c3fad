"""Addresses of signing in. The names without a namespace are those by which django-allauth finds its own pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as single_sign_on
from allauth.socialaccount.providers.openid_connect import views as openid
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, re_path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from cloudhub.accounts.mail import can_mail
from cloudhub.web.htmx import signed_in
from cloudhub.web.sign_in.connecting import begin
from cloudhub.web.sign_in.words import in_words
from cloudhub.web.views.sign_in import SignIn, SignOut

View = Callable[..., HttpResponseBase]


def own(view: View) -> View:
    """A page about one's own account."""
    return never_cache(signed_in()(in_words(view)))


def with_mail(view: View) -> View:
    """A page that there is only where the hub can send mail."""

    @wraps(view)
    def mailing(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not can_mail():
            raise Http404
        return in_words(view)(request, *args, **kwargs)

    return never_cache(mailing)


to_factors = RedirectView.as_view(pattern_name="mfa_index")

urlpatterns = [
    path("login/", in_words(SignIn.as_view()), name="account_login"),
    path("logout/", SignOut.as_view(), name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/second-factor/ask/", in_words(factor.authenticate), name="mfa_authenticate"),
    path("account/passkeys/sign-in/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("account/password/reset/", with_mail(account.password_reset), name="account_reset_password"),
    path("account/password/reset/sent/", with_mail(account.password_reset_done), name="account_reset_password_done"),
    re_path(r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
            with_mail(account.password_reset_from_key), name="account_reset_password_from_key"),
    path("account/password/reset/done/", with_mail(account.password_reset_from_key_done),
         name="account_reset_password_from_key_done"),
    path("account/single-sign-on/<slug:provider_id>/", begin, name="openid_connect_login"),
    path("account/single-sign-on/<slug:provider_id>/answer/", openid.callback, name="openid_connect_callback"),
    path("account/single-sign-on/login/cancelled/", single_sign_on.login_cancelled,
         name="socialaccount_login_cancelled"),
    path("account/single-sign-on/login/error/", single_sign_on.login_error, name="socialaccount_login_error"),
    path("account/confirm/", own(account.reauthenticate), name="account_reauthenticate"),
    path("account/confirm/code/", own(factor.reauthenticate), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", own(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("account/second-factor/", own(factor.index), name="mfa_index"),
    path("account/second-factor/app/", own(app.activate_totp), name="mfa_activate_totp"),
    path("account/second-factor/app/remove/", own(app.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/second-factor/codes/", own(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/second-factor/codes/new/", own(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/passkeys/", to_factors, name="mfa_list_webauthn"),
    path("account/passkeys/add/", own(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/name/", own(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", own(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
]  # fmt: skip
