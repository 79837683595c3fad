"""What people do to their own second factor at django-allauth's pages, told to the audit trail."""

from typing import Any

from allauth.mfa import signals
from django.dispatch import receiver
from django.http import HttpRequest

from cloudhub.accounts.members import record_own_factor


@receiver(signals.authenticator_added)
def added(request: HttpRequest, authenticator: Any, **_: Any) -> None:
    record_own_factor(request.actor, "second_factor.added", authenticator.type)  # type: ignore[attr-defined]


@receiver(signals.authenticator_removed)
def removed(request: HttpRequest, authenticator: Any, **_: Any) -> None:
    record_own_factor(request.actor, "second_factor.removed", authenticator.type)  # type: ignore[attr-defined]


@receiver(signals.authenticator_reset)
def renewed(request: HttpRequest, authenticator: Any, **_: Any) -> None:
    record_own_factor(request.actor, "second_factor.renewed", authenticator.type)  # type: ignore[attr-defined]
