"""The whole hub in one process: database prepared, owner made, web server and runner started and stopped together."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cloudhub.catalog.models import CloudModel
from cloudhub.generations.engine import engine
from cloudhub.generations.stop import StopSignals
from cloudhub.vault.standing import warnings_at_start
from cloudhub.web.prepare import prepare, refuse_own_address
from cloudhub.web.server import WebServer
from providers.catalogue import installed_providers


class Command(BaseCommand):
    help = "Prepare the data folder and run the web server and the runner until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HUB_HOST)
        parser.add_argument("--port", type=int, default=settings.HUB_PORT)
        parser.add_argument("--grace", type=float, default=30.0, help="seconds that calls under way get when stopped")
        parser.add_argument("--no-runner", action="store_true", help="web only; run_generations takes the queue")

    def handle(self, *_: Any, **options: Any) -> None:
        refuse_own_address(options["port"])
        signals = StopSignals()
        password = prepare()
        for sentence in warnings_at_start():
            self.stderr.write(sentence)
        server = self._listen(options["host"], options["port"])
        if not options["no_runner"]:
            engine.begin()
        server.begin()
        self._greet(options["host"], server.port, password)
        signals.wait()
        server.stop_listening()
        signals.stop_engine(engine, options["grace"], self.stdout.write, server.drain)

    def _listen(self, host: str, port: int) -> WebServer:
        try:
            return WebServer(host, port)
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Choose another one with --port."
            ) from error

    def _greet(self, host: str, port: int, password: str) -> None:
        shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - only compared
        self.stdout.write(f"\nCloudHub is ready on http://{shown}:{port}")
        if password:
            said = "is the one in OWNER_PASSWORD" if settings.OWNER_PASSWORD else f"{password} (shown this once)"
            self.stdout.write(f"Sign in as {settings.OWNER_EMAIL}, password {said}")
        if shown != host and "*" not in settings.ALLOWED_HOSTS:
            self.stdout.write("Others reach it by names listed in ALLOWED_HOSTS (in .env); add this machine's there.")
        practice = [vendor.id for vendor in installed_providers().values() if vendor.is_practice]
        if practice and not CloudModel.objects.exclude(provider__in=practice).exists():
            self.stdout.write("The practice vendor makes pictures without any key; store vendors' keys under Keys.")
        self.stdout.write("Stop with Ctrl-C.\n")
        self.stdout.flush()
