"""Make a hub key and print it, alone, so that a script can catch it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cloudhub.accounts.actor import PERMISSIONS
from cloudhub.accounts.first_owner import first_owner
from cloudhub.accounts.hub_keys import create_hub_key
from cloudhub.accounts.models import Membership, User
from cloudhub.core.errors import HubError


class Command(BaseCommand):
    help = "Make a hub key for programs; prints the key alone, this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the key is for")
        parser.add_argument("--user", metavar="EMAIL", help="whose key, by default the first owner's")
        parser.add_argument("--scopes", default=",".join(PERMISSIONS), help="generate,read,manage (all by default)")

    def handle(self, *_: Any, **options: Any) -> None:
        email = options["user"]
        try:
            user = User.objects.get(email__iexact=email) if email else first_owner()
        except User.DoesNotExist as error:
            raise CommandError(f"There is no person {email}." if email else str(error)) from error
        membership = Membership.objects.filter(user=user).select_related("team").order_by("id").first()
        if membership is None:
            raise CommandError(f"{user.email} is in no team.")
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            _key, text = create_hub_key(name=options["name"], user=user, team=membership.team, scopes=scopes)
        except HubError as error:
            raise CommandError(error.message) from error
        self.stdout.write(text)
