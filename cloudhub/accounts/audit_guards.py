"""The database itself refuses to change or delete lines of the audit trail, on SQLite and PostgreSQL.

One change is let through: erasing a person blanks all that names people, at once, and nothing else. As with the ledger,
SQLite loses a table's triggers when Django rebuilds it: a migration that alters AuditEntry installs them again, and
`verify_audit_trail` tells when one is missing.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "accounts_auditentry"
NAMES = {
    "sqlite": ("audit_only_erases", "audit_no_delete"),
    "postgresql": ("audit_only_erases", "audit_no_delete", "audit_no_truncate"),
}
ERASABLE = ("who", "address", "target_name", "salt")
_KEPT = (
    "number", "at", "team_id", "user_id", "hub_key_id", "door", "action", "target_kind", "target_id", "details",
    "personal_digest", "previous_hash", "hash",
)  # fmt: skip
_REFUSAL = "The audit trail is append-only."


def install_guards(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place; repeating it changes nothing."""
    remove_guards(connection)
    erases = " AND ".join(f"NEW.{column} = ''" for column in ERASABLE)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            keeps = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in _KEPT)
            refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            cursor.execute(
                f"CREATE TRIGGER audit_only_erases BEFORE UPDATE ON {TABLE} WHEN NOT ({erases} AND {keeps}) {refuse}"
            )
            cursor.execute(f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON {TABLE} {refuse}")
            return
        keeps = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _KEPT)
        cursor.execute(
            "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER audit_only_erases BEFORE UPDATE ON {TABLE} FOR EACH ROW "
            f"WHEN (NOT ({erases} AND {keeps})) EXECUTE FUNCTION refuse_audit_change()"
        )
        for verb in ("DELETE", "TRUNCATE"):
            cursor.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
            )


def remove_guards(connection: BaseDatabaseWrapper) -> None:
    """For the schema editor and for emptying a test database; nothing else has a reason."""
    with connection.cursor() as cursor:
        for name in NAMES[connection.vendor]:
            on_table = "" if connection.vendor == "sqlite" else f" ON {TABLE}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def missing_guards(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should be there and are not, or are switched off."""
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
