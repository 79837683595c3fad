"""Ledger lines from before name who decided by number after the migration, and the guards stand again."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from cloudhub.accounts.actor import told_by_name
from cloudhub.billing.models import LedgerEntry
from cloudhub.billing.triggers import missing_triggers
from tests.conftest import Cast
from tests.generations.stage import attempts_of, carry_out

MIGRATION = import_module("cloudhub.billing.migrations.0003_ledger_names_people_by_number")


def test_old_lines_are_named_by_number_once(cast: Cast) -> None:
    (attempt,) = attempts_of(carry_out(cast.bob))
    (line,) = LedgerEntry.objects.filter(hold_id=attempt.pk, kind="settle")
    alice = cast.alice.user.pk
    key = " with key chk_abcdef…"
    written = {
        "alice@example.org": f"user {alice}", f"Alice@example.org{key}": f"user {alice}{key}",
        "gone@example.org": "gone@example.org", f"user {alice}": f"user {alice}", "": "",
    }  # fmt: skip
    made = {}
    line.kind, line.held_delta, line.posted_delta = LedgerEntry.Kind.REFUND, 0, 0
    for text, wanted in written.items():
        line.pk, line.actor, line._state.adding = None, text, True
        line.save(force_insert=True)
        made[line.pk] = wanted
    connection.check_constraints()
    MIGRATION.name_by_number(apps, SimpleNamespace(connection=connection))
    assert dict(LedgerEntry.objects.filter(pk__in=made).values_list("pk", "actor")) == made
    assert missing_triggers(connection) == []
    with pytest.raises(DatabaseError), transaction.atomic():
        LedgerEntry.objects.filter(pk__in=made).update(actor="nobody")


def test_a_number_is_told_by_name_and_other_texts_as_they_are(cast: Cast) -> None:
    alice = cast.alice.user.pk
    key = " with key chk_abc…"
    told = told_by_name([f"user {alice}", f"user {alice}{key}", f"user {alice}0", "user x", "", "user 999999"])
    assert told == {f"user {alice}": "alice@example.org", f"user {alice}{key}": f"alice@example.org{key}"}
