"""Make pictures from the terminal, through the same door as everybody: priced, held, settled."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cloudhub.accounts.actor import actor_of_user
from cloudhub.accounts.first_owner import first_owner
from cloudhub.accounts.models import User
from cloudhub.catalog.find import default_model
from cloudhub.core.errors import HubError
from cloudhub.core.money import format_money
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation
from cloudhub.generations.outputs import save_pictures
from cloudhub.generations.run import LONGEST_WAIT, submit_and_wait


class Command(BaseCommand):
    help = "Make pictures as the first owner, wait for them and save them as files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt")
        parser.add_argument("--model", help="a registered model's key, by default a living one")
        parser.add_argument("--out", type=Path, help="file or folder, by default outputs/ of the data folder")
        parser.add_argument("--num-images", type=int, default=1)
        parser.add_argument("--aspect-ratio")
        parser.add_argument("--resolution")
        parser.add_argument("--seed", type=int)

    def handle(self, *_: Any, **options: Any) -> None:
        names = ("prompt", "num_images", "aspect_ratio", "resolution", "seed")
        model = options["model"] or getattr(default_model(None), "key", "")
        try:
            generation = make_pictures(model, {name: options[name] for name in names})
            paths = save_pictures(generation, options["out"] or settings.DATA_DIR / "outputs")
        except (HubError, User.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        for path in paths:
            self.stdout.write(str(path))
        cost = format_money(generation.cost_micros, generation.currency)
        self.stdout.write(f"{generation.get_state_display()}: {len(paths)} pictures of {generation.model}, {cost}.")
        if generation.error:
            self.stdout.write(f"{generation.error['message']} {generation.error['remedy']}")
        if not paths:
            raise CommandError("No picture came.")


def make_pictures(model: str, fields: dict[str, Any]) -> Generation:
    """One generation as the first owner, waited for; this process takes no further work after it.

    Raises `HubError` or `User.DoesNotExist`.
    """
    actor = actor_of_user(first_owner())
    try:
        return submit_and_wait(
            actor=actor, model=model, fields=fields, route="command", seconds=LONGEST_WAIT
        ).generation
    finally:
        engine.stop(grace=0)
