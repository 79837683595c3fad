"""`manage.py export_team TEAM --out FILE.zip`: everything that the hub holds of one team."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cloudhub.accounts.actor import actor_of_user
from cloudhub.accounts.first_owner import first_owner
from cloudhub.core.errors import HubError
from cloudhub.records.export import export_team


class Command(BaseCommand):
    help = "Write everything that the hub holds of one team into a zip archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("team", help="The team's name or number.")
        parser.add_argument("--out", type=Path, required=True, help="The archive to write; it must not exist yet.")

    def handle(self, *args: Any, team: str, out: Path, **options: Any) -> None:
        try:
            chosen, pieces = export_team(actor_of_user(first_owner()), team)
        except HubError as error:
            raise CommandError(error.message) from error
        unfinished = out.with_name(f"{out.name}.part")
        if out.exists():
            raise CommandError(f"{out} exists already; nothing was written.")
        try:
            # Readable for whoever runs this alone: it holds people's prompts and pictures.
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                for piece in pieces:
                    file.write(piece)
            unfinished.replace(out)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise CommandError(f"{out} could not be written: {error}.") from error
        self.stdout.write(f"The team {chosen.name} is exported to {out}, {out.stat().st_size:,} bytes.")
