"""What people do to their own ways in at django-allauth's pages, told to the audit trail."""

from typing import Any

from allauth.account.signals import password_reset
from allauth.mfa import signals
from allauth.socialaccount.signals import social_account_added
from django.dispatch import receiver
from django.http import HttpRequest

from cloudhub.accounts.actor import Origin
from cloudhub.accounts.members import record_own_factor
from cloudhub.accounts.models import User
from cloudhub.accounts.passwords import record_reset
from cloudhub.accounts.single_sign_on import record_connection


@receiver(signals.authenticator_added)
def added(request: HttpRequest, authenticator: Any, **_: Any) -> None:
    record_own_factor(request.actor, "second_factor.added", authenticator.type)  # type: ignore[attr-defined]


@receiver(signals.authenticator_removed)
def removed(request: HttpRequest, authenticator: Any, **_: Any) -> None:
    record_own_factor(request.actor, "second_factor.removed", authenticator.type)  # type: ignore[attr-defined]


@receiver(signals.authenticator_reset)
def renewed(request: HttpRequest, authenticator: Any, **_: Any) -> None:
    record_own_factor(request.actor, "second_factor.renewed", authenticator.type)  # type: ignore[attr-defined]


@receiver(password_reset)
def reset(request: HttpRequest, user: User, **_: Any) -> None:
    record_reset(user, origin_of(request))


@receiver(social_account_added)
def connected(request: HttpRequest, sociallogin: Any, **_: Any) -> None:
    record_connection(sociallogin.user, origin_of(request))


def origin_of(request: HttpRequest) -> Origin:
    return Origin("page", request.META.get("REMOTE_ADDR", ""))
