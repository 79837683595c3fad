"""When the prompt of a picture made elsewhere was erased; its file is given out without metadata from then on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0007_the_bin_and_erased_recipes"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="prompt_erased_at",
            field=models.DateTimeField(null=True),
        ),
    ]
