"""How often one person or one hub key may ask for what costs the hub work, or vendors patience, though no money."""

from dataclasses import dataclass

from django.conf import settings

from cloudhub.accounts.actor import Actor
from cloudhub.core.errors import TooMany
from cloudhub.core.throttle import take

A_MINUTE = 60


@dataclass(frozen=True)
class Pace:
    """`setting` names the number of times a minute; `words` are what is asked for, as a sentence begins."""

    name: str
    setting: str
    words: str


ESTIMATES = Pace("estimates", "ESTIMATES_A_MINUTE", "Prices are")
CHECKS = Pace("checks", "CHECKS_A_MINUTE", "Keys are")
UPLOADS = Pace("uploads", "UPLOADS_A_MINUTE", "Pictures are")
_VERBS = {"estimates": "asked for", "checks": "tested", "uploads": "uploaded"}


def keep_pace(actor: Actor, pace: Pace, times: int = 1) -> None:
    """Count `times` more for the actor, in the last minute. Raises `TooMany` when that is more than the setting allows.

    A hub key counts for itself, so that a program that runs wild does not stop its person at the pages.
    """
    who = f"key-{actor.hub_key.pk}" if actor.hub_key else f"user-{actor.user.pk}"
    most: int = getattr(settings, pace.setting)
    for _ in range(times):
        wait = take(f"{pace.name}:{who}", most, A_MINUTE)
        if wait:
            often = f"{pace.words} {_VERBS[pace.name]} more than {most} times a minute here."
            raise TooMany(f"{often} Nothing was done; try again in {wait} seconds.", retry_after=wait)
