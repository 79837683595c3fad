from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lanes", "0002_lane_last_failure_code"),
    ]

    operations = [
        migrations.AddField(
            model_name="lane",
            name="address",
            field=models.CharField(blank=True, default="", max_length=500),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(
            model_name="lane",
            name="one_lane_a_vendor_key_and_model",
        ),
        migrations.AddConstraint(
            model_name="lane",
            constraint=models.UniqueConstraint(
                fields=("provider", "key_print", "address", "model"), name="one_lane_a_vendor_key_address_and_model"
            ),
        ),
    ]
