"""`manage.py emulate_vendors`: the vendors on this machine, for tests, demonstrations and benchmarks."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from providers.emulation.installed import base_addresses, installed_emulators
from providers.emulation.server import serve


class Command(BaseCommand):
    help = "Emulate the installed vendors over HTTP, with an invoice at /invoice and a fault menu at /faults."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
        parser.add_argument("--port", type=int, default=9191, help="port to listen on (default %(default)s)")
        parser.add_argument(
            "--print-env", action="store_true", help="only print the variables that send the hub to this emulator"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if options["print_env"]:
            for variable, address in base_addresses(installed_emulators(), f"http://{host}:{port}").items():
                self.stdout.write(f"{variable}={address}")
            return
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        try:
            server = serve(port, host)
        except (OSError, OverflowError) as error:
            raise CommandError(f"Cannot listen on {host}:{port} ({error}). Choose another --port.") from error
        with server:
            vendors = ", ".join(vendor.id for vendor in server.exchange.vendors)
            self.stdout.write(f"Emulating {vendors} on {server.url}; invoice at /invoice, faults at /faults.")
            self.stdout.flush()
            stopped.wait()
        self.stdout.write("The vendors' emulator has stopped.")
