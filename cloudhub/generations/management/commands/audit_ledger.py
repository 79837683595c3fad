"""Rebuild all counters from the ledger and compare; exit 1 on any difference."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from cloudhub.billing.audit import differences as ledger_differences
from cloudhub.billing.audit import ledger_totals, read_one_snapshot
from cloudhub.core.money import format_money
from cloudhub.generations.audit import differences as generation_differences


class Command(BaseCommand):
    help = "Rebuild every counter from the ledger and compare; exit 1 on any difference. Changes nothing."

    def handle(self, *_: Any, **options: Any) -> None:
        with transaction.atomic():
            read_one_snapshot(connection)
            found = [*ledger_differences(), *generation_differences()]
            totals = ledger_totals()
        for currency, lines, held, posted in totals:
            spent, waiting = format_money(posted, currency), format_money(held, currency)
            self.stdout.write(f"{currency}: {lines} ledger lines, {spent} posted, {waiting} held.")
        for sentence in found:
            self.stdout.write(f"✗ {sentence}")
        if found:
            self.stdout.write(f"{len(found)} differences found.")
            sys.exit(1)
        self.stdout.write("✓ The ledger, the counters, the attempts and the pictures agree.")
