"""Make a hub key and print it, alone, so that a script can catch it."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cloudhub.accounts.actor import PERMISSIONS, Actor, Origin
from cloudhub.accounts.first_owner import first_owner
from cloudhub.accounts.models import Membership, Role, User
from cloudhub.billing.hub_keys import issue_hub_key
from cloudhub.billing.models import WindowKind
from cloudhub.core.errors import HubError
from cloudhub.core.money import CURRENCIES


class Command(BaseCommand):
    help = "Make a hub key for programs; prints the key alone, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the key is for")
        parser.add_argument("--user", metavar="EMAIL", help="whose key, by default the first owner's")
        parser.add_argument("--scopes", default=",".join(PERMISSIONS), help="generate,read,manage (all by default)")
        parser.add_argument("--models", default="", metavar="KEYS", help="the models it may use, by default all")
        parser.add_argument("--networks", default="", help="from where it may be used: 10.0.0.0/8,2001:db8::/32")
        parser.add_argument("--calls-a-minute", type=int, metavar="N", help="more calls are refused with 429")
        parser.add_argument("--days", type=int, metavar="N", help="it ends so many days from now")
        parser.add_argument("--budget", metavar="AMOUNT", help="a hard budget of its own, such as 10.00")
        parser.add_argument("--window", default=WindowKind.MONTH, choices=WindowKind.values, help="of the budget")
        parser.add_argument("--currency", default="USD", choices=CURRENCIES, help="of the budget")

    def handle(self, *_: Any, **options: Any) -> None:
        user, owner = self._people(options["user"])
        membership = Membership.objects.filter(user=user).select_related("team").order_by("id").first()
        if membership is None:
            raise CommandError(f"{user.email} is in no team.")
        # Whoever can run this has the database itself; the trail shows the door.
        actor = Actor(owner, membership.team, Role.OWNER, None, frozenset(PERMISSIONS), Origin("command"))
        try:
            _key, text = issue_hub_key(actor, _wish(options), user)
        except HubError as error:
            raise CommandError(error.message) from error
        self.stdout.write(text)

    def _people(self, email: str | None) -> tuple[User, User]:
        """Whose key it becomes, and in whose name it is made."""
        try:
            owner = first_owner()
            return (User.objects.get_by_natural_key(email) if email else owner), owner
        except User.DoesNotExist as error:
            raise CommandError(f"There is no person {email}." if email else str(error)) from error


def _wish(options: dict[str, Any]) -> dict[str, Any]:
    wish = {
        "name": options["name"],
        "scopes": _split(options["scopes"]),
        "allowed_models": _split(options["models"]),
        "allowed_networks": _split(options["networks"]),
        "calls_a_minute": options["calls_a_minute"],
    }
    if options["days"] is not None:
        wish["expires_at"] = timezone.now() + timedelta(days=min(options["days"], 36500))
    if options["budget"] is not None:
        wish["budget"] = {name: options[key] for name, key in
                          (("limit", "budget"), ("window", "window"), ("currency", "currency"))}  # fmt: skip
    return wish


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
