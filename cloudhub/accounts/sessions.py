"""Where people are signed in: each browser with address and last sight, and ending it."""

import hashlib
import ipaddress
from datetime import timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import User
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import NotFound

SEEN_SECONDS = 300


def sessions_of(user: User) -> QuerySet[UserSession]:
    """The person's sessions that have not run out, the last seen first."""
    oldest = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    found: QuerySet[UserSession] = UserSession.objects.filter(user=user, last_seen_at__gt=oldest)
    return found.order_by("-last_seen_at", "-id")


def mark_seen(user: User, session_key: str, address: str, browser: str) -> None:
    """Note that a session is in use, at most once in five minutes: a page is no reason to write to the database."""
    digest = hashlib.sha256(session_key.encode()).hexdigest()
    if not cache.add(f"seen:{user.pk}:{digest}", 1, timeout=SEEN_SECONDS):
        return
    seen = {"user": user, "ip": _valid(address), "user_agent": browser[:200], "last_seen_at": timezone.now()}
    run_transaction(lambda: UserSession.objects.update_or_create(session_key=session_key, defaults=seen))


def end_session(actor: Actor, session_id: int) -> None:
    """Sign one of one's own browsers out. Raises `NotFound` for anybody else's."""
    session = UserSession.objects.filter(pk=session_id, user=actor.user).first()
    if session is None:
        raise NotFound("This session has already ended.")
    _end(actor, [session])


def end_other_sessions(actor: Actor, current_key: str) -> int:
    """Sign every other browser of one's own out; how many there were."""
    others = list(UserSession.objects.filter(user=actor.user).exclude(session_key=current_key))
    if others:
        _end(actor, others)
    return len(others)


def end_sessions_of(user: User) -> None:
    """Sign a person out everywhere; call it inside the transaction of what ends them."""
    sessions = list(UserSession.objects.filter(user=user))
    _delete([session.session_key for session in sessions])
    UserSession.objects.filter(pk__in=[session.pk for session in sessions]).delete()


def forget_ended_sessions(most: int) -> int:
    """Forget address and browser of at most `most` sessions that signed out or ran out; returns how many."""
    living = Session.objects.filter(session_key=OuterRef("session_key"))
    ended = UserSession.objects.filter(~Exists(living))
    ids = list(ended.values_list("pk", flat=True)[:most])
    return run_transaction(lambda: ended.filter(pk__in=ids).delete()[0]) if ids else 0


def _end(actor: Actor, sessions: list[UserSession]) -> None:
    def work() -> None:
        _delete([session.session_key for session in sessions])
        UserSession.objects.filter(pk__in=[session.pk for session in sessions]).delete()
        record(actor, "session.ended", target_kind="person", target_id=actor.user.pk, target_name=actor.user.email,
               details={"sessions": len(sessions)})  # fmt: skip

    run_transaction(work)


def _delete(keys: list[str]) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for key in keys:
        store.delete(key)


def _valid(address: str) -> str:
    """The address as the database takes it; a socket without one becomes 0.0.0.0."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - a stand-in that is shown, nothing listens there
