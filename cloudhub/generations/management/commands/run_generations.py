"""The runner alone, for installations on PostgreSQL with several processes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from cloudhub.generations.engine import engine
from cloudhub.generations.stop import StopSignals


class Command(BaseCommand):
    help = "Claim queued generations and carry them out until stopped (Ctrl-C, SIGTERM)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--grace", type=float, default=30.0, help="seconds that calls under way get when stopped")
        parser.add_argument("--once", action="store_true", help="carry out what is queued now and end")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(f"{engine.run_once()} generations carried out.")
            engine.stop(options["grace"])
            return
        signals = StopSignals()
        engine.begin()
        self.stdout.write("The runner takes queued generations. Stop it with Ctrl-C.")
        signals.wait()
        signals.stop_engine(engine, options["grace"], self.stdout.write)
