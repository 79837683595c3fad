"""Which budgets an owner of the hub made: a team's owner neither changes nor ends those."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_ledger_names_people_by_number")]
    operations = [
        migrations.AddField(
            model_name="budget",
            name="by_hub_owner",
            field=models.BooleanField(
                default=False, editable=False, help_text="Made by an owner of the hub, so theirs alone to change."
            ),
        )
    ]
