"""The audit trail: refused changes, every way of tampering found by name, and a chain that rivals cannot fork."""

import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections, transaction

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_check import Head, in_batches, read_head, verify_audit_trail
from cloudhub.accounts.audit_guards import NAMES, missing_guards, remove_guards
from cloudhub.accounts.audit_trail import FIRST, hash_of, record
from cloudhub.accounts.models import AuditEntry, Team
from cloudhub.billing.budgets import change_budget, create_budget
from cloudhub.billing.windows import lock_budgets_against_calls
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Invalid
from tests.conftest import Cast

BUDGET = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}
Sql = Callable[..., None]


@pytest.fixture
def trail(alice: Actor) -> list[AuditEntry]:
    """Five lines of Alice's after whatever the stage itself wrote."""
    return [_append(alice, f"thing {number}") for number in range(5)]


def _append(actor: Actor | None, name: str) -> AuditEntry:
    details = {"limit": 10**20, "part": 0.1, "names": ["ä", None]}
    return run_transaction(lambda: record(actor, "thing.made", target_kind="thing", target_name=name, details=details))


@pytest.fixture
def sql(trail: list[AuditEntry]) -> Sql:
    """Raw statements of somebody who took the guards away."""
    connection.check_constraints()
    remove_guards(connection)

    def execute(statement: str, *values: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    return execute


def _faults(expected: Head | None = None) -> list[str]:
    return [fault for fault in verify_audit_trail(expected).faults if "guard" not in fault]


def test_an_untouched_trail_is_whole(trail: list[AuditEntry]) -> None:
    verdict = verify_audit_trail()
    assert (verdict.faults, verdict.erased, str(verdict.head)) == ([], 0, f"{trail[-1].number}:{trail[-1].hash}")


def test_an_empty_trail_is_whole(db: None) -> None:
    assert verify_audit_trail() == verify_audit_trail(Head(0, FIRST))
    assert verify_audit_trail().faults == []


REFUSED = [
    "UPDATE accounts_auditentry SET action = 'thing.kept'",
    "UPDATE accounts_auditentry SET who = ''",
    "UPDATE accounts_auditentry SET who = '', address = '', target_name = 'other', salt = ''",
    "UPDATE accounts_auditentry SET who = '', address = '', target_name = '', salt = '', door = 'api'",
    "UPDATE accounts_auditentry SET who = '', address = '', target_name = '', salt = '', user_id = NULL",
    "UPDATE accounts_auditentry SET who = '', address = '', target_name = '', salt = '', details = '{}'",
    "DELETE FROM accounts_auditentry",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_to_change_a_line(trail: list[AuditEntry], statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert verify_audit_trail().head.number == trail[-1].number


def test_the_database_refuses_to_empty_the_table(trail: list[AuditEntry]) -> None:
    if connection.vendor == "sqlite":
        statement = "INSERT OR REPLACE INTO accounts_auditentry SELECT * FROM accounts_auditentry"
    else:
        connection.check_constraints()
        statement = "TRUNCATE accounts_auditentry"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_person_is_erased_and_the_chain_holds(trail: list[AuditEntry], alice: Actor) -> None:
    AuditEntry.objects.filter(user=alice.user).update(who="", address="", target_name="", salt="")
    verdict = verify_audit_trail()
    assert (verdict.faults, verdict.erased) == ([], 5)


COLUMNS = ["action", "door", "target_kind", "target_id", "personal_digest"]


@pytest.mark.parametrize("column", COLUMNS)
def test_an_edited_line_is_named(trail: list[AuditEntry], sql: Sql, column: str) -> None:
    sql(f"UPDATE accounts_auditentry SET {column} = 'x' WHERE number = %s", trail[2].number)  # noqa: S608
    assert _faults() == [f"Line {trail[2].number} was changed: its hash does not fit its words."]


@pytest.mark.parametrize(("column", "value"), [("details", '{"limit": 1}'), ("user_id", None), ("team_id", None)])
def test_an_edited_object_or_detail_is_named(trail: list[AuditEntry], sql: Sql, column: str, value: object) -> None:
    sql(f"UPDATE accounts_auditentry SET {column} = %s WHERE number = %s", value, trail[1].number)  # noqa: S608
    assert f"Line {trail[1].number} was changed" in _faults()[0]


def test_an_edited_time_is_named(trail: list[AuditEntry], sql: Sql) -> None:
    sql("UPDATE accounts_auditentry SET at = %s WHERE number = %s", trail[0].at + timedelta(seconds=1), trail[3].number)
    assert f"Line {trail[3].number} was changed" in _faults()[0]


@pytest.mark.parametrize("column", ["who", "address", "target_name", "salt"])
def test_an_edited_name_is_told_from_an_erased_one(trail: list[AuditEntry], sql: Sql, column: str) -> None:
    sql(f"UPDATE accounts_auditentry SET {column} = 'x' WHERE number = %s", trail[2].number)  # noqa: S608
    assert f"Line {trail[2].number} was changed: who did it" in _faults()[0]


def test_a_removed_line_is_named(trail: list[AuditEntry], sql: Sql) -> None:
    sql("DELETE FROM accounts_auditentry WHERE number = %s", trail[2].number)
    gap, before, after = trail[2].number, trail[1].number, trail[3].number
    assert _faults() == [f"Line {gap} is missing: after {before} comes {after}."]


def test_a_removed_first_line_is_named(trail: list[AuditEntry], sql: Sql) -> None:
    sql("DELETE FROM accounts_auditentry WHERE number = 1")
    assert _faults() == ["Line 1 is missing: after 0 comes 2."]


def test_a_removed_line_is_named_also_when_the_others_move_up(trail: list[AuditEntry], sql: Sql) -> None:
    gap = trail[2].number
    sql("DELETE FROM accounts_auditentry WHERE number = %s", gap)
    for number in range(gap + 1, trail[-1].number + 1):
        sql("UPDATE accounts_auditentry SET number = number - 1 WHERE number = %s", number)
    assert _faults() == [f"Line {gap} does not follow line {gap - 1}: it was written after another one."]


def test_an_inserted_line_is_named(trail: list[AuditEntry], sql: Sql, alice: Actor) -> None:
    """The forger computes a right hash for a line in between; the line after it gives it away."""
    for number in range(trail[-1].number, trail[2].number, -1):
        sql("UPDATE accounts_auditentry SET number = number + 1 WHERE number = %s", number)
    forged = AuditEntry.objects.get(number=trail[2].number)
    forged.number, forged.previous_hash = forged.number + 1, forged.hash
    forged.hash = hash_of(forged)
    forged.save(force_insert=True)
    assert f"Line {trail[2].number + 2} does not follow line {trail[2].number + 1}" in _faults()[0]


def test_swapped_lines_are_named(trail: list[AuditEntry], sql: Sql) -> None:
    first, second = trail[1].number, trail[2].number
    for source, target in ((first, 10**6), (second, first), (10**6, second)):
        sql("UPDATE accounts_auditentry SET number = %s WHERE number = %s", target, source)
    assert f"Line {first} does not follow line {first - 1}" in _faults()[0]


def test_a_cut_off_end_is_found_with_a_noted_head(trail: list[AuditEntry], sql: Sql) -> None:
    noted = verify_audit_trail().head
    sql("DELETE FROM accounts_auditentry WHERE number > %s", trail[2].number)
    assert _faults() == []
    sentence = f"The end is cut off: line {noted.number} was there, the last one now is {trail[2].number}."
    assert _faults(noted) == [sentence]


def test_a_trail_written_anew_is_found_with_a_noted_head(trail: list[AuditEntry], sql: Sql, alice: Actor) -> None:
    noted = verify_audit_trail().head
    sql("DELETE FROM accounts_auditentry WHERE number > %s", trail[2].number)
    for _ in range(4):
        _append(alice, "something else")
    assert _faults() == []
    assert _faults(noted) == [f"Line {noted.number} is not the one that was noted: the trail was written anew."]


def test_an_older_head_still_fits(trail: list[AuditEntry]) -> None:
    assert _faults(Head(trail[1].number, trail[1].hash)) == []


def test_missing_guards_are_told(trail: list[AuditEntry], sql: Sql) -> None:
    assert missing_guards(connection) == list(NAMES[connection.vendor])
    assert len(verify_audit_trail().faults) == len(NAMES[connection.vendor])


def test_the_guards_stand_after_all_migrations(db: None) -> None:
    assert missing_guards(connection) == []


def test_the_command_prints_the_head_and_ends_well(trail: list[AuditEntry]) -> None:
    output = StringIO()
    call_command("verify_audit_trail", stdout=output)
    head = f"{trail[-1].number}:{trail[-1].hash}"
    assert f"head {head}\n✓ The audit trail is whole." in output.getvalue()
    call_command("verify_audit_trail", "--expect", head, stdout=output)


def test_the_command_fails_naming_the_first_bad_line(trail: list[AuditEntry], sql: Sql) -> None:
    sql("UPDATE accounts_auditentry SET action = 'x' WHERE number >= %s", trail[2].number)
    output = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit_trail", stdout=output)
    assert ended.value.code == 1
    assert f"✗ Line {trail[2].number} was changed" in output.getvalue()
    assert f"Line {trail[3].number}" not in output.getvalue()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("text", ["", "5", "x:y", "5:abc", "-1:" + "0" * 64, "5:" + "0" * 65])
def test_a_head_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_head(text)
    with pytest.raises(CommandError):
        call_command("verify_audit_trail", "--expect", text or "x")


def test_the_walk_reads_in_batches(trail: list[AuditEntry]) -> None:
    numbers = [entry.number for entry in in_batches(AuditEntry.objects.all(), size=2)]
    assert numbers == list(range(1, trail[-1].number + 1))


def test_a_line_belongs_into_a_transaction(committed_cast: Cast) -> None:
    with pytest.raises(RuntimeError):
        record(committed_cast.alice, "thing.made")


def test_an_act_that_fails_leaves_no_line(cast: Cast) -> None:
    before = AuditEntry.objects.count()

    def act() -> None:
        record(cast.alice, "thing.made")
        raise Invalid.of({"name": "No."})

    with pytest.raises(Invalid):
        run_transaction(act)
    assert AuditEntry.objects.count() == before


def test_rivals_neither_fork_nor_tear_the_chain(committed_cast: Cast) -> None:
    """Appenders that hold money's locks, in both of its orders, beside plain ones; some of them fail half-way."""
    alice = committed_cast.alice
    budget = create_budget(alice, BUDGET)
    before, failures = AuditEntry.objects.count(), []

    def plain(number: int) -> None:
        _append(None if number % 2 else alice, f"thing {number}")

    def money(number: int) -> None:
        change_budget(alice, budget, {"limit": f"{number + 1}.000000"})

    def table(number: int) -> None:
        def act() -> None:
            lock_budgets_against_calls()
            Team.objects.select_for_update().get(id=alice.team.pk)
            record(alice, "thing.made")

        run_transaction(act)

    def failing(number: int) -> None:
        def act() -> None:
            record(alice, "thing.made")
            raise Invalid.of({"name": "No."})

        with pytest.raises(Invalid):
            run_transaction(act)

    def work(act: Callable[[int], None]) -> None:
        try:
            for number in range(8):
                act(number)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(act,)) for act in (plain, money, table, failing) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    verdict = verify_audit_trail()
    assert (verdict.faults, verdict.head.number) == ([], before + 3 * 2 * 8)
