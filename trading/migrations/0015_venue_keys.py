import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """No receipt has been written before this; the new column needs no value for old rows."""

    dependencies = [
        ("trading", "0014_alerts"),
    ]

    operations = [
        migrations.CreateModel(
            name="VenueKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_key", models.BinaryField(max_length=32, unique=True)),
                ("first_used_at_ms", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="receipt",
            name="key",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="trading.venuekey",
            ),
        ),
    ]
