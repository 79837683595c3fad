"""The forms of signing in, where they differ from django-allauth's."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.mfa.base.forms import AuthenticateForm
from django import forms

from cloudhub.accounts.models import User
from cloudhub.core.throttle import take

# allauth already limits codes to a few at once. Over a day a code of six digits must stay out of reach as well.
CODES_A_DAY = 60
A_DAY = 86_400


class SignInForm(LoginForm):  # type: ignore[misc]
    """Its fields are `username`, which holds the e-mail address in any case, and `password`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(max_length=254)

    def add_prefix(self, field_name: str) -> str:
        return "username" if field_name == "login" else field_name

    def user_credentials(self) -> dict[str, str]:
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}


class ResetPasswordForm(AllauthResetPasswordForm):  # type: ignore[misc]
    """Finds people as signing in does. Who never had a password comes in another way and gets none by mail."""

    def clean_email(self) -> str:
        """The address as it is stored where it is known: the mail goes there, never to what was typed."""
        typed: str = self.cleaned_data["email"]
        user = User.objects.with_address(typed)
        self.users = [user] if user and user.is_active and user.has_usable_password() else []
        return user.email if user else typed


class SecondFactorForm(AuthenticateForm):  # type: ignore[misc]
    """A code, of which a person may try only so many a day."""

    def clean_code(self) -> str:
        if take(f"second-factor:{self.user.pk}", CODES_A_DAY, A_DAY):
            raise forms.ValidationError("Too many codes for one day. Use a passkey or try tomorrow.", code="throttled")
        return str(super().clean_code())
