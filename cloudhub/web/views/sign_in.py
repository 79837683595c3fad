"""Sign in and sign out."""

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth.views import LogoutView

from cloudhub.accounts.mail import can_mail
from cloudhub.web.sign_in.forms import SignInForm


class SignIn(LoginView):  # type: ignore[misc]
    """The fields are `username`, which holds the e-mail address, and `password`; a second factor is asked after it."""

    template_name = "login.html"
    form_class = SignInForm

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "can_mail": can_mail(),
            "single_sign_on": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
        }


class SignOut(LogoutView):
    """POST only: a link or a picture on another site must not sign anybody out."""

    next_page = "web:login"
