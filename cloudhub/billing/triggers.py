"""The database itself refuses to change or delete ledger rows, on SQLite and PostgreSQL.

Django's SQLite schema editor rebuilds a table to alter it and its triggers vanish: every migration that touches the
ledger calls `install_triggers` again, and `audit_ledger` fails when one is missing.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "billing_ledgerentry"
NAMES = {
    "sqlite": ("ledger_no_update", "ledger_no_delete"),
    "postgresql": ("ledger_append_only",),
}
_REFUSAL = "The ledger is append-only."


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place; repeating it changes nothing."""
    remove_triggers(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(
                    f"CREATE TRIGGER ledger_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
                    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
                )
            return
        cursor.execute(
            "CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()"
        )


def remove_triggers(connection: BaseDatabaseWrapper) -> None:
    """For the schema editor and for emptying a test database; nothing else has a reason."""
    with connection.cursor() as cursor:
        for name in NAMES[connection.vendor]:
            on_table = "" if connection.vendor == "sqlite" else f" ON {TABLE}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should be there and are not."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [TABLE])
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled <> 'D' AND NOT tgisinternal",
                [TABLE],
            )
        present = {name for (name,) in cursor.fetchall()}
    return [name for name in NAMES[connection.vendor] if name not in present]
