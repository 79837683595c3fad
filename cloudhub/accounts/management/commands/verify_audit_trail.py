"""Check the audit trail's chain; exit 1 naming the first bad line."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cloudhub.accounts.audit_check import read_head, verify_audit_trail
from cloudhub.core.errors import Invalid


class Command(BaseCommand):
    help = (
        "Check that no line of the audit trail was changed, removed or slipped in; exit 1 otherwise. Prints the head: "
        "note it outside the hub, and a later run with --expect also finds an end cut off or a trail written anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--expect", metavar="NUMBER:HASH", help="a head that an earlier run printed")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            expected = read_head(options["expect"]) if options["expect"] else None
        except Invalid as error:
            raise CommandError(error.message) from error
        verdict = verify_audit_trail(expected)
        for fault in verdict.faults:
            self.stdout.write(f"✗ {fault}")
        lines = f"{verdict.head.number} lines are whole, {verdict.erased} of them name nobody any more."
        self.stdout.write(f"{lines}\nhead {verdict.head}")
        if verdict.faults:
            sys.exit(1)
        self.stdout.write("✓ The audit trail is whole.")
