"""Register a model of a vendor's catalogue, or any other where the vendor takes any."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cloudhub.accounts.first_owner import actor_of_commands
from cloudhub.catalog.lifecycle import lifecycle_warnings
from cloudhub.catalog.register import register_model
from cloudhub.core.errors import HubError


class Command(BaseCommand):
    help = "Register a vendor's model by its id or an alias."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("provider")
        parser.add_argument("cloud_model_id")
        parser.add_argument("--key", default="", help="the hub's name for it, by default the vendor's id")
        parser.add_argument("--name", default="")
        parser.add_argument("--price-per-image", help='in dollars, such as "0.039", when the catalogue has none')

        parser.add_argument("--address", help="base address of a self-hosted server or gateway")
        parser.add_argument(
            "--capabilities", type=json.loads, help="JSON as in a catalogue, for a model outside the vendor's"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        names = ("provider", "cloud_model_id", "key", "name", "price_per_image", "address", "capabilities")
        try:
            model = register_model(actor=actor_of_commands(), **{name: options[name] for name in names})
        except HubError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Registered {model.name} with key {model.key}.")
        for warning in lifecycle_warnings(model):
            self.stdout.write(f"! {warning}")
