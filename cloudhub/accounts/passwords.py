"""Changing one's password, and what is told of a forgotten one."""

from cloudhub.accounts.actor import Actor, Origin, witness_of
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import User
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import TooMany
from cloudhub.core.throttle import take

TRIES, SECONDS = 5, 300
RESET = "password.reset"


def count_password_try(actor: Actor) -> None:
    """Before the old password is looked at. Raises `TooMany`: a session left open must not be a place to guess."""
    wait = take(f"password:{actor.user.pk}", TRIES, SECONDS)
    if wait:
        raise TooMany(f"Too many tries to change the password. Wait {wait} seconds.", retry_after=wait)


def change_password(actor: Actor, password: str) -> User:
    """Take a new password that has been checked; every session signed in with the old one ends with it."""
    user = actor.user
    user.set_password(password)

    def work() -> None:
        User.objects.filter(pk=user.pk).update(password=user.password)
        record(actor, "password.changed", target_kind="person", target_id=user.pk, target_name=user.email)

    run_transaction(work)
    return user


def record_reset(user: User, origin: Origin) -> None:
    """Tell the audit trail that a person took a new password by the link that was mailed to them."""
    actor = witness_of(user, origin)

    def work() -> None:
        record(actor, RESET, target_kind="person", target_id=user.pk, target_name=user.email)

    run_transaction(work)
