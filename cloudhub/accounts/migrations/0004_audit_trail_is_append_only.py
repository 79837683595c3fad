from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from cloudhub.accounts.audit_guards import install_guards, remove_guards


def guard(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    install_guards(schema_editor.connection)


def unguard(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    remove_guards(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_lines_of_hub_keys")]
    operations = [migrations.RunPython(guard, unguard)]
