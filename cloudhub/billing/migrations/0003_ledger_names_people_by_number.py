"""Who decided stands in ledger lines by number instead of by e-mail, so that no line names a person who was erased.

The one time that lines are rewritten: the guards are lifted inside this transaction, and no amount is touched.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from cloudhub.billing.triggers import install_triggers, remove_triggers


def name_by_number(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    entries = apps.get_model("billing", "LedgerEntry").objects.exclude(actor="").exclude(actor__startswith="user ")
    users = apps.get_model("accounts", "User").objects
    remove_triggers(schema_editor.connection)
    for actor in list(entries.order_by().values_list("actor", flat=True).distinct()):
        email, key, rest = actor.partition(" with key ")
        user = users.filter(email__iexact=email).first()
        if user is not None:
            entries.filter(actor=actor).update(actor=f"user {user.pk}{key}{rest}")
    install_triggers(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_ledger_is_append_only"), ("accounts", "0001_initial")]
    operations = [migrations.RunPython(name_by_number, migrations.RunPython.noop)]
