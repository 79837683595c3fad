"""Columns for pictures that were made elsewhere; `made_with` is null for every other picture."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0003_queue_by_user_and_model"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="prompt",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="image",
            name="made_with",
            field=models.CharField(max_length=200, null=True),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("made_with__isnull", False)), fields=["team", "-id"], name="imported_images_of_team"
            ),
        ),
    ]
